import { type Diagnostic, error } from '../../diagnostic.js';
import type { Plan, SystemdFilter } from '../../plan/plan.js';
import { abisOf } from '../../syscalls/abi.js';
import { type Action, errnoAction } from '../../syscalls/action.js';
import { parseAction } from '../../syscalls/action-text.js';
import { numbersOf } from '../../syscalls/numbers.js';
import { expandSet, type SyscallSets } from '../../syscalls/sets.js';
import type { UnitProperties } from '../../system/system.js';

/** A filter's own action for a call; undefined stands for the usual one. */
export type EntryAction = Action | 'unknown' | undefined;
type Entries = ReadonlyMap<string, EntryAction>;

/**
 * Holds the calls in SystemCallFilter= as loaded, and their errnos, against those meant. Only calls of the native
 * table can be told; systemd leaves calls of an allow list that have an errno of their own out.
 * @param later a hint, if drop-ins are read after ours
 */
export function filterBack(plan: Plan, properties: UnitProperties, later: string | undefined): Diagnostic[] {
  const filter = plan.systemCalls;
  if (!filter) return [];
  const [allows, listed] = properties.get('SystemCallFilter') as [boolean, string[]];
  const empty = listed.length === 0 && filter.passing.size === 0 && filter.refused.size === 0;
  if (allows !== (filter.mode === 'allow') && !empty) {
    const what = `SystemCallFilter= is ${allows ? 'an allow' : 'a deny'} list in systemd`;
    return [error('not-in-force', what, { hint: later })];
  }
  const native = numbersOf(abisOf(plan.target.machine)[0]!);
  const entries = new Map([...loadedEntries(listed)].filter(([call]) => native.has(call)));
  const differs = (what: string, calls: readonly string[]) =>
    calls.length === 0
      ? []
      : [error('not-in-force', `${what}: ${shortList(calls)}`, { hint: later ?? ALONE })];
  // Its libseccomp may be older than its sets. What an allow list lacks is refused, and what the launcher refuses is too.
  const open = allows || plan.filter ? [] : [...filter.refused.keys()].filter((call) => !entries.has(call));
  return [
    ...differs(
      later ? "systemd doesn't refuse" : "systemd doesn't refuse, since its libseccomp doesn't know them",
      open.filter((call) => native.has(call)),
    ),
    ...differs(`SystemCallFilter= also ${allows ? 'allows' : 'refuses'}`, extraCalls(filter, entries)),
    ...differs('SystemCallFilter= has another errno for', otherActions(filter, entries)),
  ];
}

/**
 * Holds SystemCallLog= as loaded against the plan, whose names come on top of the unit's own. Of a set it can be told
 * whether any call of it is recorded: a libseccomp that is older than the sets doesn't know them all.
 */
export function logBack(plan: Plan, properties: UnitProperties, later: string | undefined): Diagnostic[] {
  const log = properties.get('SystemCallLog') as [boolean, string[]] | undefined;
  const planned = plan.directives.filter(({ name }) => name === 'SystemCallLog');
  if (log === undefined) return [];
  const names = planned.flatMap(({ values }) => values.flatMap((value) => value.split(' ')));
  const missing = names.filter((name) => !recordsAny(log, callsOf(name, plan.target.sets)));
  if (missing.length === 0) return [];
  return [error('not-in-force', `SystemCallLog= lacks: ${shortList(missing)}`, { hint: later ?? ALONE })];
}

/** The calls of a set, or the one of this name. */
export const callsOf = (name: string, sets: SyscallSets): readonly string[] =>
  expandSet(sets, name) ?? [name];

/** Whether SystemCallLog= as loaded has any of these calls recorded. */
export const recordsAny = (
  [only, listed]: readonly [boolean, readonly string[]],
  calls: readonly string[],
): boolean =>
  // An empty list records nothing, whatever its sign.
  listed.length > 0 && calls.some((call) => listed.includes(call) === only);

const ALONE = 'enforcer = "launcher" leaves nothing to systemd';

const shortList = (calls: readonly string[]) =>
  `${calls.slice(0, 10).join(', ')}${calls.length > 10 ? ', …' : ''}`;

/** The calls that SystemCallFilter= has on the bus. */
export const loadedEntries = (listed: readonly string[]): Entries => new Map(listed.map(parseEntry));

/** The highest that the kernel knows. */
const MAX_ERRNO = 4095;

/** `name`, or `name:EPERM`, `name:kill`, `name:200`. */
function parseEntry(entry: string): [string, EntryAction] {
  const [call = '', suffix] = entry.split(':');
  if (suffix === undefined) return [call, undefined];
  // No policy can have all of them.
  const errno = /^\d{1,4}$/.test(suffix) ? Number(suffix) : Number.POSITIVE_INFINITY;
  return [call, errno <= MAX_ERRNO ? errnoAction(errno) : (parseAction(suffix) ?? 'unknown')];
}

/** Calls that the filter names and the plan doesn't. */
function extraCalls({ mode, passing, refused }: SystemdFilter, entries: Entries): string[] {
  const known = (call: string, action: EntryAction) =>
    mode === 'allow' && action === undefined ? passing.has(call) : refused.has(call);
  return [...entries].filter(([call, action]) => !known(call, action)).map(([call]) => call);
}

/** Refused calls that get something else than what is meant. */
const otherActions = ({ mode, action: usual, refused }: SystemdFilter, entries: Entries): string[] =>
  [...entries]
    .filter(([call, action = usual]) => refused.has(call) && refused.get(call) !== action)
    .filter(([, action]) => mode === 'deny' || action !== undefined)
    .map(([call]) => call);
