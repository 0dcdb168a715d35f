/** Finds the folders of a unit's control group, its processes, and whether a process is in it. */
import { codeOf } from '../../diagnostic.js';
import { groupFolders, groupIn, parseHierarchies } from '../../systemd/formats/cgroup-mounts.js';
import type { System } from '../system.js';
import type { UnitState } from '../unit-state.js';
import { fileText } from './process-status.js';

const PROCESSES = 'cgroup.procs';

/**
 * The folders of a unit's control group: one of each hierarchy that systemd keeps it in, so that two may have the same
 * processes. None if the unit doesn't run.
 */
export async function unitGroups(system: System, unit: UnitState): Promise<string[]> {
  const { controlGroup: group } = unit;
  if (group === '' || group === '/') return [];
  // Mounted before all that users mount.
  const mounts = await fileText(system, '/proc/self/mountinfo', { head: true });
  const folders = groupFolders(parseHierarchies(mounts ?? ''), group);
  const there: string[] = [];
  for (const folder of folders) {
    if ((await system.list(folder)).includes(PROCESSES)) there.push(folder);
  }
  return there;
}

/**
 * Whether a process is in a unit's control group or below it. False also for a process so deep below it that the kernel
 * can't name its group: names end at PATH_MAX.
 */
export async function isInUnit(system: System, unit: UnitState, pid: number): Promise<boolean> {
  const { controlGroup: group } = unit;
  if (group === '' || group === '/') return false;
  try {
    const lines = ((await fileText(system, `/proc/${pid}/cgroup`)) ?? '').split('\n');
    return lines.some((line) => `${groupIn(line) ?? ''}/`.startsWith(`${group}/`));
  } catch (cause) {
    if (codeOf(cause) === 'unreadable') return false;
    throw cause;
  }
}

/** The IDs of a unit's processes: of its main process, and of those in its control group, without the groups below. */
export async function processesOf(system: System, state: UnitState): Promise<string[]> {
  const pids = state.mainPid > 0 ? [`${state.mainPid}`] : [];
  const [group] = await unitGroups(system, state);
  const listed = group && (await fileText(system, `${group}/${PROCESSES}`));
  return [...new Set([...pids, ...(listed ?? '').split('\n').filter((pid) => pid > '0')])];
}
