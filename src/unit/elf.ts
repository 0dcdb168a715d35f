import type { Machine } from '../syscalls/abi.js';

/** What the kernel would make of a program's file. */
export type ProgramFacts =
  | { readonly kind: 'static' }
  | { readonly kind: 'dynamic'; readonly interpreter: string }
  | { readonly kind: 'script'; readonly interpreter: string }
  | { readonly kind: 'other' };

/** How much of a file must be read, in bytes: the headers and a `#!` line. */
export const HEAD_SIZE = 4096;

const PT_INTERP = 3;

/** EM_* (elf.h). */
const MACHINES: ReadonlyMap<number, Machine> = new Map([
  [62, 'x86-64'],
  [183, 'arm64'],
  [243, 'riscv64'],
]);

const isElf = (head: Uint8Array, view: DataView) =>
  head.length >= 64 && view.getUint32(0, false) === 0x7f454c46 && head[5] === 1;

/** The machine that an ELF file's code is for. */
export function elfMachine(head: Uint8Array): Machine | undefined {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  return isElf(head, view) ? MACHINES.get(view.getUint16(18, true)) : undefined;
}

/**
 * Reads the head of a program's file (elf(5), execve(2)). Anything that isn't a 64-bit or 32-bit little-endian
 * ELF file or a `#!` script is `other`.
 */
export function readProgram(head: Uint8Array): ProgramFacts {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  if (head[0] === 0x23 && head[1] === 0x21) return script(head);
  if (!isElf(head, view) || (head[4] !== 1 && head[4] !== 2)) return { kind: 'other' };
  const interpreter = head[4] === 2 ? interpreter64(view, head) : interpreter32(view, head);
  return interpreter === undefined ? { kind: 'static' } : { kind: 'dynamic', interpreter };
}

function script(head: Uint8Array): ProgramFacts {
  const line = ascii(head.subarray(2)).split('\n', 1)[0]!;
  const [interpreter] = line.trim().split(/[ \t]+/);
  return interpreter ? { kind: 'script', interpreter } : { kind: 'other' };
}

function interpreter64(view: DataView, head: Uint8Array): string | undefined {
  const table = Number(view.getBigUint64(32, true));
  const size = view.getUint16(54, true);
  const count = view.getUint16(56, true);
  for (let i = 0, at = table; i < count && at + 56 <= head.length; i++, at += size) {
    if (view.getUint32(at, true) !== PT_INTERP) continue;
    return textAt(head, Number(view.getBigUint64(at + 8, true)), Number(view.getBigUint64(at + 32, true)));
  }
  return undefined;
}

function interpreter32(view: DataView, head: Uint8Array): string | undefined {
  const table = view.getUint32(28, true);
  const size = view.getUint16(42, true);
  const count = view.getUint16(44, true);
  for (let i = 0, at = table; i < count && at + 32 <= head.length; i++, at += size) {
    if (view.getUint32(at, true) !== PT_INTERP) continue;
    return textAt(head, view.getUint32(at + 4, true), view.getUint32(at + 16, true));
  }
  return undefined;
}

const textAt = (head: Uint8Array, offset: number, length: number) =>
  ascii(head.subarray(offset, offset + length)).replace(/\0.*$/s, '');

const ascii = (bytes: Uint8Array) => new TextDecoder('latin1').decode(bytes);
