import { shortList } from '../../collections.js';
import { namesFilter } from '../../paths/own-files.js';
import { type Abi, abisOf, type Machine } from '../../syscalls/abi.js';
import { type Action, errnoAction, KILL } from '../../syscalls/action.js';
import { parseAction } from '../../syscalls/action-text.js';
import { isKnownCall, numbersOf } from '../../syscalls/numbers.js';
import { bundledSets, expandSet, type SyscallSets } from '../../syscalls/sets.js';
import type { NameList } from '../../system/unit-state.js';
import { type EffectiveUnit, effectiveUnit } from '../../unit/effective.js';
import {
  type OwnSyscallFilter,
  ownErrorNumber,
  ownSyscallFilter,
  type Refusal,
  WRITE_EXEMPT,
} from '../../unit/own-filter.js';
import type { Scope } from '../../unit/search.js';
import type { UnitFile } from '../../unit/unit-file.js';
import { sinceReset } from '../../unit/values.js';
import type { Difference } from './difference.js';

/** The manager that has read a drop-in. */
export interface Reader {
  readonly scope: Scope;
  /** Its major version. */
  readonly systemd: number;
  readonly machine: Machine;
  /** Its sets; undefined where nobody knows them, so that only an allow list can be told from a deny list. */
  readonly sets: SyscallSets | undefined;
}

const FILTER = 'SystemCallFilter';

/** A filter without a call, as an empty SystemCallFilter= leaves it. */
const NO_FILTER: Pick<OwnSyscallFilter, 'mode' | 'entries'> = { mode: 'deny', entries: new Map() };

/**
 * Holds SystemCallFilter= as loaded against the lines of a drop-in, call by call. Lines that don't begin with a reset,
 * calls of other tables than the native one, and errnos in an allow list, of which the bus has none, can't be told.
 * Calls that its libseccomp may not know may be missing where they are refused all the same: in an allow list, and where
 * the launcher loads the whole policy.
 */
export function filterDifferences(
  dropIn: UnitFile,
  [allows, listed]: NameList,
  reader: Reader,
): Difference[] {
  const { systemd, sets } = reader;
  const unit = effectiveUnit([dropIn]);
  const own = ownSyscallFilter(unit, sets ?? bundledSets(), systemd);
  const meant = own ?? NO_FILTER;
  if (allows !== (meant.mode === 'allow'))
    return [
      {
        directive: FILTER,
        message: `SystemCallFilter= is ${allows ? 'an allow' : 'a deny'} list in systemd`,
      },
    ];
  const isWhole = unit.all('Service', FILTER)[0]?.value === '';
  if (!isWhole || (own && !sets)) return [];
  const { missing, extra, other } = compared(meant, listed, { unit, reader });
  const isKnown = (call: string) => isSurelyKnown(call, nativeAbi(reader));
  const told = allows || isLaunched(dropIn) ? missing.filter(isKnown) : missing;
  const lacking = allows
    ? "SystemCallFilter= doesn't allow"
    : told.some(isKnown)
      ? "systemd doesn't refuse"
      : "systemd doesn't refuse, since its libseccomp doesn't know them";
  return [
    ...aboutCalls(FILTER, lacking, told),
    ...aboutCalls(FILTER, `SystemCallFilter= also ${allows ? 'allows' : 'refuses'}`, extra),
    ...aboutCalls(FILTER, 'SystemCallFilter= has another errno for', other),
  ];
}

/** Whether commands of a drop-in are started by the launcher, which loads the whole policy. */
const isLaunched = ({ assignments }: UnitFile): boolean =>
  assignments.some(({ key, value }) => key.startsWith('Exec') && namesFilter(value));

/** Calls of the native table by how a loaded filter has them otherwise than it is meant to. */
interface Compared {
  readonly missing: readonly string[];
  readonly extra: readonly string[];
  /** Refused calls that get something else. */
  readonly other: readonly string[];
}

function compared(
  { mode, entries: meant }: typeof NO_FILTER,
  listed: readonly string[],
  { unit, reader }: { readonly unit: EffectiveUnit; readonly reader: Reader },
): Compared {
  const allows = mode === 'allow';
  const native = numbersOf(nativeAbi(reader));
  const isTold = (call: string) => native.has(call) && !(call === 'write' && reader.systemd >= WRITE_EXEMPT);
  const loaded = new Map(listed.map(parseEntry).filter(([call]) => isTold(call)));
  // Of an allow list 247 has calls with an errno, too.
  const isMeant = ([call, action]: Entry) =>
    meant.has(call) && !(allows && action === undefined && meant.get(call)!.errno !== undefined);
  const usual = ownErrorNumber(unit);
  const isOther = ([call, action = actionOf(usual)]: Entry) =>
    meant.has(call) && action !== actionOf(meant.get(call)!.errno ?? usual);
  return {
    missing: [...meant]
      .filter(([call, { errno }]) => isTold(call) && !loaded.has(call) && !(allows && errno !== undefined))
      .map(([call]) => call),
    extra: [...loaded].filter((entry) => !isMeant(entry)).map(([call]) => call),
    other: allows ? [] : [...loaded].filter(isOther).map(([call]) => call),
  };
}

const actionOf = (refusal: Refusal): Action => (refusal === 'kill' ? KILL : errnoAction(refusal));

/**
 * Holds SystemCallLog= as loaded against the lines of a drop-in, which come on top of the unit's own. Of a set it can be
 * told whether any call of it is recorded: a libseccomp that is older than the sets doesn't know them all.
 */
export function logDifferences(
  values: readonly string[],
  log: NameList | undefined,
  { sets }: Reader,
): Difference[] {
  if (!log || !sets) return [];
  const missing = sinceReset(values)
    .flatMap((value) => value.split(' '))
    .filter((name) => {
      const calls = expandSet(sets, name) ?? (isKnownCall(name, sets) ? [name] : []);
      return calls.length > 0 && !recordsAny(log, calls);
    });
  return aboutCalls('SystemCallLog', 'SystemCallLog= lacks', missing);
}

/** Whether SystemCallLog= as loaded has any of these calls recorded. */
const recordsAny = ([only, listed]: NameList, calls: readonly string[]): boolean =>
  // An empty list records nothing, whatever its sign.
  listed.length > 0 && calls.some((call) => listed.includes(call) === only);

/** Calls that a message names. */
const MOST_NAMED = 10;

const aboutCalls = (directive: string, what: string, calls: readonly string[]): Difference[] =>
  calls.length === 0
    ? []
    : [
        {
          directive,
          message: `${what}: ${shortList(calls, MOST_NAMED)}`,
          hint: 'enforcer = "launcher" leaves nothing to systemd',
        },
      ];

/** A call that SystemCallFilter= has on the bus, and its own action; undefined stands for the usual one. */
type Entry = readonly [call: string, action: Action | 'unknown' | undefined];

/** The highest that the kernel knows. */
const MAX_ERRNO = 4095;

/** Reads `name`, or `name:EPERM`, `name:kill`, `name:200`. */
function parseEntry(entry: string): Entry {
  const [call = '', suffix] = entry.split(':');
  if (suffix === undefined) return [call, undefined];
  // No policy can have all of them.
  const errno = /^\d{1,4}$/.test(suffix) ? Number(suffix) : Number.POSITIVE_INFINITY;
  return [call, errno <= MAX_ERRNO ? errnoAction(errno) : (parseAction(suffix) ?? 'unknown')];
}

const nativeAbi = ({ machine }: Reader): Abi => abisOf(machine)[0]!;

/** The last call in the tables of libseccomp 2.5.1, the oldest that a supported systemd comes with: faccessat2(2). */
const LAST_KNOWN = 439;

/** Calls that were given a number below that later. */
const LATER: ReadonlySet<string> = new Set(['riscv_hwprobe', 'uprobe', 'uretprobe']);

const isSurelyKnown = (call: string, abi: Abi): boolean =>
  (numbersOf(abi).get(call) ?? Number.POSITIVE_INFINITY) <= LAST_KNOWN && !LATER.has(call);
