/** The processes of a unit that directives hold for, and what each of them sees. */

import { unitGroups } from '../../state/control-group.js';
import { isUp } from '../../state/service-run.js';
import type { System } from '../../system/system.js';
import { commandsOf, type UnitState } from '../../system/unit-state.js';
import type { Target } from '../../target/target.js';
import { EXEC_KEYS } from '../../unit/exec/keys.js';
import { isManagers } from '../kernel/without-launcher.js';
import { membersOf, readProcess } from './read-processes.js';
import { readView } from './read-view.js';
import type { SeenProcess, View } from './seen-process.js';

/** A unit that is looked at, and the machine that it is on. */
export interface Subject {
  readonly plan: { readonly target: Pick<Target, 'scope' | 'machine'> & Partial<Pick<Target, 'injector'>> };
  readonly unit: UnitState;
}

/** Keys whose processes systemd ends before it starts the next command (systemd.service(5)). */
const LEAVES_NOTHING = ['ExecCondition', 'ExecStartPre'];

/** Flags on the bus by which a command goes without the unit's confinement. */
const UNHELD = ['privileged', 'no-setuid', 'ambient'];

export interface UnitProcesses {
  readonly held: readonly SeenProcess[];
  /** Processes that may be of a command with a prefix, which keeps the unit's confinement from it. */
  readonly free: readonly SeenProcess[];
  /** Whether no control group was left out. */
  readonly isWhole: boolean;
}

/**
 * Reads a unit's processes, without systemd's own.
 * @param pids processes that read-filters has seen in the unit: it finds control groups to which no path leads; `main`:
 *   the main process alone is read
 * @param namespaces whether those of each thread are read
 */
export async function readUnitProcesses(
  system: System,
  subject: Subject,
  { pids: known, namespaces }: { readonly pids: readonly number[] | 'main'; readonly namespaces: boolean },
): Promise<UnitProcesses> {
  const { pids, isWhole } = await pidsOf(system, subject.unit, known);
  const all: SeenProcess[] = [];
  for (const pid of pids) {
    const [first, ...others] = await readProcess(system, pid, namespaces);
    if (first && !(await isManagers(system, subject, first))) all.push(first, ...others);
  }
  const isHeld = createIsHeld(subject, all);
  return { held: all.filter(isHeld), free: all.filter((process) => !isHeld(process)), isWhole };
}

async function pidsOf(
  system: System,
  unit: UnitState,
  known: readonly number[] | 'main',
): Promise<{ readonly pids: readonly number[]; readonly isWhole: boolean }> {
  if (known === 'main') return { pids: unit.mainPid === 0 ? [] : [unit.mainPid], isWhole: true };
  const members = await membersOf(system, await unitGroups(system, unit));
  const pids = [...new Set([...members.pids, ...known])].sort((a, b) => a - b);
  return { pids, isWhole: members.isWhole || known.length > 0 };
}

/**
 * Where some commands go without confinement, only the main process and those that it started are known to be of
 * another.
 */
function createIsHeld(
  { plan, unit }: Subject,
  all: readonly SeenProcess[],
): (process: SeenProcess) => boolean {
  // The program that loads the filter of [ready] has ended when the unit serves.
  const isFree = (key: string) =>
    commandsOf(unit, key).some(
      ({ path, flags }) => path !== plan.target.injector && UNHELD.some((flag) => flags.includes(flag)),
    );
  const keys = EXEC_KEYS.filter((key) => isFree(key) && !(isUp(unit) && LEAVES_NOTHING.includes(key)));
  const parents = new Map(all.map(({ pid, parent }) => [pid, parent]));
  const isMains = (pid: number): boolean =>
    pid === unit.mainPid || (parents.has(pid) && isMains(parents.get(pid)!));
  if (keys.length === 0) return () => true;
  return ({ pid }) => unit.mainPid !== 0 && !keys.includes('ExecStart') && isMains(pid);
}

/** The mount namespace of a process. */
export const mountsOf = ({ namespaces }: SeenProcess): string => namespaces.get('mnt') ?? '';

/**
 * The view of each mount namespace, by its name: of a process whose root is that of the namespace. A namespace without
 * such a process has none.
 * @param paths that are followed in each
 */
export async function readViews(
  system: System,
  processes: readonly SeenProcess[],
  paths: readonly string[],
): Promise<ReadonlyMap<string, View>> {
  const views = new Map<string, View>();
  for (const one of processes) {
    const name = mountsOf(one);
    if (views.has(name) || (await system.links(`/proc/${one.tid}`)).get('root') !== '/') continue;
    const view = await readView(system, one.tid, paths);
    if (view) views.set(name, view);
  }
  return views;
}
