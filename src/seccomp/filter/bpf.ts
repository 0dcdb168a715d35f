/** Classic BPF as seccomp takes it: the instruction, and the names of the codes' parts (linux/bpf_common.h). */

/** One instruction (struct sock_filter, linux/filter.h). The fields are unsigned, of 16, 8, 8 and 32 bits. */
export interface Instruction {
  readonly code: number;
  /** Instructions to skip when the test holds. */
  readonly jt: number;
  /** Instructions to skip when it doesn't. */
  readonly jf: number;
  readonly k: number;
}

/** The longest program that the kernel takes (BPF_MAXINSNS, linux/bpf_common.h). */
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
