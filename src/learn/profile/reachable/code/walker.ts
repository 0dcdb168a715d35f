import type { Jumps, Registers } from './registers.js';

/** Receives whatever leads out of a piece of code. */
export interface CodeVisitor {
  /** A call of an address. */
  call(target: number, registers: Registers): void;
  /** A jump to an address. */
  jump(target: number, registers: Registers): void;
  /** A jump or a call to an address that a register or memory has. */
  indirect(registers: Registers): void;
  /**
   * An instruction takes words of 64 bits, or parts of one, from memory; with the registers of a jump or a call to what is
   * there.
   */
  memory(address: number, words: number, registers: Registers | undefined): void;
  /** An address that is computed and kept. */
  address(address: number): void;
  /** A system call, and the address behind it; the registers have its number. */
  syscall(registers: Registers, behind: number): void;
}

/**
 * Decodes code from `from` to `to`, addresses in the segment, one instruction after the other.
 * @param jumps what was known at jumps back, from another walk over this code; it is brought up to date
 * @returns whether control leaves the end for what is behind it
 */
export type Walk = (
  code: { readonly address: number; readonly bytes: Uint8Array },
  from: number,
  to: number,
  visitor: CodeVisitor,
  jumps?: Jumps,
) => boolean;

/**
 * The memory through which a stub jumps, as the procedure linkage table has one for each function of another file; undefined
 * where there is no stub.
 */
export type StubSlot = (
  code: { readonly address: number; readonly bytes: Uint8Array },
  at: number,
) => number | undefined;
