/** The kernel's treatment of the system calls of a unit's processes, held against its files. */
import { groupBy, lazily } from '../../collections.js';
import { type Diagnostic, error, hasErrors, note, UserError } from '../../diagnostic.js';
import type { Context } from '../../machine/context.js';
import { unitGroups } from '../../machine/state/control-group.js';
import { readStatus } from '../../machine/state/process-status.js';
import { isUp } from '../../machine/state/service-run.js';
import type { System } from '../../machine/system.js';
import type { UnitState } from '../../machine/unit-state.js';
import { nativeProgram } from '../../prepare/load/installed-programs.js';
import { systemctl } from '../../systemd/command-lines.js';
import type { ExpectedPolicy } from '../expected.js';
import { createFilterCheck, type FilterCheck, hasOwnPrograms } from './check-filters.js';
import type { PrintedFilters } from './loaded-filters.js';
import { endsSurviving, morePermissive, namesOf } from './more-permissive.js';
import { survivingProcesses } from './surviving-processes.js';
import type { ThreadGroup } from './thread-group.js';
import { notTrusted, trustsGuards, unknownLauncher } from './trusted-launcher.js';
import { readUnit, type UnitFilters, type UnitThread } from './unit-filters.js';
import { notRunning, unseen } from './unseen.js';
import { expectedLayer, type PlannedUnit } from './without-launcher.js';

export interface Enforcement {
  readonly groups: readonly ThreadGroup[];
  /** Errors about processes that don't obey the policy. */
  readonly wrong: readonly Diagnostic[];
  /**
   * Errors about processes that don't obey either, and run since before the unit was started: no restart of it helps.
   */
  readonly surviving: readonly Diagnostic[];
  /** Diagnostics about threads and filters that could not be seen or proven. */
  readonly unproven: readonly Diagnostic[];
  /** The filters that were compared; undefined if none were read. */
  readonly read?: UnitFilters;
}

/** The result for a unit that is held to nothing, or of which nothing was seen. */
export const NO_ENFORCEMENT: Enforcement = { groups: [], wrong: [], surviving: [], unproven: [] };

/**
 * Reads the filters of every thread of a unit back and compares their joint answers with the policy.
 * @param reader finds the path of read-filters, if there is a thread to read
 * @throws UserError `filters-unreadable` if it can't be run
 */
export async function enforcement(
  system: System,
  expected: ExpectedPolicy,
  unit: UnitState,
  reader: () => Promise<string>,
): Promise<Enforcement> {
  const early = await notServing(system, expected, unit);
  if (!expected.hasCalls && !(expected.isReadied && isUp(unit)))
    return { ...NO_ENFORCEMENT, unproven: early };
  const look = () => lookOnce(system, expected, unit, reader);
  let found = await look();
  for (let looks = 1; looks < LOOKS && found.wrong.length > 0; looks++) {
    // A process that systemd is about to start has no filters for a moment. An ended process can't be shown to be
    // systemd's.
    if (looks > 1 && !(await haveSomeEnded(system, found))) break;
    found = await look();
  }
  return { ...found, unproven: [...found.unproven, ...early] };
}

/**
 * An error about processes of a unit that doesn't serve yet, or no longer does. They may be without the filter of `[ready]`,
 * be it because a start has failed by it.
 */
async function notServing(
  system: System,
  { isReadied, hasCalls, unit: name, target }: ExpectedPolicy,
  unit: UnitState,
): Promise<Diagnostic[]> {
  if (!isReadied || isUp(unit)) return [];
  // Where there is a policy for the start, the look at its filters tells of a unit without processes.
  if ((await unitGroups(system, unit)).length === 0)
    return hasCalls ? [] : [notRunning(name, target.scope, unit)];
  const message = `${name} is ${unit.activeState}: its processes may not have the filter of [ready]`;
  return [error('not-serving', message, { hint: 'the filter is loaded once the unit is active' })];
}

/** The most looks at a unit whose processes come and go. */
const LOOKS = 15;

/** Whether one of the processes that are wrong has ended since it was seen. */
async function haveSomeEnded(system: System, { groups }: Enforcement): Promise<boolean> {
  const wrong = groups.filter(({ calls, leftOver }) => calls !== 'equal' && !leftOver);
  const pids = wrong.flatMap(({ processes }) => processes.map(({ pid }) => pid));
  const found = await Promise.all(pids.map((pid) => readStatus(system, `${pid}`)));
  return found.includes(undefined);
}

async function lookOnce(
  system: System,
  plan: ExpectedPolicy,
  unit: UnitState,
  reader: () => Promise<string>,
): Promise<Enforcement> {
  const found = await readUnit(system, unit, reader);
  const unproven = await unseen(system, plan, unit, found);
  const unknown = await unknownLauncher(system, { plan, unit }, found.threads);
  const trusts = trustsGuards(plan, unknown);
  const isAsFiles = (filters: PrintedFilters) => hasOwnPrograms(plan, unit, filters, trusts);
  const byPlan = lazily(async () => {
    const planned = { plan: await plan.plan(), unit };
    return { planned, check: createFilterCheck(planned, plan.programs, trusts) };
  });
  const parents = new Map(found.threads.map(({ pid, parent }) => [pid, parent]));
  const old = await survivingProcesses(system, unit, parents);
  const checked: FilteredProcess[] = [];
  for (const threads of groupBy(found.threads, ({ lines }) => lines).values())
    checked.push(...(await checkThreads(system, { isAsFiles, byPlan, old }, threads)));
  const groups = [...groupBy(checked, ({ result }) => JSON.stringify(result)).values()].map(
    (alike): ThreadGroup => ({
      processes: processesOf(alike.flatMap(({ threads }) => threads)),
      ...alike[0]!.result,
    }),
  );
  const launcherErrors = unknown ? [notTrusted(plan, unknown)] : [];
  const present = groups.filter((group) => !group.leftOver);
  return {
    ...{ groups, read: found },
    wrong: [
      ...(unknown?.isCertain ? launcherErrors : otherProgram(plan, present)),
      ...present.flatMap(morePermissive),
    ],
    surviving: groups.filter((group) => group.leftOver).map((group) => survivingProcess(group, plan, unit)),
    unproven: [...unproven, ...(unknown?.isCertain ? [] : launcherErrors)],
  };
}

/** Functions that check filters, and the processes of the run before. */
interface Means {
  /** Whether filters have the programs of the unit's files. */
  readonly isAsFiles: (filters: PrintedFilters) => boolean;
  /** The plan behind the files, and what checks others by it. */
  readonly byPlan: () => Promise<{ readonly planned: PlannedUnit; readonly check: FilterCheck }>;
  readonly old: ReadonlySet<number>;
}

/** Threads of one process that have the same filters, and what these come to. */
interface FilteredProcess {
  readonly threads: readonly UnitThread[];
  readonly result: Omit<ThreadGroup, 'processes'>;
}

/** Checks threads with the same filters, each process by what it is held to. */
async function checkThreads(
  system: System,
  { isAsFiles, byPlan, old }: Means,
  threads: readonly UnitThread[],
): Promise<FilteredProcess[]> {
  const [first] = threads;
  const filters = first!.lines.length;
  const equal = { filters, heldTo: 'policy', leftOver: false, calls: 'equal', differences: [] } as const;
  if (isAsFiles(first!)) return [{ threads, result: equal }];
  const { planned, check } = await byPlan();
  if (check(first!, 'policy').calls === 'equal') return [{ threads, result: equal }];
  const obeys = async () => check(first!, 'systemd').calls === 'equal';
  const checked: FilteredProcess[] = [];
  for (const own of groupBy(threads, ({ pid }) => pid).values()) {
    const layer = await expectedLayer(system, planned, own[0]!, first!.stack, obeys);
    // A process that does systemd's part may be as planned all the same: ExecStop= has left it.
    const mayBe = !(layer === 'systemd' && (await obeys()));
    const isOld = mayBe && old.has(own[0]!.pid);
    const heldTo = isOld ? 'policy' : layer;
    const found = check(first!, heldTo);
    // The run before may have had another program of the same policy.
    const calls = isOld && found.calls === 'unknown' ? 'equal' : found.calls;
    const leftOver = isOld && calls === 'looser';
    checked.push({ threads: own, result: { ...found, filters, heldTo, leftOver, calls } });
  }
  return checked;
}

/** An error about processes that lack the program that the unit's files have for them, though no known call gets through. */
function otherProgram({ unit, target }: ExpectedPolicy, groups: readonly ThreadGroup[]): Diagnostic[] {
  const [first] = groups.filter(({ calls }) => calls === 'unknown');
  if (!first) return [];
  const message = `the filter in ${namesOf(first.processes)} of ${unit} is not the one on disk`;
  return [error('restart-due', message, { hint: systemctl(target.scope, 'restart', unit) })];
}

function processesOf(threads: readonly UnitThread[]): ThreadGroup['processes'] {
  const counted = new Map<number, { pid: number; name: string; threads: number }>();
  for (const { pid, name } of threads) {
    counted.set(pid, { pid, name, threads: (counted.get(pid)?.threads ?? 0) + 1 });
  }
  return [...counted.values()].sort((a, b) => a.pid - b.pid);
}

function survivingProcess(group: ThreadGroup, plan: ExpectedPolicy, unit: UnitState): Diagnostic {
  const message = `the policy is not fully enforced in ${namesOf(group.processes)}, running since before ${plan.unit} was started`;
  const mode = unit.killMode;
  const why = ['process', 'none'].includes(mode) ? `KillMode=${mode} leaves` : 'the last stop left';
  return error('left-over', message, {
    hint: `${why} such processes running; ${endsSurviving(plan)}`,
  });
}

/** A note that only the manager's properties were compared: the kernel's filters can't be read. */
const provenWithout = (unit: string): Diagnostic =>
  note(
    'filters-unreadable',
    `only systemd's settings of ${unit} were compared with the policy, not its filters`,
  );

/** The enforcement of a unit's files by the kernel's filters. Errors of the reader leave it unproven, and nothing else. */
export async function readKernel(
  context: Context,
  plan: ExpectedPolicy,
  state: UnitState,
): Promise<Enforcement> {
  try {
    const found = await context.caller.during(`${plan.unit}: reading the filters of its processes`, () =>
      enforcement(context.system, plan, state, () => nativeProgram(context, 'read-filters')),
    );
    return hasErrors(found.unproven)
      ? { ...found, unproven: [...found.unproven, provenWithout(plan.unit)] }
      : found;
  } catch (cause) {
    if (!(cause instanceof UserError)) throw cause;
    return { ...NO_ENFORCEMENT, unproven: [...cause.diagnostics, provenWithout(plan.unit)] };
  }
}
