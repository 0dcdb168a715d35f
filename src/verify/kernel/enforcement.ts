/** The kernel's treatment of the system calls of a unit's processes, held against the plan. */
import { groupBy, once } from '../../collections.js';
import { systemctl } from '../../command-lines.js';
import { type Diagnostic, error, note } from '../../diagnostic.js';
import { StackComparer } from '../../filter/compare/compare-stack.js';
import type { Difference } from '../../filter/compare/relation.js';
import type { Stack } from '../../filter/stack.js';
import { systemdMeaning } from '../../plan/calls/systemd-meaning.js';
import type { Plan } from '../../plan/plan.js';
import { unitGroups } from '../../state/control-group.js';
import { readStatus } from '../../state/process-status.js';
import { isUp } from '../../state/service-run.js';
import type { SyscallPolicy } from '../../syscalls/policy.js';
import type { System } from '../../system/system.js';
import type { UnitState } from '../../system/unit-state.js';
import { inPieces } from './in-pieces.js';
import { createLeftOver } from './left-over.js';
import type { LoadedFilters } from './loaded-filters.js';
import { looserCalls, whose } from './looser.js';
import { type NamedDifference, nameDifferences } from './name-differences.js';
import { createRefusers } from './refusers.js';
import type { Compared, ThreadGroup } from './thread-group.js';
import { sampledNotes, unknowable } from './uncompared.js';
import { readUnit, type UnitFilters, type UnitThread } from './unit-filters.js';
import { notRunning, unseen } from './unseen.js';
import { type Answering, answeringPart, doubtOf, notVouched } from './vouched-launcher.js';
import { type Measure, measureOf } from './without-launcher.js';

export interface Enforcement {
  readonly groups: readonly ThreadGroup[];
  /** Errors about processes that don't obey the policy. */
  readonly wrong: readonly Diagnostic[];
  /**
   * Errors about processes that don't obey either, and run since before the unit was started: no restart of it helps.
   */
  readonly leftOver: readonly Diagnostic[];
  /** Diagnostics about threads and filters that could not be seen or proven. */
  readonly unproven: readonly Diagnostic[];
  /** The filters that were compared; undefined if none were read. */
  readonly read?: UnitFilters;
}

/** The result for a unit that is held to nothing, or of which nothing was seen. */
export const NO_ENFORCEMENT: Enforcement = { groups: [], wrong: [], leftOver: [], unproven: [] };

/**
 * Reads the filters of every thread of a unit back and compares their joint answers with the policy.
 * @param reader finds the path of read-filters, if there is a thread to read
 * @throws UserError `filters-unreadable` if it can't be run
 */
export async function enforcement(
  system: System,
  plan: Plan,
  unit: UnitState,
  reader: () => Promise<string>,
): Promise<Enforcement> {
  const meaning = meaningOf(plan, unit);
  const early = await notServing(system, plan, unit);
  if (meaning === undefined) return { ...NO_ENFORCEMENT, unproven: early };
  const held = { plan, unit, meaning };
  const comparer = new StackComparer();
  const look = () => lookOnce(system, { held, comparer }, reader);
  let found = await look();
  for (let looks = 1; looks < LOOKS && found.wrong.length > 0; looks++) {
    // A process that systemd is about to start has no filters for a moment. An ended process can't be told to be
    // systemd's.
    if (looks > 1 && !(await haveSomeEnded(system, found))) break;
    found = await look();
  }
  return { ...found, unproven: [...found.unproven, ...early] };
}

/** The meaning of a policy for a unit as it is: once it serves, that of `[ready]` and `[syscalls]` together. */
const meaningOf = ({ ready, meaning }: Plan, unit: UnitState): SyscallPolicy | undefined =>
  ready && isUp(unit) ? ready.held : meaning;

/**
 * An error about processes of a unit that doesn't serve yet, or no longer does. They may be without the filter of `[ready]`,
 * be it because a start has failed by it.
 */
async function notServing(
  system: System,
  { ready, meaning, unit: name, target }: Plan,
  unit: UnitState,
): Promise<Diagnostic[]> {
  if (!ready || isUp(unit)) return [];
  // Where there is a policy for the start, the look at its filters tells of a unit without processes.
  if ((await unitGroups(system, unit)).length === 0)
    return meaning === undefined ? [notRunning(name, target.scope)] : [];
  const message = `${name} is ${unit.activeState}, and has processes: they may be without the filter of [ready]`;
  return [error('not-serving', message, { hint: 'a unit gets it when it serves' })];
}

/** The most looks at a unit whose processes come and go. */
const LOOKS = 15;

/** Whether one of the looser processes has ended since it was seen. */
async function haveSomeEnded(system: System, { groups }: Enforcement): Promise<boolean> {
  const wrong = groups.filter(({ calls, leftOver }) => calls === 'looser' && !leftOver);
  const pids = wrong.flatMap(({ processes }) => processes.map(({ pid }) => pid));
  const found = await Promise.all(pids.map((pid) => readStatus(system, `${pid}`)));
  return found.includes(undefined);
}

/** A unit's plan and state, and the meaning of its policy. */
interface Held {
  readonly plan: Plan;
  readonly unit: UnitState;
  readonly meaning: SyscallPolicy;
}

/** A unit that may be looked at more than once: all looks have one budget. */
interface Looked {
  readonly held: Held;
  readonly comparer: StackComparer;
}

async function lookOnce(
  system: System,
  { held, comparer }: Looked,
  reader: () => Promise<string>,
): Promise<Enforcement> {
  const { plan, unit } = held;
  const found = await readUnit(system, unit, reader);
  const unproven = await unseen(system, plan, unit, found);
  const doubt = await doubtOf(system, held, found.threads);
  const answering = answeringPart(plan, doubt);
  const { numberOf, compare } = createComparison(system, held, { comparer, answering });
  const isLeftOver = await createLeftOver(system, unit, new Set(found.threads.map(({ pid }) => pid)));
  const byFilters = groupBy(found.threads, numberOf);
  // Small groups come first: groups that a service makes large don't keep them from being compared.
  for (const [first] of [...byFilters.values()].sort(([a], [b]) => sizeOf(a!) - sizeOf(b!)))
    await compare(first!, 'policy');
  const groups: ThreadGroup[] = [];
  for (const threads of byFilters.values())
    groups.push(...(await groupsOf(system, held, { compare, isLeftOver }, threads)));
  return {
    ...{ groups, read: found },
    wrong: [
      ...(doubt?.isCertain ? [notVouched(plan, doubt)] : []),
      ...groups.filter((group) => !group.leftOver).flatMap(looserCalls),
    ],
    leftOver: groups.filter((group) => group.leftOver).map((group) => leftOver(group, held)),
    unproven: [
      ...unproven,
      ...(doubt && !doubt.isCertain ? [notVouched(plan, doubt)] : []),
      ...unknowable(groups),
      ...sampledNotes(groups),
    ],
  };
}

const sizeOf = ({ stack }: LoadedFilters): number => stack.reduce((sum, { length }) => sum + length, 0);

interface Comparison {
  /** Equal for threads whose filters are equal, whoever loaded them. */
  readonly numberOf: (filters: LoadedFilters) => string;
  readonly compare: (filters: LoadedFilters, measure: Measure) => Promise<Compared>;
}

interface Comparing {
  readonly comparer: StackComparer;
  readonly answering: Answering;
}

function createComparison(
  system: System,
  { plan, unit, meaning }: Held,
  { comparer, answering }: Comparing,
): Comparison {
  const refusers = createRefusers(unit, plan.target);
  const bySystemd = once(async () => systemdMeaning(plan));
  const names = new WeakMap<readonly Difference[], readonly NamedDifference[]>();
  const name = (wanted: SyscallPolicy, differences: readonly Difference[]) => {
    const named = names.get(differences) ?? nameDifferences(wanted, differences, refusers);
    names.set(differences, named);
    return named;
  };
  const plainOf = remember((stack) => stack.map(answering));
  const numberOf = remember((stack) => comparer.numberOf(plainOf(stack)));
  return {
    numberOf: ({ stack, unread }) => `${numberOf(stack)} ${unread}`,
    async compare({ stack, unread }, measure) {
      const wanted = measure === 'policy' ? meaning : measure === 'systemd' ? await bySystemd() : undefined;
      if (wanted === undefined)
        return { calls: 'equal', differences: [], ranges: 0, sampled: 0, uncompared: 0 };
      const work = comparer.compare(plainOf(stack), wanted);
      const { differences, ranges, sampled, ...found } = await inPieces(system, work, () => comparer.spent);
      const named = name(wanted, differences);
      const uncompared = found.uncompared + unread;
      const isUnknown = !found.isKnown || (unread > 0 && gravest(named) === 'looser');
      return {
        calls: isUnknown ? 'unknown' : uncompared > 0 ? withMore(gravest(named)) : gravest(named),
        differences: isUnknown ? named.filter(({ relation }) => relation !== 'looser') : named,
        ranges,
        sampled,
        uncompared,
      };
    },
  };
}

/** A function that learns about a stack once, though many threads may have it. */
function remember<T>(learn: (stack: Stack) => T): (stack: Stack) => T {
  const known = new Map<Stack, T>();
  return (stack) => {
    if (!known.has(stack)) known.set(stack, learn(stack));
    return known.get(stack)!;
  };
}

/** Functions that compare filters with what they are held to, and tell processes of the run before. */
interface Means {
  readonly compare: Comparison['compare'];
  readonly isLeftOver: (pid: number) => Promise<boolean>;
}

/**
 * Threads with the same filters are one group. If they are looser than the policy, there is a group for each reason:
 * some processes are so as planned, some are left over.
 */
async function groupsOf(
  system: System,
  held: Held,
  { compare, isLeftOver }: Means,
  threads: readonly UnitThread[],
): Promise<ThreadGroup[]> {
  const [first] = threads;
  const { stack, unread } = first!;
  const processes = processesOf(threads);
  const compared = await compare(first!, 'policy');
  const filters = stack.length + unread;
  if (isObeying(compared)) return [{ processes, filters, heldTo: 'policy', leftOver: false, ...compared }];
  const obeys = once(async () => isObeying(await compare(first!, 'systemd')));
  const kinds = new Map<Measure | 'left-over', ThreadGroup['processes']>();
  for (const one of processes) {
    const measure = await measureOf(system, held, one, stack, obeys);
    // A process that does systemd's part may be as planned all the same: ExecStop= has left it.
    const mayBe = compared.calls === 'looser' && !(measure === 'systemd' && (await obeys()));
    const kind = mayBe && (await isLeftOver(one.pid)) ? 'left-over' : measure;
    kinds.set(kind, [...(kinds.get(kind) ?? []), one]);
  }
  const groups: ThreadGroup[] = [];
  for (const [kind, some] of kinds) {
    const heldTo = kind === 'left-over' ? 'policy' : kind;
    const found = await compare(first!, heldTo);
    groups.push({ processes: some, filters, heldTo, leftOver: kind === 'left-over', ...found });
  }
  return groups;
}

const isObeying = ({ calls }: Compared): boolean => calls !== 'looser' && calls !== 'unknown';

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

/** The relation of filters to their policy, if some weren't compared. */
const withMore = (calls: Compared['calls']): Compared['calls'] => (calls === 'looser' ? calls : 'stricter');

function leftOver(group: ThreadGroup, { plan, unit }: Held): Diagnostic {
  const { scope } = plan.target;
  const message = `looser than the policy: ${whose(group)}, left over from before ${plan.unit} was started`;
  const mode = unit.killMode;
  const why = ['process', 'none'].includes(mode) ? `KillMode=${mode} leaves` : 'its stop has left';
  const commands = ['stop', 'kill', 'start'].map((verb) => systemctl(scope, verb, plan.unit));
  return error('left-over', message, { hint: `${why} them there; '${commands.join('; ')}' ends them` });
}

/** A note that only the manager's properties were compared: the kernel's filters can't be read. */
export const provenWithout = (unit: string): Diagnostic =>
  note(
    'proven-in-part',
    `what systemd has loaded for ${unit} was compared with the policy, its filters were not`,
  );
