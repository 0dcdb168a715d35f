/** Where the kernel has a unit's control group, and what is in it. */
import type { System, UnitProperties } from '../system/system.js';
import { groupFolders, parseHierarchies } from '../unit/cgroup-mounts.js';

const PROCESSES = 'cgroup.procs';
const MAX_LIST = 1 << 20;

/**
 * The folders of a unit's control group: one of each hierarchy that systemd keeps it in, so that two may have the same
 * processes. None where the unit doesn't run.
 */
export async function unitGroups(system: System, unit: UnitProperties): Promise<string[]> {
  const group = String(unit.get('ControlGroup') ?? '');
  if (group === '' || group === '/') return [];
  const mounts = await textOf(system, '/proc/self/mountinfo');
  const folders = groupFolders(parseHierarchies(mounts), group);
  const there: string[] = [];
  for (const folder of folders) {
    if ((await system.list(folder)).includes(PROCESSES)) there.push(folder);
  }
  return there;
}

/** The processes in a unit's control group and those below it. */
export async function unitPids(system: System, unit: UnitProperties): Promise<Set<number>> {
  const below = await Promise.all(
    (await unitGroups(system, unit)).map((folder) => pidsBelow(system, folder)),
  );
  return new Set(below.flat());
}

async function pidsBelow(system: System, folder: string): Promise<number[]> {
  const names = await system.list(folder);
  if (!names.includes(PROCESSES)) return [];
  const own = (await isThreaded(system, folder)) ? '' : await textOf(system, `${folder}/${PROCESSES}`);
  const pids = own.split('\n').filter((word) => /^[1-9]\d{0,8}$/.test(word));
  const below = await Promise.all(names.map((name) => pidsBelow(system, `${folder}/${name}`)));
  return [...pids.map(Number), ...below.flat()];
}

/** Of a threaded group only the one above it that isn't names the processes; its own list can't be read. */
const isThreaded = async (system: System, folder: string): Promise<boolean> =>
  (await textOf(system, `${folder}/cgroup.type`)) === 'threaded\n';

const textOf = async (system: System, path: string): Promise<string> =>
  new TextDecoder().decode((await system.read(path, { limit: MAX_LIST }))?.bytes);
