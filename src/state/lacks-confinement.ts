import { UserError } from '../diagnostic.js';
import type { Directive } from '../directives/directive.js';
import { isOn } from '../directives/is-on.js';
import { DIRECTIVES, findDirective } from '../directives/table.js';
import type { System } from '../system/system.js';
import { commandsOf, type UnitProperties, type UnitState } from '../system/unit-state.js';
import { PROGRAM_WITHIN, readStatus } from './process-status.js';

const rowOf = (name: string): Directive => findDirective(name)!;

/** Directives that put a service into a namespace, by the name of that below /proc/PID/ns. */
const OWN_NAMESPACES: ReadonlyMap<string, readonly Directive[]> = new Map([
  ['ipc', [rowOf('PrivateIPC')]],
  ['net', [rowOf('PrivateNetwork')]],
  ['user', [rowOf('PrivateUsers')]],
]);

const OTHERS = new Set([...OWN_NAMESPACES.values()].flat());

/** Not all versions of systemd make a mount namespace for those that make one of another kind. */
const NAMESPACES: ReadonlyMap<string, readonly Directive[]> = new Map([
  ...OWN_NAMESPACES,
  ['mnt', DIRECTIVES.filter((row) => row.mountNamespace && !OTHERS.has(row))],
]);

/** systemd asks the kernel for it without a filter, where Linux is 6.3 or newer (PR_SET_MDWE of prctl(2)). */
const WITHOUT_FILTER = 'MemoryDenyWriteExecute';

/** Directives that are a filter of systemd's and nothing else, on every architecture and kernel. */
const FILTERS = DIRECTIVES.filter(
  ({ name, refuses, mountNamespace, userNamespace }) =>
    refuses && !mountNamespace && !userNamespace && name !== WITHOUT_FILTER,
);

const NO_NEW_PRIVILEGES = rowOf('NoNewPrivileges');
const BOUNDING_SET = rowOf('CapabilityBoundingSet');

/** Flags on the bus by which ExecStart= goes without the unit's confinement. */
const UNHELD = ['privileged', 'no-setuid', 'ambient'];

/** Properties as the manager has loaded them, and the names of the directives that a drop-in of ours sets. */
interface Loaded {
  readonly properties: UnitProperties;
  readonly set: ReadonlySet<string>;
}

/** The loaded value of a directive that is set; undefined for others. */
const loadedValue = ({ properties, set }: Loaded, { name, bus }: Directive): unknown =>
  set.has(name) ? properties.get(bus.property) : undefined;

const isSet = (loaded: Loaded, row: Directive): boolean => isOn(row, loadedValue(loaded, row));

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
  const ours = { properties: state.properties, set };
  try {
    if (!(await lacks(system, pid, ours))) return false;
    await system.wait(PROGRAM_WITHIN);
    return await lacks(system, pid, ours);
  } catch (cause) {
    if (!(cause instanceof UserError)) throw cause;
    return false;
  }
}

async function lacks(system: System, pid: number, ours: Loaded): Promise<boolean> {
  const [status, own, managers] = await Promise.all([
    readStatus(system, `${pid}`),
    system.links(`/proc/${pid}/ns`),
    system.links('/proc/1/ns'),
  ]);
  if (status === undefined) return false;
  const shares = (namespace: string) => own.has(namespace) && own.get(namespace) === managers.get(namespace);
  const isOutside = [...NAMESPACES].some(
    ([namespace, rows]) => shares(namespace) && rows.some((row) => isSet(ours, row)),
  );
  const mayGain = isSet(ours, NO_NEW_PRIVILEGES) && status.get('NoNewPrivs') === '0';
  const isUnfiltered = FILTERS.some((row) => isSet(ours, row)) && status.get('Seccomp') === '0';
  return isOutside || mayGain || isUnfiltered || (shares('user') && hasMore(status, ours));
}

const startsUnheld = (state: UnitState): boolean =>
  commandsOf(state, 'ExecStart').some(({ flags }) => UNHELD.some((flag) => flags.includes(flag)));

/** Whether a process could get capabilities that its unit takes away. In a user namespace of its own it has all of that. */
function hasMore(status: ReadonlyMap<string, string>, ours: Loaded): boolean {
  const allowed = loadedValue(ours, BOUNDING_SET);
  const bounding = status.get('CapBnd');
  if (typeof allowed !== 'bigint' || bounding === undefined) return false;
  return (BigInt(`0x${bounding}`) & ~allowed) !== 0n;
}
