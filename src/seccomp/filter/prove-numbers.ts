/**
 * The ways of a program for every convention and every number, without trying them one by one. The program is followed
 * with ranges of both, which its comparisons cut. A range ends at a return, or at the first load of an argument.
 */

import type { Action } from '../syscalls/action.js';
import type { Instruction } from './bpf.js';

/** A range of unsigned words, both ends included. */
export type WordRange = readonly [first: number, last: number];

/** Calls that take the same way through the program. */
export interface Leaf {
  readonly arch: WordRange;
  readonly nr: WordRange;
  /** The action that the calls get, or the instruction at which the program begins to load arguments. */
  readonly end: { readonly action: Action } | { readonly argumentsAt: number };
}

interface NumberProofState {
  readonly at: number;
  /** The content of the accumulator. */
  readonly held: 'nr' | 'arch' | undefined;
  readonly arch: WordRange;
  readonly nr: WordRange;
}

const EVERY: WordRange = [0, 0xffffffff];

/**
 * The leaves of a valid program: together they have every convention and number, each once.
 * @throws Unprovable for other instructions than loads, comparisons with constants, jumps and returns of constants
 */
export function leavesOf(program: readonly Instruction[]): Leaf[] {
  const leaves: Leaf[] = [];
  const open: NumberProofState[] = [{ at: 0, held: undefined, arch: EVERY, nr: EVERY }];
  for (let state = open.pop(); state !== undefined; state = open.pop()) {
    const { at, arch, nr } = state;
    const { code, k } = program[at]!;
    if (code === 0x06) leaves.push({ arch, nr, end: { action: k } });
    else if (code === 0x20 && k >= 16) leaves.push({ arch, nr, end: { argumentsAt: at } });
    else if (code === 0x20 && k === 0) open.push({ ...state, at: at + 1, held: 'nr' });
    else if (code === 0x20 && k === 4) open.push({ ...state, at: at + 1, held: 'arch' });
    else if (code === 0x05) open.push({ ...state, at: at + 1 + k });
    else open.push(...branch(program, state));
  }
  return leaves;
}

function branch(program: readonly Instruction[], state: NumberProofState): NumberProofState[] {
  const { at, held } = state;
  const { code, jt, jf, k } = program[at]!;
  const cut = cutBy(code, k);
  if (held === undefined || cut === undefined) {
    throw new Unprovable(at, 'neither the number nor the convention decides here');
  }
  const toward = (spans: readonly WordRange[], skip: number) =>
    spans
      .map((span) => intersect(span, state[held]))
      .filter((span) => span[0] <= span[1])
      .map((span) => ({ ...state, [held]: span, at: at + 1 + skip }));
  return [...toward(cut.yes, jt), ...toward(cut.no, jf)];
}

const intersect = (a: WordRange, b: WordRange): WordRange => [Math.max(a[0], b[0]), Math.min(a[1], b[1])];

/** The words for which a comparison holds, and the others; in an empty span the first word is above the last. */
function cutBy(code: number, k: number): { yes: WordRange[]; no: WordRange[] } | undefined {
  switch (code) {
    case 0x15:
      return {
        yes: [[k, k]],
        no: [
          [0, k - 1],
          [k + 1, EVERY[1]],
        ],
      };
    case 0x25:
      return { yes: [[k + 1, EVERY[1]]], no: [[0, k]] };
    case 0x35:
      return { yes: [[k, EVERY[1]]], no: [[0, k - 1]] };
    default:
      return undefined;
  }
}

/** The numbers of instructions that may be skipped behind one, first where it goes if a test holds; none for a return. */
export function skipsOf({ code, jt, jf, k }: Instruction): readonly number[] {
  if ((code & 7) === 6) return [];
  if (code === 0x05) return [k];
  return (code & 7) === 5 ? [jt, jf] : [0];
}

/** Thrown where a program does something that the compiler never writes, so that the proof knows nothing about it. */
export class Unprovable extends Error {
  override readonly name = 'Unprovable';

  constructor(at: number, problem: string) {
    super(`instruction ${at}: ${problem}`);
  }
}
