/**
 * A program that is written from its last instruction to its first. seccomp programs jump forward only: every target of
 * a jump has its place already, and every distance is final when it is written.
 */
import type { Action } from '../../syscalls/action.js';
import { BPF_JA, BPF_JMP, BPF_K, BPF_RET, type Instruction } from '../bpf.js';

/** The target of a jump: a return with an action, or an instruction that has been marked. */
export type JumpTarget = { readonly action: Action } | { readonly label: string };

export interface BackwardProgram {
  readonly length: () => number;
  /** Puts an instruction that isn't a jump in front. */
  readonly push: (code: number, k: number) => void;
  /** Marks the instruction in front as this place. */
  readonly mark: (place: JumpTarget) => void;
  /** Puts a way to a place in front: the return itself, or a jump without a condition. */
  readonly bring: (place: JumpTarget) => void;
  /** Puts a test in front that leads to two places, however far they are. */
  readonly jump: (op: number, k: number, onYes: JumpTarget, onNo: JumpTarget) => void;
  readonly finish: () => Instruction[];
}

/** The longest distance that a test's 8-bit offsets reach. */
const REACH = 0xff;

const keyOf = (place: JumpTarget) => ('action' in place ? `return ${place.action}` : place.label);

export function createBackwardProgram(): BackwardProgram {
  const backward: Instruction[] = [];
  /** The position of each place nearest to the front, as an index into `backward`. */
  const places = new Map<string, number>();

  /** The number of instructions that one put in front would skip to reach a place. */
  const distance = (place: JumpTarget) =>
    backward.length - 1 - (places.get(keyOf(place)) ?? Number.NEGATIVE_INFINITY);

  const push = (code: number, k: number, jt = 0, jf = 0) => void backward.push({ code, jt, jf, k });

  const mark = (place: JumpTarget) => void places.set(keyOf(place), backward.length - 1);

  function bring(place: JumpTarget): void {
    if ('action' in place) push(BPF_RET | BPF_K, place.action);
    else if (places.has(keyOf(place))) push(BPF_JMP | BPF_JA, distance(place));
    else throw new Error(`jump to an unmarked place: ${place.label}`);
    mark(place);
  }

  function jump(op: number, k: number, onYes: JumpTarget, onNo: JumpTarget): void {
    // Each place that is put in front moves the other one step away: hence the second look at `onNo`.
    for (const place of [onNo, onYes, onNo]) if (distance(place) > REACH) bring(place);
    push(BPF_JMP | op | BPF_K, k, distance(onYes), distance(onNo));
  }

  return { length: () => backward.length, push, mark, bring, jump, finish: () => backward.toReversed() };
}
