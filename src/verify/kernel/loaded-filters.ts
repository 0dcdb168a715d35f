/** Filters as the kernel has them, from the output of read-filters. */
import type { Instruction } from '../../seccomp/filter/bpf.js';
import { GUARD_LENGTH } from '../../seccomp/filter/filter-file.js';
import { isGuarded } from '../../seccomp/filter/guard.js';
import type { Stack } from '../../seccomp/filter/simulate.js';
import { validate } from '../../seccomp/filter/validate.js';

/** The oldest filters of a thread, which are those that it was started with. */
export interface StartFilters {
  /** The newest of these first. */
  readonly stack: Stack;
}

/** All filters of a thread. */
export interface PrintedFilters extends StartFilters {
  /** As read-filters prints them, the newest first; the same object for threads that have the same. */
  readonly lines: ProgramLines;
}

type ProgramLines = readonly string[];

/** The filters of a thread that are taken in: more than systemd and the launcher load. */
const OLDEST = 64;

/** The most instructions of all different programs that are taken in: several times what systemd and the launcher load. */
const MOST_INSTRUCTIONS = 2 ** 16;

/** The start of a filter's line, and the digits of an instruction. */
const WORD = 'filter ';
const DIGITS = 16;

/**
 * Takes filters in, the oldest of every thread first: a service can only add newer ones.
 * @returns the filters by their lines; undefined if a line is no filter
 */
export function takeIn(
  threads: ReadonlySet<ProgramLines>,
): ReadonlyMap<ProgramLines, PrintedFilters> | undefined {
  const read = createReading();
  const stacks = new Map<ProgramLines, Stack[number][]>([...threads].map((lines) => [lines, []]));
  for (let age = 1, some = [...stacks]; some.length > 0 && age <= OLDEST; age++) {
    some = some.filter(([lines]) => lines.length >= age);
    for (const [lines, stack] of some) {
      const program = read(lines.at(-age)!);
      if (program === undefined) return undefined;
      if (program.length > 0) stack.unshift(program);
    }
  }
  return new Map([...stacks].map(([lines, stack]) => [lines, { lines, stack }]));
}

/** Makes a function that reads lines, equal ones once; empty programs stand for those that there is no room for. */
function createReading() {
  const known = new Map<string, Instruction[] | undefined>();
  let left = MOST_INSTRUCTIONS;
  return (line: string): Instruction[] | undefined => {
    const found = known.get(line);
    const length = (line.length - WORD.length) / DIGITS;
    if (found !== undefined || length > left) return found ?? [];
    left -= length;
    const program = parseFilter(line);
    known.set(line, program);
    return program;
  };
}

/**
 * Whether a program is among filters, at any place.
 * @param program its instructions in hexadecimal digits, as read-filters prints them
 * @param guarded whether it counts behind the launcher's guard, too
 */
export const loads = ({ lines }: PrintedFilters, program: string, guarded: boolean): boolean =>
  lines.some((line) => {
    const before = line.length - WORD.length - program.length;
    if (before !== 0 && (!guarded || before !== GUARD_LENGTH * DIGITS)) return false;
    return line.endsWith(program) && (before === 0 || isGuarded(parseFilter(line) ?? []));
  });

/** Parses `filter HEX`: instructions as they lie in memory, the lowest byte first. */
function parseFilter(line: string): Instruction[] | undefined {
  if (!/^filter (?:[0-9a-f]{16})+$/.test(line)) return undefined;
  const program: Instruction[] = [];
  for (let at = WORD.length; at < line.length; at += DIGITS) {
    const first = Number.parseInt(line.slice(at, at + 8), 16);
    const k = swapped(Number.parseInt(line.slice(at + 8, at + DIGITS), 16));
    program.push({ code: swapped(first) & 0xffff, jt: (first >>> 8) & 0xff, jf: first & 0xff, k });
  }
  return validate(program) === undefined ? program : undefined;
}

/** A number of four bytes whose order is the other way round. */
const swapped = (word: number): number =>
  ((word >>> 24) | ((word >>> 8) & 0xff00) | ((word & 0xff00) << 8) | (word << 24)) >>> 0;
