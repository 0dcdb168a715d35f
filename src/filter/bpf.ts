/** Classic BPF as seccomp takes it: the instruction, the names of its parts (linux/bpf_common.h) and a listing. */

/** One instruction (struct sock_filter, linux/filter.h): all fields unsigned; 16, 8, 8 and 32 bits. */
export interface Instruction {
  readonly code: number;
  /** Instructions to skip when the test holds. */
  readonly jt: number;
  /** Instructions to skip when it doesn't. */
  readonly jf: number;
  readonly k: number;
}

/** Longest program that the kernel takes (BPF_MAXINSNS, linux/bpf_common.h). */
export const BPF_MAXINSNS = 4096;

export const BPF_LD = 0x00;
export const BPF_ALU = 0x04;
export const BPF_JMP = 0x05;
export const BPF_RET = 0x06;
export const BPF_W = 0x00;
export const BPF_ABS = 0x20;
export const BPF_AND = 0x50;
export const BPF_JA = 0x00;
export const BPF_JEQ = 0x10;
export const BPF_JGE = 0x30;
export const BPF_JSET = 0x40;
export const BPF_K = 0x00;

const ALU_NAMES = ['add', 'sub', 'mul', 'div', 'or', 'and', 'lsh', 'rsh', 'neg', 'mod', 'xor'];
const JUMP_NAMES = ['ja', 'jeq', 'jgt', 'jge', 'jset'];

/** Instructions that are one of a kind, by code. `K` stands for the operand. */
const PLAIN: ReadonlyMap<number, string> = new Map([
  [0x00, 'ld #K'],
  [0x01, 'ldx #K'],
  [0x02, 'st M[K]'],
  [0x03, 'stx M[K]'],
  [0x06, 'ret #K'],
  [0x07, 'tax'],
  [0x16, 'ret a'],
  [0x20, 'ld [K]'],
  [0x60, 'ld M[K]'],
  [0x61, 'ldx M[K]'],
  [0x80, 'ld len'],
  [0x81, 'ldx len'],
  [0x84, 'neg'],
  [0x87, 'txa'],
]);

const hex = (value: number) => `0x${value.toString(16)}`;

/**
 * A listing for people, one line an instruction, jumps by absolute line, in the syntax of the kernel's bpf_dbg:
 * `12: jge #0x40000000, 30, 13`. What isn't an instruction is shown by its four fields.
 */
export function disassemble(program: readonly Instruction[]): string {
  const width = String(Math.max(0, program.length - 1)).length;
  return program.map((one, at) => `${String(at).padStart(width)}: ${mnemonic(one, at)}`).join('\n');
}

function mnemonic({ code, jt, jf, k }: Instruction, at: number): string {
  const plain = PLAIN.get(code);
  if (plain !== undefined) {
    return plain.replace('K', plain.includes('[K]') ? String(k) : hex(k));
  }
  const operand = code & 0x08 ? 'x' : `#${hex(k)}`;
  const name = (code & ~0xff) === 0 ? (code & 0xf0) >> 4 : -1;
  if ((code & 0x07) === BPF_ALU && ALU_NAMES[name] !== undefined) return `${ALU_NAMES[name]} ${operand}`;
  if (code === (BPF_JMP | BPF_JA)) return `ja ${at + 1 + k}`;
  if ((code & 0x07) === BPF_JMP && name !== 0 && JUMP_NAMES[name] !== undefined) {
    return `${JUMP_NAMES[name]} ${operand}, ${at + 1 + jt}, ${at + 1 + jf}`;
  }
  return `invalid code=${hex(code)} jt=${jt} jf=${jf} k=${hex(k)}`;
}
