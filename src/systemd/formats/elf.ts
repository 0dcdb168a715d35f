import type { Machine } from '../../seccomp/syscalls/abi.js';

/** The kind of a program's file, as the kernel executes it. */
export type ProgramFacts =
  | { readonly kind: 'dynamic'; readonly interpreter: string }
  | {
      readonly kind: 'script';
      readonly interpreter: string;
      /** The words behind the interpreter's path. */
      readonly words: readonly string[];
    }
  | { readonly kind: 'other' };

/** Bytes of a file's head that readProgram() needs: the headers, or a `#!` line. */
export const HEAD_SIZE = 4096;

const PT_INTERP = 3;

/** The machines by EM_* (elf.h). */
const MACHINES: ReadonlyMap<number, Machine> = new Map([
  [62, 'x86-64'],
  [183, 'arm64'],
  [243, 'riscv64'],
]);

/** A view of bytes, for numbers in them. */
export const viewOf = (head: Uint8Array) => new DataView(head.buffer, head.byteOffset, head.byteLength);

const isElf = (head: Uint8Array, view: DataView) =>
  head.length >= 64 && view.getUint32(0, false) === 0x7f454c46 && head[5] === 1;

/** The machine that an ELF file's code is for. */
export function elfMachine(head: Uint8Array): Machine | undefined {
  const view = viewOf(head);
  return isElf(head, view) ? MACHINES.get(view.getUint16(18, true)) : undefined;
}

/** The sizes of a program header, and offsets in it and in the ELF header, of 64-bit files (elf(5)). */
const HEADER = { tableAt: 32, sizeAt: 54, countAt: 56, size: 56, offsetAt: 8, lengthAt: 32 };

/**
 * Reads the head of a program's file (elf(5), execve(2)). A file is `other` unless it is a `#!` script, or a little-endian ELF
 * file of 64 bits that names its dynamic linker in the head.
 */
export function readProgram(head: Uint8Array): ProgramFacts {
  if (head[0] === 0x23 && head[1] === 0x21) return script(head);
  const view = viewOf(head);
  const path = isElf(head, view) && head[4] === 2 ? linkerIn(view, head) : undefined;
  return path ? { kind: 'dynamic', interpreter: ascii(path).replace(/\0.*$/s, '') } : { kind: 'other' };
}

function script(head: Uint8Array): ProgramFacts {
  const line = ascii(head.subarray(2)).split('\n', 1)[0]!;
  const [interpreter, ...words] = line.trim().split(/[ \t]+/);
  return interpreter ? { kind: 'script', interpreter, words } : { kind: 'other' };
}

/** The bytes of the segment that names the dynamic linker. */
function linkerIn(view: DataView, head: Uint8Array): Uint8Array | undefined {
  const word = (at: number) => Number(view.getBigUint64(at, true));
  const table = word(HEADER.tableAt);
  const size = view.getUint16(HEADER.sizeAt, true);
  const count = view.getUint16(HEADER.countAt, true);
  if (size < HEADER.size || table + count * size > head.length) return undefined;
  const at = Array.from({ length: count }, (_, i) => table + i * size).find(
    (one) => view.getUint32(one, true) === PT_INTERP,
  );
  if (at === undefined) return undefined;
  const offset = word(at + HEADER.offsetAt);
  return head.subarray(offset, offset + word(at + HEADER.lengthAt));
}

const ascii = (bytes: Uint8Array) => new TextDecoder('latin1').decode(bytes);
