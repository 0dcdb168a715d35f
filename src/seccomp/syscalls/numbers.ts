/** Names and numbers of system calls, from the kernel's headers. */
import type { Abi } from './abi.js';
import { numbersSource, numbersTable } from './generated/numbers.js';
import { bundledSets, callsInSets, type SyscallSets } from './sets.js';

/** The source of the numbers, with the kernel's release: `Linux 6.12`. */
export const NUMBERS_SOURCE = numbersSource;

type TableRow = readonly string[];
let table: { readonly heading: TableRow; readonly rows: readonly TableRow[] } | undefined;

function parsedTable() {
  if (!table) {
    const [heading, ...rows] = numbersTable
      .trimEnd()
      .split('\n')
      .map((line) => line.split(' '));
    table = { heading: heading!, rows };
  }
  return table;
}

const numbersByAbi = new Map<Abi, ReadonlyMap<string, number>>();

/**
 * The numbers of an ABI's calls by name, in alphabetical order. A number has one name. x32's numbers lack bit 30; arm's
 * include the private ones (`cacheflush`, `set_tls`) from 0xf0001 on.
 */
export function numbersOf(abi: Abi): ReadonlyMap<string, number> {
  let numbers = numbersByAbi.get(abi);
  if (!numbers) {
    const { heading, rows } = parsedTable();
    const column = heading.indexOf(abi);
    const present = rows.filter((row) => row[column] !== '-');
    numbers = new Map(present.map((row) => [row[0]!, Number(row[column])]));
    numbersByAbi.set(abi, numbers);
  }
  return numbers;
}

const namesByAbi = new Map<Abi, ReadonlyMap<number, string>>();

/** The name of a number in an ABI's table; undefined if no call has that number. */
export function nameOf(abi: Abi, nr: number): string | undefined {
  let names = namesByAbi.get(abi);
  if (!names) {
    names = new Map([...numbersOf(abi)].map(([name, number]) => [number, name]));
    namesByAbi.set(abi, names);
  }
  return names.get(nr);
}

let allCalls: ReadonlySet<string> | undefined;

/** Every call that has a number in one of the six ABIs, in alphabetical order. */
export function callNames(): ReadonlySet<string> {
  allCalls ??= new Set(parsedTable().rows.map((row) => row[0]!));
  return allCalls;
}

/**
 * The place where a name is known as a call's. `here`: one of the six ABIs has the call. `elsewhere`: only the bundled
 * sets name it, because another machine has it (`s390_sthyi`). `newer`: only the given sets name it.
 */
export function whereKnown(
  name: string,
  sets: SyscallSets = bundledSets(),
): 'here' | 'elsewhere' | 'newer' | undefined {
  if (callNames().has(name)) return 'here';
  if (callsInSets(bundledSets()).has(name)) return 'elsewhere';
  return callsInSets(sets).has(name) ? 'newer' : undefined;
}

/** Whether none of these ABIs has a call. A call that is newer than the tables may exist on any. */
export const isAbsent = (name: string, abis: readonly Abi[], sets?: SyscallSets): boolean =>
  !abis.some((abi) => numbersOf(abi).has(name)) && whereKnown(name, sets) !== 'newer';

/** Endings by which names of related calls differ: `umount2`, `openat`, `sendto`. */
const ENDS = String.raw`(at|to|from)\d*`;

/**
 * A call of an ABI that does, by its name, what a call of another ABI does: `sendto` for `send`, `openat` for `open`.
 */
export function namesake(name: string, abi: Abi): string | undefined {
  const calls = [...numbersOf(abi).keys()];
  const base = name.replace(/\d+$/, '');
  const patterns = [String.raw`${base}\d+`, base, `(new)?[fp]?${base}${ENDS}`, String.raw`p${base}\d*`];
  for (const pattern of patterns) {
    const whole = new RegExp(`^${pattern}$`);
    const found = calls.find((call) => whole.test(call));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Whether a name is a system call's, on any machine. */
export const isKnownCall = (name: string, sets?: SyscallSets): boolean =>
  whereKnown(name, sets) !== undefined;

/** Every name that isKnownCall() accepts, for suggestions. */
export const knownCalls = (sets: SyscallSets = bundledSets()): Set<string> =>
  new Set([...callNames(), ...callsInSets(sets)]);
