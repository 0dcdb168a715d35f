/**
 * The kernel's checks of a program before it takes it (bpf_check_classic in net/core/filter.c, seccomp_check_filter in
 * kernel/seccomp.c).
 */
import type { Instruction } from './bpf.js';

const LONGEST = 4096;
const DATA_SIZE = 64;
const MEMORY_WORDS = 16;

/** Every code that seccomp takes: loads, stores, arithmetic without remainder, jumps, returns, transfers. */
const CODES: ReadonlySet<number> = new Set([
  ...[0x20, 0x80, 0x00, 0x60],
  ...[0x81, 0x01, 0x61],
  ...[0x02, 0x03],
  ...[0x04, 0x0c, 0x14, 0x1c, 0x24, 0x2c, 0x34, 0x3c, 0x44, 0x4c, 0x54, 0x5c, 0x64, 0x6c, 0x74, 0x7c],
  ...[0x84, 0xa4, 0xac],
  ...[0x05, 0x15, 0x1d, 0x25, 0x2d, 0x35, 0x3d, 0x45, 0x4d],
  ...[0x06, 0x16],
  ...[0x07, 0x87],
]);

const isJump = (code: number) => (code & 7) === 5;
const isReturn = (code: number) => (code & 7) === 6;
const isStore = (code: number) => code === 0x02 || code === 0x03;
const readsMemory = (code: number) => code === 0x60 || code === 0x61;

/**
 * The reason why the kernel would refuse a program; undefined if it takes it. Fields that don't fit their width are
 * refused, too, since they would be cut when the program is written.
 */
export function validate(program: readonly Instruction[]): string | undefined {
  const { length } = program;
  if (length === 0 || length > LONGEST) return `${length} instructions, but only 1 to ${LONGEST} are allowed`;
  for (const [at, instruction] of program.entries()) {
    const problem =
      fieldProblem(instruction) ?? operandProblem(instruction) ?? jumpProblem(instruction, length - at - 1);
    if (problem !== undefined) return `instruction ${at}: ${problem}`;
  }
  if (!isReturn(program[length - 1]!.code)) return 'the last instruction is not a return';
  const unset = unsetRead(program);
  return unset === undefined ? undefined : `instruction ${unset}: reads a memory word that may not be set`;
}

function fieldProblem({ code, jt, jf, k }: Instruction): string | undefined {
  if (!CODES.has(code)) return `unknown code 0x${code.toString(16)}`;
  const fits = (value: number, bits: number) => Number.isInteger(value) && value >= 0 && value < 2 ** bits;
  return fits(jt, 8) && fits(jf, 8) && fits(k, 32) ? undefined : 'a field is out of range';
}

function operandProblem({ code, k }: Instruction): string | undefined {
  if (code === 0x20 && (k >= DATA_SIZE || k % 4 !== 0)) return `no word at offset ${k}`;
  if (code === 0x34 && k === 0) return 'division by zero';
  if ((code === 0x64 || code === 0x74) && k >= 32) return `shift by ${k}`;
  if ((isStore(code) || readsMemory(code)) && k >= MEMORY_WORDS) return `no memory word ${k}`;
  return undefined;
}

/** @param rest the number of instructions that follow */
function jumpProblem({ code, jt, jf, k }: Instruction, rest: number): string | undefined {
  if (!isJump(code)) return undefined;
  const farthest = code === 0x05 ? k : Math.max(jt, jf);
  return farthest < rest ? undefined : 'a jump past the end of the program';
}

/** The first instruction that reads a memory word which is unset on some way to it (check_load_and_stores). */
function unsetRead(program: readonly Instruction[]): number | undefined {
  const ALL = 0xffff;
  const arriving = new Uint16Array(program.length).fill(ALL);
  let set = 0;
  for (const [at, { code, jt, jf, k }] of program.entries()) {
    set &= arriving[at]!;
    if (isStore(code)) set |= 1 << k;
    else if (readsMemory(code) && (set & (1 << k)) === 0) return at;
    else if (isJump(code)) {
      for (const skip of code === 0x05 ? [k] : [jt, jf]) arriving[at + 1 + skip]! &= set;
      set = ALL;
    }
  }
  return undefined;
}
