import type { Machine } from '../syscalls/abi.js';

/** The kind of a program's file, as the kernel executes it. */
export type ProgramFacts =
  | { readonly kind: 'static'; readonly bits: 32 | 64; readonly isGo?: true }
  | { readonly kind: 'dynamic'; readonly bits: 32 | 64; readonly interpreter: string; readonly isGo?: true }
  | {
      readonly kind: 'script';
      readonly bits?: undefined;
      readonly isGo?: undefined;
      readonly interpreter: string;
      /** The words behind the interpreter's path. */
      readonly words: readonly string[];
    }
  | { readonly kind: 'other'; readonly bits?: undefined; readonly isGo?: undefined };

/** Bytes of a file's head that readProgram() needs: the headers, or a `#!` line. */
export const HEAD_SIZE = 4096;

const PT_INTERP = 3;
const PT_NOTE = 4;

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

/** Offsets of fields in the ELF header and in a program header, for one class (elf(5)). */
interface Layout {
  readonly bits: 32 | 64;
  readonly tableAt: number;
  readonly sizeAt: number;
  readonly countAt: number;
  readonly headerSize: number;
  readonly offsetAt: number;
  readonly lengthAt: number;
  readonly word: (view: DataView, at: number) => number;
}

const LAYOUT_32: Layout = {
  bits: 32,
  tableAt: 28,
  sizeAt: 42,
  countAt: 44,
  headerSize: 32,
  offsetAt: 4,
  lengthAt: 16,
  word: (view, at) => view.getUint32(at, true),
};

const LAYOUT_64: Layout = {
  bits: 64,
  tableAt: 32,
  sizeAt: 54,
  countAt: 56,
  headerSize: 56,
  offsetAt: 8,
  lengthAt: 32,
  word: (view, at) => Number(view.getBigUint64(at, true)),
};

/**
 * Reads the head of a program's file (elf(5), execve(2)). A file is `other` unless it is a little-endian ELF file of 32
 * or 64 bits with its program headers in the head, or a `#!` script.
 */
export function readProgram(head: Uint8Array): ProgramFacts {
  if (head[0] === 0x23 && head[1] === 0x21) return script(head);
  const view = viewOf(head);
  if (!isElf(head, view) || (head[4] !== 1 && head[4] !== 2)) return { kind: 'other' };
  return program(view, head, head[4] === 2 ? LAYOUT_64 : LAYOUT_32);
}

function script(head: Uint8Array): ProgramFacts {
  const line = ascii(head.subarray(2)).split('\n', 1)[0]!;
  const [interpreter, ...words] = line.trim().split(/[ \t]+/);
  return interpreter ? { kind: 'script', interpreter, words } : { kind: 'other' };
}

function program(view: DataView, head: Uint8Array, layout: Layout): ProgramFacts {
  const { bits, word } = layout;
  const table = word(view, layout.tableAt);
  const size = view.getUint16(layout.sizeAt, true);
  const count = view.getUint16(layout.countAt, true);
  if (size < layout.headerSize || count === 0 || table + count * size > head.length) return { kind: 'other' };
  const segments = (wanted: number) =>
    Array.from({ length: count }, (_, i) => table + i * size)
      .filter((at) => view.getUint32(at, true) === wanted)
      .map((at) => {
        const offset = word(view, at + layout.offsetAt);
        return head.subarray(offset, offset + word(view, at + layout.lengthAt));
      });
  const go = segments(PT_NOTE).some(hasGoNote) ? { isGo: true as const } : {};
  const [path] = segments(PT_INTERP);
  if (path) return { kind: 'dynamic', bits, interpreter: ascii(path).replace(/\0.*$/s, ''), ...go };
  return { kind: 'static', bits, ...go };
}

/** Whether one of the notes is the build ID of Go's linker: name `Go`, type 4 (cmd/internal/buildid of Go). */
function hasGoNote(notes: Uint8Array): boolean {
  const view = viewOf(notes);
  for (let at = 0; at + NOTE_HEAD + 4 <= notes.length; ) {
    const [name, content, type] = [0, 4, 8].map((offset) => view.getUint32(at + offset, true));
    const start = at + NOTE_HEAD;
    if (name === 4 && type === 4 && ascii(notes.subarray(start, start + 4)) === 'Go\0\0') return true;
    at = start + padded(name!) + padded(content!);
  }
  return false;
}

/** Bytes of a note before its name (Elf64_Nhdr in elf(5)); name and content fill words of four. */
const NOTE_HEAD = 12;
const padded = (size: number): number => Math.ceil(size / 4) * 4;

const ascii = (bytes: Uint8Array) => new TextDecoder('latin1').decode(bytes);
