/** What the kernel itself does with the system calls of a unit's processes, held against its plan. */
import { shortList } from '../collections.js';
import { type Diagnostic, error, note, printable, warning } from '../diagnostic.js';
import { compareStack, type Relation } from '../filter/compare-stack.js';
import { withoutGuard } from '../filter/guard.js';
import { ProgramError } from '../filter/simulate.js';
import type { Stack } from '../filter/stack.js';
import type { Plan } from '../plan/plan.js';
import type { SyscallPolicy } from '../syscalls/policy.js';
import type { System, UnitProperties } from '../system/system.js';
import { readFilters, type ThreadFailure } from './installed-filters.js';
import { type NamedDifference, nameDifferences } from './name-differences.js';
import { readStatus } from './process-status.js';
import { createRefusers } from './refusers.js';
import { type UnitProcess, unitProcesses } from './unit-processes.js';

/** Threads with the same filters. */
export interface ThreadGroup {
  readonly processes: readonly { readonly pid: number; readonly name: string; readonly threads: number }[];
  /** How many filters each of them has. */
  readonly filters: number;
  /** What the filters are beside the policy; `looser` if any call is, else `stricter` if any is, else `otherwise`. */
  readonly calls: 'equal' | Relation;
  readonly differences: readonly NamedDifference[];
  /** Ranges of numbers that were compared, and those of them in which only samples were. */
  readonly ranges: number;
  readonly sampled: number;
}

export interface Enforcement {
  readonly groups: readonly ThreadGroup[];
  /** What isn't as the policy says. */
  readonly wrong: readonly Diagnostic[];
  /** What could not be seen. */
  readonly unproven: readonly Diagnostic[];
}

/** How often a unit that starts threads is looked at. */
const ROUNDS = 5;
const [EPERM, ESRCH, EACCES] = [1, 3, 13];
/** Calls that one error names; the report has them all. */
const MOST_NAMED = 20;

/**
 * Reads the filters of every thread of a unit back and compares what they do together with what the policy says.
 * @param reader the path of read-filters
 * @throws UserError `filters-unreadable` if it can't be run
 */
export async function enforcement(
  system: System,
  plan: Plan,
  unit: UnitProperties,
  reader: string,
): Promise<Enforcement> {
  const { meaning } = plan;
  if (meaning === undefined) return { groups: [], wrong: [], unproven: [] };
  const { processes, stacks, failed, complete } = await readUnit(system, unit, reader);
  const hidden = await hiddenThreads(system, processes, stacks, failed);
  const shown = [...stacks].filter(([tid]) => !hidden.has(tid));
  const refusers = createRefusers(unit, plan.target);
  const groups: ThreadGroup[] = [];
  const unproven = unreadable(hidden);
  if (shown.length + hidden.size === 0) unproven.push(notRunning(plan.unit));
  if (!complete) unproven.push(unseen(plan.unit));
  for (const [stack, tids] of byStack(shown)) {
    const compared = compareGroup(stack, meaning);
    if ('severity' in compared) unproven.push(compared);
    else {
      const { differences, ranges, sampled } = compared;
      const named = nameDifferences(meaning, differences, refusers);
      groups.push({
        ...describe(processes, tids),
        ...summary(named),
        filters: stack.length,
        ranges,
        sampled,
      });
    }
  }
  return { groups, wrong: groups.flatMap(looseCalls), unproven: [...unproven, ...sampledNote(groups)] };
}

const notRunning = (unit: string) =>
  error('not-running', `${unit} has no process, so that there are no filters to read back`, {
    hint: `systemctl start ${unit}`,
  });

const unseen = (unit: string) =>
  error('threads-unseen', `${unit} starts threads faster than they are looked at: the last were not`, {
    hint: 'a thread has the filters of the one that started it',
  });

interface UnitFilters {
  /** Whether no thread is left. */
  readonly complete: boolean;
  readonly processes: readonly UnitProcess[];
  readonly stacks: ReadonlyMap<number, Stack>;
  readonly failed: readonly ThreadFailure[];
}

/** Reads until no thread is left that hasn't been looked at. */
async function readUnit(system: System, unit: UnitProperties, reader: string): Promise<UnitFilters> {
  const processes = new Map<number, UnitProcess>();
  const stacks = new Map<number, Stack>();
  const failed = new Map<number, ThreadFailure>();
  let complete = false;
  for (let round = 0; round < ROUNDS; round++) {
    const found = await unitProcesses(system, unit);
    for (const one of found) processes.set(one.pid, one);
    const tids = found.flatMap((one) => one.tids).filter((tid) => !stacks.has(tid) && !failed.has(tid));
    complete = tids.length === 0;
    if (complete) break;
    const read = await readFilters(system, reader, tids);
    for (const { tid, stack } of read.threads) stacks.set(tid, stack);
    for (const failure of read.failed) failed.set(failure.tid, failure);
  }
  return { processes: [...processes.values()], stacks, failed: [...failed.values()], complete };
}

/** Threads whose filters the kernel doesn't show, by ID, and why: an errno, or 0 where it shows none that it has. */
async function hiddenThreads(
  system: System,
  processes: readonly UnitProcess[],
  stacks: ReadonlyMap<number, Stack>,
  failed: readonly ThreadFailure[],
): Promise<Map<number, number>> {
  const hidden = new Map<number, number>();
  const processOf = new Map(processes.flatMap(({ pid, tids }) => tids.map((tid) => [tid, pid])));
  const status = (tid: number) => readStatus(system, `${processOf.get(tid)}/task/${tid}`);
  for (const { tid, errno } of failed) {
    // What has ended can't be traced either; until its parent asks for it, it is still there.
    const ended = errno === ESRCH || (errno === EPERM && isGone(await status(tid)));
    if (!ended) hidden.set(tid, errno);
  }
  for (const [tid, stack] of stacks) {
    if (stack.length > 0) continue;
    const mode = (await status(tid))?.get('Seccomp') ?? '0';
    if (['1', '2'].includes(mode)) hidden.set(tid, 0);
  }
  return hidden;
}

const isGone = (status: ReadonlyMap<string, string> | undefined): boolean =>
  status === undefined || /^[ZX]/.test(status.get('State') ?? '');

const WHY: ReadonlyMap<number, readonly [why: string, hint: string]> = new Map([
  [0, ['the kernel shows no filters', 'it needs CONFIG_CHECKPOINT_RESTORE']],
  [EPERM, ['they can not be traced', 'run it as root, and without a debugger on them']],
  [EACCES, ['this takes CAP_SYS_ADMIN', 'run it as root, outside of any container']],
]);

/** One diagnostic a reason. */
function unreadable(hidden: ReadonlyMap<number, number>): Diagnostic[] {
  return [...new Set(hidden.values())].map((errno) => {
    const tids = [...hidden].filter(([, other]) => other === errno).map(([tid]) => tid);
    const [why, hint] = WHY.get(errno) ?? [`errno ${errno}`, undefined];
    const message = `the filters of ${tids.length} threads (${tids[0]}${tids.length > 1 ? ', …' : ''}) can't be read back: ${why}`;
    return error('filters-unreadable', message, { hint });
  });
}

/** Threads by what their filters are, whoever loaded them. */
function byStack(stacks: readonly (readonly [number, Stack])[]): Map<Stack, number[]> {
  const known = new Map<string, Stack>();
  const texts = new Map<Stack, string>();
  const groups = new Map<Stack, number[]>();
  for (const [tid, stack] of stacks) {
    const text = texts.get(stack) ?? JSON.stringify(stack.map(withoutGuard));
    texts.set(stack, text);
    const first = known.get(text) ?? stack;
    known.set(text, first);
    groups.set(first, [...(groups.get(first) ?? []), tid]);
  }
  return groups;
}

function compareGroup(stack: Stack, meaning: SyscallPolicy) {
  try {
    return compareStack(stack.map(withoutGuard), meaning);
  } catch (thrown) {
    if (!(thrown instanceof ProgramError)) throw thrown;
    return error('filter-unknowable', `what a filter does can't be told: ${thrown.message}`);
  }
}

function describe(processes: readonly UnitProcess[], tids: readonly number[]) {
  const those = new Set(tids);
  const counted = processes.map(({ pid, name, tids: all }) => ({
    pid,
    name,
    threads: all.filter((tid) => those.has(tid)).length,
  }));
  return { processes: counted.filter(({ threads }) => threads > 0) };
}

const GRAVEST_FIRST = ['looser', 'stricter', 'otherwise'] as const;

function summary(differences: readonly NamedDifference[]) {
  const there = new Set(differences.map(({ relation }) => relation));
  return { differences, calls: GRAVEST_FIRST.find((relation) => there.has(relation)) ?? 'equal' } as const;
}

function looseCalls({ processes, differences }: ThreadGroup): Diagnostic[] {
  const [first] = processes;
  const who = `${printable(first?.name ?? '')} (${first?.pid})${processes.length > 1 ? ' and others' : ''}`;
  return differences
    .filter(({ relation }) => relation === 'looser')
    .map(({ abi, calls, expected, got, someArguments }) => {
      const some = someArguments ? ' for some arguments' : '';
      const message = `looser than the policy in ${who}: ${shortList(calls, MOST_NAMED)} (${abi}) gets '${got}'${some}, not '${expected}'`;
      return error('looser', message, {
        hint: 'restart the service; what is started without the launcher lacks its filter',
      });
    });
}

function sampledNote(groups: readonly ThreadGroup[]): Diagnostic[] {
  const sampled = Math.max(0, ...groups.map((group) => group.sampled));
  if (sampled === 0) return [];
  const message = `some arguments of ${sampled} ranges of numbers were tried, not all: too many for a proof`;
  return [warning('sampled', message)];
}

/** What can be told from the manager alone where the kernel's filters can't be read. */
export const provenWithout = (unit: string): Diagnostic =>
  note(
    'proven-in-part',
    `what systemd has loaded for ${unit} was compared with the policy, its filters were not`,
  );
