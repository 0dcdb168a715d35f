/** The processes of a unit that directives hold for, and what the kernel shows of each. */

import { error, UserError } from '../../diagnostic.js';
import { unitGroups } from '../../machine/state/control-group.js';
import { fileText, readStatus } from '../../machine/state/process-status.js';
import { isUp } from '../../machine/state/service-run.js';
import type { System } from '../../machine/system.js';
import { commandsOf, type UnitState } from '../../machine/unit-state.js';
import { LOST_WITHOUT_SETUID } from '../../plan/launcher/exec-prefix.js';
import { MAX_MOUNTS } from '../../systemd/formats/mount-info.js';
import { type MountTree, parseMountTree } from '../../systemd/formats/mount-tree.js';
import type { Target } from '../../systemd/target/target.js';
import { EXEC_KEYS } from '../../systemd/unit/exec/keys.js';
import { type Parents, survivingProcesses, withDescendants } from '../kernel/surviving-processes.js';
import { isManagers } from '../kernel/without-launcher.js';

/** A process as the kernel shows it. */
interface ReadProcess {
  readonly pid: number;
  /** The first thread that has not ended: the others of the process share its namespaces, as a rule. */
  readonly tid: number;
  /** The name that the process gives itself: not to be trusted. */
  readonly name: string;
  readonly parent: number;
  /** The status of each thread (proc_pid_status(5)). */
  readonly threads: readonly ReadonlyMap<string, string>[];
  /** The hard limits by their names (proc_pid_limits(5)); undefined for no limit. */
  readonly limits: ReadonlyMap<string, bigint | undefined>;
  /** Namespaces by their names, `net` as `net:[4026531840]` (namespaces(7)); none where no directive asks. */
  readonly namespaces: ReadonlyMap<string, string>;
}

export interface SeenProcess extends ReadProcess {
  /** Whether it runs since before the unit's start. */
  readonly isOld: boolean;
  /** Whether it may be of a command with a prefix, which keeps the unit's confinement from it. */
  readonly isFree: boolean;
}

/** The file system as a mount namespace has it. */
export interface NamespaceView {
  readonly tree: MountTree;
  /** Paths without links by the paths that lead there; a missing one leads to nothing. */
  readonly paths: ReadonlyMap<string, string>;
  /** Whether the links are the host's, since those of the namespace can't be followed. */
  readonly isGuessed: boolean;
}

/** A thread's set of capabilities, as `CapBnd` of its status. */
export const capabilities = (thread: ReadonlyMap<string, string>, set: string): bigint => {
  const text = thread.get(set) ?? '';
  return /^[0-9a-f]{1,16}$/.test(text) ? BigInt(`0x${text}`) : 0n;
};

/** A unit that is looked at, and the machine that it is on. */
export interface ProbedUnit {
  readonly plan: {
    readonly target: Pick<Target, 'scope' | 'machine'> & Partial<Pick<Target, 'injector'>>;
    readonly directives: readonly { readonly name: string }[];
  };
  readonly unit: UnitState;
}

/** Reasons why processes and mount namespaces can't be looked at, by their names. */
export type Failures = Map<string, UserError>;

/** The failure of a look at one process or namespace, which ends no look at others. A defect of the program is thrown on. */
export function failureOf(cause: unknown): UserError {
  if (!(cause instanceof UserError)) throw cause;
  return cause;
}

interface Sought {
  readonly pids: readonly number[] | 'main';
  readonly areAll: boolean;
  readonly namespaces: boolean;
}

/**
 * Reads a unit's processes, without systemd's own.
 * @param pids processes that read-filters has seen in the unit: it finds control groups to which no path leads; `main`:
 *   the main process alone is read
 * @param areAll whether read-filters has seen all: then control groups aren't looked at again
 * @param namespaces whether these are read
 * @throws UserError `unreadable` where they can't be listed
 */
export async function readUnitProcesses(
  system: System,
  subject: ProbedUnit,
  { pids: known, areAll, namespaces }: Sought,
  failures: Failures,
): Promise<SeenProcess[]> {
  const { unit } = subject;
  const pids = known === 'main' ? [unit.mainPid] : areAll ? known : await membersOf(system, unit, known);
  const all: ReadProcess[] = [];
  for (const pid of [...new Set(pids)].filter((one) => one > 0).sort((a, b) => a - b)) {
    try {
      const found = await readProcess(system, pid, namespaces);
      if (found && !(await isManagers(system, subject, found))) all.push(found);
    } catch (cause) {
      failures.set(`${pid}`, failureOf(cause));
    }
  }
  const parents = new Map(all.map(({ pid, parent }) => [pid, parent]));
  const old = await survivingProcesses(system, unit, parents);
  const bound = boundOf(subject, parents);
  return all.map((one) => ({ ...one, isOld: old.has(one.pid), isFree: !bound.has(one.pid) }));
}

/** The most control groups that are looked at: a service can make as many as it likes below its own. */
const MAX_GROUPS = 1000;
const TOO_MANY = `it has more than ${MAX_GROUPS} control groups`;

/** The processes of a unit's control groups and of those below, and those that are known already. */
async function membersOf(system: System, unit: UnitState, known: readonly number[]): Promise<number[]> {
  const left = await unitGroups(system, unit);
  const pids = [...known];
  for (let looked = 0; left.length > 0; looked++) {
    const folder = left.shift()!;
    try {
      if (looked === MAX_GROUPS) throw new UserError(error('unreadable', TOO_MANY));
      const text = (await fileText(system, `${folder}/cgroup.procs`)) ?? '';
      pids.push(...text.split('\n').map(Number));
      for (const name of await system.list(folder)) {
        // A file lists nothing.
        if ((await system.list(`${folder}/${name}`)).length > 0) left.push(`${folder}/${name}`);
      }
    } catch (cause) {
      // A group may be so deep below that no path leads there: read-filters finds it.
      if (!(cause instanceof UserError) || known.length === 0) throw cause;
      return pids;
    }
  }
  return pids;
}

/** Reads what the kernel shows of a process; undefined if it has ended. */
async function readProcess(
  system: System,
  pid: number,
  namespaces: boolean,
): Promise<ReadProcess | undefined> {
  const status = await readStatus(system, `${pid}`);
  if (!status) return undefined;
  const threads = [[pid, status] as const];
  for (const tid of (await system.list(`/proc/${pid}/task`)).map(Number)) {
    const its = tid === pid ? undefined : await readStatus(system, `${pid}/task/${tid}`);
    if (its) threads.push([tid, its]);
  }
  // The first thread may have ended before the others.
  const living = threads.filter(([, its]) => !/^[ZX]/.test(its.get('State') ?? ''));
  const tid = living[0]?.[0];
  if (tid === undefined) return undefined;
  const links = namespaces ? await namespacesOf(system, tid) : new Map<string, string>();
  if (links === undefined) return undefined;
  return {
    ...{ pid, tid, name: status.get('Name') ?? '', parent: Number(status.get('PPid') ?? 0) },
    threads: living.map(([, its]) => its),
    limits: parseLimits((await fileText(system, `/proc/${tid}/limits`)) ?? ''),
    namespaces: links,
  };
}

/** Its namespaces; undefined if it has ended. One that has given up its memory belongs to root, until it is gone. */
async function namespacesOf(system: System, tid: number) {
  try {
    return await system.links(`/proc/${tid}/ns`);
  } catch (cause) {
    const status = await readStatus(system, `${tid}`);
    if (status?.has('VmSize')) throw cause;
    return undefined;
  }
}

/** The hard limits of proc_pid_limits(5): columns are parted by two spaces or more. */
export function parseLimits(text: string): Map<string, bigint | undefined> {
  const limits = new Map<string, bigint | undefined>();
  for (const line of text.split('\n').slice(1)) {
    const [name, , hard] = line.split(/ {2,}/);
    if (name === undefined || hard === undefined) continue;
    if (hard === 'unlimited') limits.set(name, undefined);
    else if (/^\d+$/.test(hard)) limits.set(name, BigInt(hard));
  }
  return limits;
}

/** Keys whose processes systemd ends before it starts the next command (systemd.service(5)). */
const LEAVES_NOTHING = ['ExecCondition', 'ExecStartPre'];

/**
 * The processes that are of no command without confinement: where there is such a command, only the main process and those
 * that it started are known to be of another.
 */
function boundOf({ plan, unit }: ProbedUnit, parents: Parents): { readonly has: (pid: number) => boolean } {
  // The program that loads the filter of [ready] has ended when the unit serves.
  const isUser = plan.directives.some(({ name }) => LOST_WITHOUT_SETUID.has(name));
  const unheld = isUser ? ['privileged', 'no-setuid'] : ['privileged'];
  const isFree = (key: string) =>
    commandsOf(unit, key).some(
      ({ path, flags }) => path !== plan.target.injector && unheld.some((flag) => flags.includes(flag)),
    );
  const keys = EXEC_KEYS.filter((key) => isFree(key) && !(isUp(unit) && LEAVES_NOTHING.includes(key)));
  if (keys.length === 0) return parents;
  const isMainBound = unit.mainPid !== 0 && !keys.includes('ExecStart');
  return withDescendants(isMainBound ? [unit.mainPid] : [], parents);
}

/** The mount namespace of a process. */
export const mountsOf = ({ namespaces }: SeenProcess): string => namespaces.get('mnt') ?? '';

/**
 * The view of each mount namespace, by its name: of the first process whose root is that of the namespace. A namespace
 * without such a process, or with more mounts than are read, has none.
 * @param paths that are followed in each
 */
export async function readViews(
  system: System,
  processes: readonly SeenProcess[],
  paths: readonly string[],
  failures: Failures,
): Promise<ReadonlyMap<string, NamespaceView>> {
  const views = new Map<string, NamespaceView>();
  for (const one of processes) {
    const name = mountsOf(one);
    if (views.has(name) || failures.has(name)) continue;
    try {
      if ((await system.links(`/proc/${one.tid}`)).get('root') !== '/') continue;
      const view = await readView(system, one.tid, paths);
      if (view) views.set(name, view);
    } catch (cause) {
      failures.set(name, failureOf(cause));
    }
  }
  return views;
}

/**
 * Reads the mounts of a process, and follows paths as it sees them. The process's root must be that of its mount
 * namespace. A process in a user namespace of its own isn't followed: there the links of the host are taken.
 * @param paths absolute
 */
export async function readView(
  system: System,
  process: number | 'self',
  paths: readonly string[],
): Promise<NamespaceView | undefined> {
  const file = await system.read(`/proc/${process}/mountinfo`, { limit: MAX_MOUNTS });
  if (!file || file.bytes.length === 0) return undefined;
  const tree = parseMountTree(new TextDecoder().decode(file.bytes));
  // This program's own view is that of the host.
  const inside = process === 'self' ? undefined : await system.walkIn(process, paths);
  const isGuessed = inside === undefined && process !== 'self';
  const ends = new Map<string, string>();
  for (const path of paths) {
    const { real } = inside?.get(path) ?? (await system.walk(path));
    if (real !== undefined) ends.set(path, real);
  }
  return { tree, paths: ends, isGuessed };
}
