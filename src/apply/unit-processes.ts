import type { System, UnitProperties } from '../system/system.js';

/** A process of a unit. */
export interface UnitProcess {
  readonly pid: number;
  /** Its name, from the process itself: not to be trusted. */
  readonly name: string;
  /** IDs of its threads, its own among them. */
  readonly tids: readonly number[];
}

/** Where the hierarchy that systemd keeps may be mounted: alone, beside version 1, version 1. */
const MOUNTS: readonly string[] = ['/sys/fs/cgroup', '/sys/fs/cgroup/unified', '/sys/fs/cgroup/systemd'];
const PROCESSES = 'cgroup.procs';
const MAX_LIST = 1 << 20;
const MAX_NAME = 4096;

/** The processes in a unit's control group and those below it; none where the unit doesn't run. */
export async function unitProcesses(system: System, unit: UnitProperties): Promise<UnitProcess[]> {
  const group = String(unit.get('ControlGroup') ?? '');
  if (!group.startsWith('/') || group === '/') return [];
  for (const mount of MOUNTS) {
    const pids = await pidsBelow(system, `${mount}${group}`);
    if (pids.length > 0) return (await Promise.all(pids.map((pid) => processOf(system, pid)))).flat();
  }
  return [];
}

async function pidsBelow(system: System, folder: string): Promise<number[]> {
  const names = await system.list(folder);
  if (!names.includes(PROCESSES)) return [];
  const own = (await isThreaded(system, folder)) ? '' : await textOf(system, `${folder}/${PROCESSES}`);
  const below = await Promise.all(names.map((name) => pidsBelow(system, `${folder}/${name}`)));
  return [...decimals(own.split('\n')), ...below.flat()];
}

/** Of a threaded group only the one above it that isn't names the processes; its own list can't be read. */
const isThreaded = async (system: System, folder: string): Promise<boolean> =>
  (await textOf(system, `${folder}/cgroup.type`)) === 'threaded\n';

const textOf = async (system: System, path: string): Promise<string> =>
  new TextDecoder().decode((await system.read(path, { limit: MAX_LIST }))?.bytes);

/** A process may end while it is looked at. */
async function processOf(system: System, pid: number): Promise<UnitProcess[]> {
  const tids = decimals(await system.list(`/proc/${pid}/task`));
  const file = await system.read(`/proc/${pid}/comm`, { limit: MAX_NAME });
  const name = new TextDecoder().decode(file?.bytes).replace(/\n$/, '');
  return tids.length === 0 ? [] : [{ pid, name, tids }];
}

/** Zero is a process of another PID namespace. */
const decimals = (words: readonly string[]): number[] =>
  words.filter((word) => /^[1-9]\d{0,8}$/.test(word)).map(Number);
