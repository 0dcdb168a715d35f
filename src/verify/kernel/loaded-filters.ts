/** Filters as the kernel has them, from the output of read-filters, as far as there is room for them. */
import type { Instruction } from '../../filter/bpf.js';
import { createNumbering } from '../../filter/compare/numbering.js';
import type { Stack } from '../../filter/stack.js';
import { validate } from '../../filter/validate.js';

/** The filters of a thread. */
export interface LoadedFilters {
  /** Newest first, empty if the kernel shows none; the same object for threads that have the same. */
  readonly stack: Stack;
  /** The number of further filters, which are too many to be taken in. */
  readonly unread: number;
}

/** The most instructions of all different filters of a unit: more than a hundred of the longest filters have. */
const MOST_INSTRUCTIONS = 2 ** 19;

/** The start of a filter's line, and the digits of an instruction. */
const WORD = 'filter ';
const DIGITS = 16;

/** The lines of a thread's filters, the newest first. */
type Lines = readonly string[];

/**
 * Takes filters in, the oldest of every thread first: a thread was started with those, and has loaded the others
 * itself.
 * @returns the filters by their lines; undefined if a line is no filter
 */
export function takeIn(threads: ReadonlySet<Lines>): ReadonlyMap<Lines, LoadedFilters> | undefined {
  const read = createReading();
  const stacks = new Map<Lines, Instruction[][]>([...threads].map((lines) => [lines, []]));
  for (let age = 1, some = [...threads]; some.length > 0; age++) {
    some = some.filter((lines) => lines.length >= age);
    for (const lines of some) {
      const program = read(lines.at(-age)!);
      if (program === 'invalid') return undefined;
      if (program !== 'too-much') stacks.get(lines)!.push(program);
    }
  }
  return new Map(
    [...stacks].map(([lines, stack]) => [
      lines,
      { stack: stack.reverse(), unread: lines.length - stack.length },
    ]),
  );
}

/** Makes a function that reads lines, equal ones once. */
function createReading() {
  const numberOf = createNumbering();
  const known = new Map<number, Instruction[] | 'invalid'>();
  let left = MOST_INSTRUCTIONS;
  return (line: string): Instruction[] | 'invalid' | 'too-much' => {
    const number = numberOf(line);
    const found = known.get(number);
    if (found !== undefined) return found;
    const length = (line.length - WORD.length) / DIGITS;
    if (length > left) return 'too-much';
    left -= length;
    const program = parseFilter(line) ?? 'invalid';
    known.set(number, program);
    return program;
  };
}

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
