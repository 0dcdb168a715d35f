/** What the kernel itself does with the system calls of a unit's processes, held against its plan. */
import { type Diagnostic, error, note, warning } from '../diagnostic.js';
import { compareStack, type Relation } from '../filter/compare-stack.js';
import { isGuarded, withoutGuard } from '../filter/guard.js';
import { ProgramError } from '../filter/simulate.js';
import type { Stack } from '../filter/stack.js';
import { systemctl } from '../plan/own-command.js';
import type { Plan } from '../plan/plan.js';
import { systemdMeaning } from '../plan/systemd-meaning.js';
import type { SyscallPolicy } from '../syscalls/policy.js';
import type { System, UnitProperties } from '../system/system.js';
import { mainPid } from './confinement.js';
import { createLeftOver } from './left-over.js';
import { looseCalls, whose } from './looser.js';
import { type NamedDifference, nameDifferences } from './name-differences.js';
import { readStatus } from './process-status.js';
import { createRefusers } from './refusers.js';
import { readUnit, type UnitThread } from './unit-filters.js';
import { unseen } from './unseen.js';
import { notVouched, whyNotVouched } from './vouched-launcher.js';
import { type Measure, measureOf } from './without-launcher.js';

/** What filters are beside what they are held to. */
interface Compared {
  /** `looser` if any call is, else `stricter` if any is, else `otherwise`. */
  readonly calls: 'equal' | Relation;
  readonly differences: readonly NamedDifference[];
  /** Ranges of numbers that were compared, and those of them in which only samples were. */
  readonly ranges: number;
  readonly sampled: number;
}

/** Threads with the same filters that are held to the same. */
export interface ThreadGroup extends Compared {
  readonly processes: readonly { readonly pid: number; readonly name: string; readonly threads: number }[];
  /** How many filters each of them has. */
  readonly filters: number;
  readonly heldTo: Measure;
  /** Whether they run since before the unit was started, looser than its policy. */
  readonly leftOver: boolean;
}

export interface Enforcement {
  readonly groups: readonly ThreadGroup[];
  /** What isn't as the policy says. */
  readonly wrong: readonly Diagnostic[];
  /** What isn't either, and runs since before the unit was started: no restart of it helps. */
  readonly leftOver: readonly Diagnostic[];
  /** What could not be seen. */
  readonly unproven: readonly Diagnostic[];
}

/** Of a unit that is held to nothing, or that nothing was seen of. */
export const NO_ENFORCEMENT: Enforcement = { groups: [], wrong: [], leftOver: [], unproven: [] };

/**
 * Reads the filters of every thread of a unit back and compares what they do together with what the policy says.
 * @param reader finds the path of read-filters, if there is a thread to read
 * @throws UserError `filters-unreadable` if it can't be run
 */
export async function enforcement(
  system: System,
  plan: Plan,
  unit: UnitProperties,
  reader: () => Promise<string>,
): Promise<Enforcement> {
  const { meaning } = plan;
  if (meaning === undefined) return NO_ENFORCEMENT;
  const look = () => lookOnce(system, { plan, unit, meaning }, reader);
  let found = await look();
  for (let looks = 1; looks < LOOKS && found.wrong.length > 0; looks++) {
    // What systemd is about to start has no filters for a moment; whose process what has ended was can't be told.
    if (looks > 1 && !(await hasEnded(system, found))) break;
    found = await look();
  }
  return found;
}

/** How often a unit is looked at whose processes come and go. */
const LOOKS = 5;

/** Whether one of the processes that are wrong is gone by now. */
async function hasEnded(system: System, { groups }: Enforcement): Promise<boolean> {
  const wrong = groups.filter(({ calls, leftOver }) => calls === 'looser' && !leftOver);
  const pids = wrong.flatMap(({ processes }) => processes.map(({ pid }) => pid));
  const found = await Promise.all(pids.map((pid) => readStatus(system, `${pid}`)));
  return found.includes(undefined);
}

/** A unit, what the manager says of it, and what its policy means. */
interface Held {
  readonly plan: Plan;
  readonly unit: UnitProperties;
  readonly meaning: SyscallPolicy;
}

async function lookOnce(system: System, held: Held, reader: () => Promise<string>): Promise<Enforcement> {
  const { plan, unit } = held;
  const found = await readUnit(system, unit, reader);
  const unproven = await unseen(system, plan, unit, found);
  const doubt = await doubtOf(system, held, found.threads);
  const answering: Answering = doubt ? (program) => program : withoutGuard;
  const compare = createComparison(held, answering);
  const isLeftOver = await createLeftOver(system, unit, new Set(found.threads.map(({ pid }) => pid)));
  const groups: ThreadGroup[] = [];
  for (const [stack, threads] of byStack(found.threads, answering)) {
    try {
      groups.push(...(await groupsOf(system, held, { compare, isLeftOver }, stack, processesOf(threads))));
    } catch (thrown) {
      if (!(thrown instanceof ProgramError)) throw thrown;
      unproven.push(error('filter-unknowable', `what a filter does can't be told: ${thrown.message}`));
    }
  }
  return {
    groups,
    wrong: [...(doubt ? [doubt] : []), ...groups.filter((group) => !group.leftOver).flatMap(looseCalls)],
    leftOver: groups.filter((group) => group.leftOver).map((group) => leftOver(group, held)),
    unproven: [...unproven, ...sampledNote(groups)],
  };
}

/** The part of a program that may answer a call: not the guard of a launcher that is known. */
type Answering = (program: Stack[number]) => Stack[number];

/** A guard in the filters of a unit whose launcher isn't known lets through an execve by a key that somebody may have. */
async function doubtOf(
  system: System,
  { plan, unit }: Held,
  threads: readonly UnitThread[],
): Promise<Diagnostic | undefined> {
  const guarded = threads.find(({ stack }) => stack.some(isGuarded));
  if (!guarded) return undefined;
  const why = await whyNotVouched(system, plan, unit, mainPid(unit) || guarded.pid);
  return why === undefined ? undefined : notVouched(plan, why);
}

type Comparison = (stack: Stack, measure: Measure) => Compared;

/** @throws ProgramError for a filter that looks at the instruction pointer */
function createComparison({ plan, unit, meaning }: Held, answering: Answering): Comparison {
  const refusers = createRefusers(unit, plan.target);
  return (stack, measure) => {
    const wanted = measure === 'policy' ? meaning : measure === 'systemd' ? systemdMeaning(plan) : undefined;
    if (wanted === undefined) return { calls: 'equal', differences: [], ranges: 0, sampled: 0 };
    const { differences, ranges, sampled } = compareStack(stack.map(answering), wanted);
    const named = nameDifferences(wanted, differences, refusers);
    return { calls: gravest(named), differences: named, ranges, sampled };
  };
}

/** How filters are told from what they are held to, and processes from those of the run before. */
interface Means {
  readonly compare: Comparison;
  readonly isLeftOver: (pid: number) => Promise<boolean>;
}

/**
 * Threads with the same filters are one group, unless some of them are looser than the policy: as it is planned, or
 * since they are left over.
 */
async function groupsOf(
  system: System,
  held: Held,
  { compare, isLeftOver }: Means,
  stack: Stack,
  processes: ThreadGroup['processes'],
): Promise<ThreadGroup[]> {
  const compared = compare(stack, 'policy');
  const filters = stack.length;
  if (compared.calls !== 'looser')
    return [{ processes, filters, heldTo: 'policy', leftOver: false, ...compared }];
  const obeys = () => compare(stack, 'systemd').calls !== 'looser';
  const kinds = new Map<Measure | 'left-over', ThreadGroup['processes']>();
  for (const one of processes) {
    const measure = await measureOf(system, held, one, stack, obeys);
    // What does systemd's part may be as planned all the same: ExecStop= has left it.
    const isPlanned = measure === 'systemd' && obeys();
    const kind = !isPlanned && (await isLeftOver(one.pid)) ? 'left-over' : measure;
    kinds.set(kind, [...(kinds.get(kind) ?? []), one]);
  }
  return [...kinds].map(([kind, some]) => {
    const heldTo = kind === 'left-over' ? 'policy' : kind;
    const found = heldTo === 'policy' ? compared : compare(stack, heldTo);
    return { processes: some, filters, heldTo, leftOver: kind === 'left-over', ...found };
  });
}

/** Threads by what their filters are, whoever loaded them. */
function byStack(threads: readonly UnitThread[], answering: Answering): Map<Stack, UnitThread[]> {
  const known = new Map<string, Stack>();
  const texts = new Map<Stack, string>();
  const groups = new Map<Stack, UnitThread[]>();
  for (const thread of threads) {
    const { stack } = thread;
    const text = texts.get(stack) ?? JSON.stringify(stack.map(answering));
    texts.set(stack, text);
    const first = known.get(text) ?? stack;
    known.set(text, first);
    groups.set(first, [...(groups.get(first) ?? []), thread]);
  }
  return groups;
}

function processesOf(threads: readonly UnitThread[]): ThreadGroup['processes'] {
  const counted = new Map<number, { pid: number; name: string; threads: number }>();
  for (const { pid, name } of threads) {
    counted.set(pid, { pid, name, threads: (counted.get(pid)?.threads ?? 0) + 1 });
  }
  return [...counted.values()].sort((a, b) => a.pid - b.pid);
}

const GRAVEST_FIRST = ['looser', 'stricter', 'otherwise'] as const;

function gravest(differences: readonly NamedDifference[]): Compared['calls'] {
  const there = new Set(differences.map(({ relation }) => relation));
  return GRAVEST_FIRST.find((relation) => there.has(relation)) ?? 'equal';
}

function leftOver(group: ThreadGroup, { plan, unit }: Held): Diagnostic {
  const { scope } = plan.target;
  const message = `looser than the policy: ${whose(group)}, left over from before ${plan.unit} was started`;
  const mode = String(unit.get('KillMode'));
  const why = ['process', 'none'].includes(mode) ? `KillMode=${mode} leaves` : 'its stop has left';
  const commands = ['stop', 'kill', 'start'].map((verb) => systemctl(scope, verb, plan.unit));
  return error('left-over', message, { hint: `${why} them there; '${commands.join('; ')}' ends them` });
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
