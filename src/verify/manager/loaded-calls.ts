import { type Abi, abisOf, type Machine } from '../../syscalls/abi.js';
import { errnoAction, KILL } from '../../syscalls/action.js';
import { numbersOf } from '../../syscalls/numbers.js';
import { bundledSets, type SyscallSets } from '../../syscalls/sets.js';
import { effectiveUnit } from '../../unit/effective.js';
import { ownSyscallFilter, type Refusal, WRITE_EXEMPT } from '../../unit/own-filter.js';
import type { UnitFile } from '../../unit/unit-file.js';
import { callsOf, type EntryAction, loadedEntries, recordsAny } from './loaded-filter.js';

/** The manager that has read a drop-in. */
export interface Reader {
  /** Its major version. */
  readonly systemd: number;
  readonly machine: Machine;
  /** Its sets; undefined where nobody knows them, so that only an allow list can be told from a deny list. */
  readonly sets: SyscallSets | undefined;
}

/** The directives that are lists of calls, which the sets of a systemd decide on. */
export const CALL_LISTS: readonly string[] = ['SystemCallFilter', 'SystemCallLog'];

/** As on the bus: whether it is of the calls that it lists alone, or of all others. */
export type CallList = readonly [only: boolean, listed: readonly string[]];

/**
 * Whether SystemCallFilter= is loaded as the lines of a drop-in have it. What can't be told counts as loaded: lines that
 * don't begin with a reset, calls of other tables than the native one, errnos in an allow list, of which the bus has
 * none, and calls that its libseccomp may not know.
 */
export function filterHolds(file: UnitFile, [allows, listed]: CallList, reader: Reader): boolean {
  const { systemd, machine, sets } = reader;
  const unit = effectiveUnit([file]);
  const meant = ownSyscallFilter(unit, sets ?? bundledSets(), systemd);
  if (!meant) return !allows && listed.length === 0;
  if (allows !== (meant.mode === 'allow')) return false;
  const isWhole = unit.all('Service', 'SystemCallFilter')[0]?.value === '';
  if (!isWhole || !sets) return true;
  const [abi] = abisOf(machine);
  const native = numbersOf(abi!);
  const isExempt = (call: string) => call === 'write' && systemd >= WRITE_EXEMPT;
  const entries = loadedEntries(listed);
  const extra = [...entries].some(
    ([call, action]) =>
      native.has(call) && !isExempt(call) && !isMeant(meant.entries.get(call), action, allows),
  );
  const lacks = ([call, { errno }]: readonly [string, { readonly errno?: Refusal }]) =>
    !entries.has(call) && !(allows && errno !== undefined) && !isExempt(call) && isSurelyKnown(call, abi!);
  return !extra && ![...meant.entries].some(lacks);
}

/** @param meant what the lines have of a call, if they have it */
function isMeant(
  meant: { readonly errno?: Refusal } | undefined,
  action: EntryAction,
  allows: boolean,
): boolean {
  // Of an allow list 247 has calls with an errno, too.
  if (action === 'unknown' || (allows && action !== undefined)) return true;
  if (!meant) return false;
  const { errno } = meant;
  return action === (errno === undefined ? undefined : errno === 'kill' ? KILL : errnoAction(errno));
}

/** Whether what a drop-in adds to SystemCallLog= is loaded; lines that take away can't be told from the unit's own. */
export function logHolds(
  values: readonly string[],
  log: CallList | undefined,
  { machine, sets }: Reader,
): boolean {
  if (!log || !sets || values.some((value) => value === '' || value.startsWith('~'))) return true;
  const [abi] = abisOf(machine);
  const isLacking = (name: string) => {
    const calls = callsOf(name, sets).filter((call) => isSurelyKnown(call, abi!));
    return calls.length > 0 && !recordsAny(log, calls);
  };
  return !values.some((value) => value.split(' ').some(isLacking));
}

/** The last call in the tables of libseccomp 2.5.1, the oldest that a supported systemd comes with: faccessat2(2). */
const LAST_KNOWN = 439;

/** Calls that were given a number below that later. */
const LATER: ReadonlySet<string> = new Set(['riscv_hwprobe', 'uprobe', 'uretprobe']);

const isSurelyKnown = (call: string, abi: Abi): boolean =>
  (numbersOf(abi).get(call) ?? Number.POSITIVE_INFINITY) <= LAST_KNOWN && !LATER.has(call);
