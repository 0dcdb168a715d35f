import { UserError } from '../../diagnostic.js';
import { readStatus, startOf } from '../../state/process-status.js';
import type { System } from '../../system/system.js';
import type { SeenProcess } from './seen-process.js';

/** The most bytes that are read of a file below /proc/PID, and of a list of processes. */
const MAX_FILE = 1 << 20;

/** The most control groups that are looked at: a service can make as many as it likes below its own. */
const MAX_GROUPS = 1000;

const PROCESSES = 'cgroup.procs';

export const textOf = async (system: System, path: string): Promise<string | undefined> => {
  const file = await system.read(path, { limit: MAX_FILE });
  return file && new TextDecoder().decode(file.bytes);
};

export interface Members {
  readonly pids: readonly number[];
  /** Whether no control group was left out. */
  readonly isWhole: boolean;
}

/** The processes of control groups and of those below. */
export async function membersOf(system: System, folders: readonly string[]): Promise<Members> {
  const pids = new Set<number>();
  const left = [...folders];
  let isReached = true;
  for (let looked = 0; left.length > 0 && looked < MAX_GROUPS; looked++) {
    const folder = left.shift()!;
    try {
      const names = await system.list(folder);
      if (!names.includes(PROCESSES)) continue;
      const text = (await textOf(system, `${folder}/${PROCESSES}`)) ?? '';
      for (const line of text.split('\n')) if (/^[1-9]\d*$/.test(line)) pids.add(Number(line));
      for (const name of names)
        if (await isGroup(system, `${folder}/${name}`)) left.push(`${folder}/${name}`);
    } catch (cause) {
      // A group may be so deep below that no path leads there.
      if (!(cause instanceof UserError) || folders.includes(folder)) throw cause;
      isReached = false;
    }
  }
  return { pids: [...pids], isWhole: isReached && left.length === 0 };
}

/** Files of a control group aren't folders: they list nothing. */
const isGroup = async (system: System, path: string): Promise<boolean> =>
  (await system.list(path)).length > 0;

/**
 * Reads what the kernel shows of a process, once for each set of namespaces that its threads are in; nothing if it has
 * ended.
 * @param namespaces whether these are read
 * @throws UserError `unreadable` where it isn't shown to this user
 */
export async function readProcess(system: System, pid: number, namespaces: boolean): Promise<SeenProcess[]> {
  const status = await readStatus(system, `${pid}`);
  const started = await startOf(system, pid);
  const threads =
    status && started !== undefined ? await livingThreads(system, pid, { status, namespaces }) : [];
  if (!status || started === undefined || threads.length === 0) return [];
  const limits = await textOf(system, `/proc/${threads[0]!.tid}/limits`);
  const common = {
    pid,
    name: status.get('Name') ?? '',
    parent: Number(status.get('PPid') ?? 0),
    started,
    threads: threads.map((thread) => thread.status),
    limits: parseLimits(limits ?? ''),
  };
  const distinct = new Map(threads.toReversed().map((thread) => [keyOf(thread.namespaces), thread]));
  return [...distinct.values()].toReversed().map(({ tid, namespaces }) => ({ ...common, tid, namespaces }));
}

const keyOf = (namespaces: ReadonlyMap<string, string>): string => [...namespaces].sort().join();

interface Thread {
  readonly tid: number;
  readonly status: ReadonlyMap<string, string>;
  readonly namespaces: ReadonlyMap<string, string>;
}

const isAlive = (status: ReadonlyMap<string, string>): boolean => !/^[ZX]/.test(status.get('State') ?? '');

const NOT_READ: ReadonlyMap<string, string> = new Map();

/** The threads that have not ended, the first of the process first: it may end before the others. */
async function livingThreads(
  system: System,
  pid: number,
  { status, namespaces }: { readonly status: ReadonlyMap<string, string>; readonly namespaces: boolean },
): Promise<Thread[]> {
  const found: Thread[] = [];
  const namespacesOf = async (folder: string) =>
    namespaces ? await system.links(`/proc/${folder}/ns`) : NOT_READ;
  const add = async (tid: number, seen: ReadonlyMap<string, string> | undefined, folder: string) => {
    if (seen && isAlive(seen)) found.push({ tid, status: seen, namespaces: await namespacesOf(folder) });
  };
  await add(pid, status, `${pid}`);
  for (const name of await system.list(`/proc/${pid}/task`)) {
    const folder = `${pid}/task/${name}`;
    if (name !== `${pid}`) await add(Number(name), await readStatus(system, folder), folder);
  }
  return found;
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
