/**
 * The conventions and numbers at which a program of others may change its way. Between two such points it takes one way
 * for all calls with equal arguments.
 */
import type { Instruction } from './bpf.js';
import { Unprovable } from './unprovable.js';

/** The first values of ranges in which a program tells no two values apart, ascending from 0. */
export interface TurningPoints {
  readonly arch: readonly number[];
  readonly nr: readonly number[];
}

/** The possible contents of the accumulator, as bits. */
const NR = 1;
const ARCH = 2;
const OTHER = 4;

/**
 * The turning points of a valid program.
 * @throws Unprovable where it does more with the convention or the number than compare them with constants
 */
export function turningPointsOf(program: readonly Instruction[]): TurningPoints {
  const arch = new Set([0]);
  const nr = new Set([0]);
  const arriving = new Uint8Array(program.length + 1);
  arriving[0] = OTHER;
  for (const [at, instruction] of program.entries()) {
    const held = arriving[at]!;
    if (held === 0) continue;
    for (const point of pointsOf(instruction, at, held)) {
      if (held & NR) nr.add(point);
      if (held & ARCH) arch.add(point);
    }
    const after = heldAfter(instruction, held);
    for (const skip of skipsOf(instruction)) arriving[at + 1 + skip]! |= after;
  }
  return { arch: ascending(arch), nr: ascending(nr) };
}

/** Sorts unsigned 32-bit numbers, each once. */
export const ascending = (numbers: Iterable<number>): number[] => [
  ...Uint32Array.from(new Set(numbers)).sort(),
];

/**
 * The index of the range that a number is in.
 * @param points ascending, the first is 0
 */
export function rangeIndex(points: readonly number[], value: number): number {
  let [low, high] = [0, points.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (points[middle]! <= value) low = middle;
    else high = middle - 1;
  }
  return low;
}

function pointsOf({ code, k }: Instruction, at: number, held: number): number[] {
  if ((held & (NR | ARCH)) === 0) return [];
  switch (code) {
    case 0x15:
      return k < 0xffffffff ? [k, k + 1] : [k];
    case 0x25:
      return k < 0xffffffff ? [k + 1] : [];
    case 0x35:
      return [k];
  }
  if (!isHarmless(code, k)) throw new Unprovable(at, 'computes with the number or the convention');
  return [];
}

/**
 * Whether an instruction makes no use of A: loads, returns of a constant, the jump without a condition, and AND with 0.
 */
const isHarmless = (code: number, k: number): boolean =>
  [0x00, 0x20, 0x60, 0x80, 0x87, 0x01, 0x61, 0x81, 0x05, 0x06].includes(code) || (code === 0x54 && k === 0);

function heldAfter({ code, k }: Instruction, held: number): number {
  if (code === 0x20) return k === 0 ? NR : k === 4 ? ARCH : OTHER;
  return [0x00, 0x54, 0x60, 0x80, 0x87].includes(code) ? OTHER : held;
}

/** The numbers of instructions that may be skipped behind one; empty for a return. */
export function skipsOf({ code, jt, jf, k }: Instruction): number[] {
  if ((code & 7) === 6) return [];
  if (code === 0x05) return [k];
  return (code & 7) === 5 ? [jt, jf] : [0];
}
