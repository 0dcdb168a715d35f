import { abisOf, type Machine } from '../../seccomp/syscalls/abi.js';
import { numbersOf } from '../../seccomp/syscalls/numbers.js';
import {
  closedByDirective,
  DOORS,
  type Door,
  type KernelEntry,
  MAKES_USER_NAMESPACE,
  type Needed,
} from './doors.js';
import type { Layer } from './layers.js';
import { runsAsRoot, type ScoreSettings } from './settings.js';

/** `needs`: the calls get through, but the kernel asks for a capability that the unit can't get. */
export type Access = 'open' | 'closed' | 'needs';

export interface AccessVerdict {
  readonly access: Access;
  /** The calls that get through. */
  readonly calls: readonly string[];
  /** The filters and directives that close it, or the capability that is missing. */
  readonly by: readonly string[];
}

export interface DoorVerdict extends AccessVerdict {
  readonly door: Door;
}

/** A unit's confinement as its calls meet it. */
export interface Gate {
  readonly settings: ScoreSettings;
  readonly machine: Machine;
  readonly layers: readonly Layer[];
}

/** The doors that the machine has calls for. */
export const doorsOf = (gate: Gate): DoorVerdict[] =>
  DOORS.filter(({ entries }) => entries.some((entry) => isThere(gate, entry))).map((door) => ({
    door,
    ...verdictOn(gate, door.entries, door.needs),
  }));

/** The verdict on entries of which one will do. */
function verdictOn(gate: Gate, entries: readonly KernelEntry[], needs: Needed | undefined): AccessVerdict {
  const closed = closersOf(gate, entries);
  if (closed) return { access: 'closed', calls: [], by: closed };
  const open = entries.filter((entry) => isOpen(gate, entry));
  const calls = distinct(open.map(({ call }) => call));
  return needs && !canGet(gate, needs)
    ? { access: 'needs', calls, by: [needs.capability] }
    : { access: 'open', calls, by: [] };
}

const distinct = <T>(all: readonly T[]): T[] => [...new Set(all)];

/** Names of all that closes the entries; undefined where one is open. */
function closersOf(gate: Gate, entries: readonly KernelEntry[]): string[] | undefined {
  const there = entries.filter((entry) => isThere(gate, entry));
  const closers = there.map((entry) => closerOf(gate, entry));
  return closers.includes(undefined) ? undefined : distinct(closers as string[]);
}

const isThere = ({ machine }: Gate, { call }: KernelEntry): boolean =>
  numbersOf(abisOf(machine)[0]!).has(call);

const isOpen = (gate: Gate, entry: KernelEntry): boolean =>
  isThere(gate, entry) && closerOf(gate, entry) === undefined;

/** The first filter or directive that closes an entry; undefined if it is open. */
const closerOf = ({ settings, machine, layers }: Gate, entry: KernelEntry): string | undefined =>
  layers.find(({ passes }) => !passes(entry.call, entry.args))?.name ??
  closedByDirective(entry, settings, machine);

const canGet = (gate: Gate, { capability, inUserNamespace }: Needed): boolean =>
  canHold(gate.settings, capability) ||
  (inUserNamespace && MAKES_USER_NAMESPACE.some((entry) => isOpen(gate, entry)));

/**
 * Whether processes of a unit have a capability, or may get it from a set-user-ID program. The bounding set limits
 * both (capabilities(7)). A user's manager has none to give.
 */
function canHold(settings: ScoreSettings, capability: string): boolean {
  const { scope, bounding, ambient, isOn } = settings;
  if (!bounding.has(capability)) return false;
  const has = scope === 'system' && (runsAsRoot(settings) || ambient.has(capability));
  return has || !isOn('NoNewPrivileges');
}
