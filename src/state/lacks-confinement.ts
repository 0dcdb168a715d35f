import { UserError } from '../diagnostic.js';
import { isOn } from '../directives/is-on.js';
import { DIRECTIVES, findDirective } from '../directives/table.js';
import type { System } from '../system/system.js';
import { commandsOf, type UnitProperties, type UnitState } from '../system/unit-state.js';
import { PROGRAM_WITHIN, readStatus } from './process-status.js';

/** Directives that put a service into a namespace, by the name of that below /proc/PID/ns. */
const OWN_NAMESPACES: ReadonlyMap<string, readonly string[]> = new Map([
  ['ipc', ['PrivateIPC']],
  ['net', ['PrivateNetwork']],
  ['user', ['PrivateUsers']],
]);

const OTHERS = new Set([...OWN_NAMESPACES.values()].flat());

/** Not all versions of systemd make a mount namespace for those that make one of another kind. */
const NAMESPACES: ReadonlyMap<string, readonly string[]> = new Map([
  ...OWN_NAMESPACES,
  [
    'mnt',
    DIRECTIVES.filter(({ mountNamespace, name }) => mountNamespace && !OTHERS.has(name)).map(
      (row) => row.name,
    ),
  ],
]);

/** systemd asks the kernel for it without a filter, where Linux is 6.3 or newer (PR_SET_MDWE of prctl(2)). */
const WITHOUT_FILTER = 'MemoryDenyWriteExecute';

/** Directives that are a filter of systemd's and nothing else, on every architecture and kernel. */
const FILTERS = DIRECTIVES.filter(
  ({ name, refuses, mountNamespace, userNamespace }) =>
    refuses && !mountNamespace && !userNamespace && name !== WITHOUT_FILTER,
).map(({ name }) => name);

/** Flags on the bus by which ExecStart= goes without the unit's confinement. */
const UNHELD = ['privileged', 'no-setuid', 'ambient'];

const isSet = (properties: UnitProperties, name: string): boolean =>
  isOn(findDirective(name)!, properties.get(name));

/**
 * Whether the main process of a service of the system's manager shows that it was started without what a drop-in sets, and
 * the manager has loaded: its namespaces, capabilities and flags tell (namespaces(7), proc_pid_status(5)). False where they
 * don't, or can't be seen.
 * @param set names of directives
 */
export async function lacksConfinement(
  system: System,
  state: UnitState,
  set: ReadonlySet<string>,
): Promise<boolean> {
  const pid = state.mainPid;
  // One of type idle may wait for others before it is confined.
  if (pid === 0 || state.type === 'idle' || startsUnheld(state)) return false;
  const ours = new Map([...state.properties].filter(([name]) => set.has(name)));
  try {
    if (!(await lacks(system, pid, ours))) return false;
    await system.wait(PROGRAM_WITHIN);
    return await lacks(system, pid, ours);
  } catch (cause) {
    if (!(cause instanceof UserError)) throw cause;
    return false;
  }
}

async function lacks(system: System, pid: number, ours: UnitProperties): Promise<boolean> {
  const [status, own, managers] = await Promise.all([
    readStatus(system, `${pid}`),
    system.links(`/proc/${pid}/ns`),
    system.links('/proc/1/ns'),
  ]);
  if (status === undefined) return false;
  const shares = (namespace: string) => own.has(namespace) && own.get(namespace) === managers.get(namespace);
  const isOutside = [...NAMESPACES].some(
    ([namespace, names]) => shares(namespace) && names.some((name) => isSet(ours, name)),
  );
  const mayGain = isSet(ours, 'NoNewPrivileges') && status.get('NoNewPrivs') === '0';
  const isUnfiltered = FILTERS.some((name) => isSet(ours, name)) && status.get('Seccomp') === '0';
  return isOutside || mayGain || isUnfiltered || (shares('user') && hasMore(status, ours));
}

const startsUnheld = (state: UnitState): boolean =>
  commandsOf(state, 'ExecStart').some(({ flags }) => UNHELD.some((flag) => flags.includes(flag)));

/** Whether a process could get capabilities that its unit takes away. In a user namespace of its own it has all of that. */
function hasMore(status: ReadonlyMap<string, string>, properties: UnitProperties): boolean {
  const allowed = properties.get('CapabilityBoundingSet');
  const bounding = status.get('CapBnd');
  if (typeof allowed !== 'bigint' || bounding === undefined) return false;
  return (BigInt(`0x${bounding}`) & ~allowed) !== 0n;
}
