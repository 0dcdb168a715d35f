import { elfMachine, viewOf } from './elf.js';
import { DT, offsetIn, PT, readSegments, wordAt } from './elf-tables.js';

/** The most bytes of a dynamic section that are looked at; those of programs have some 500. */
const MAX_DYNAMIC = 1 << 16;

/** The most bytes of a name or of a list of folders, with its end: NAME_MAX of linux/limits.h and a zero. */
const MAX_TEXT = 256;

/** Reads bytes of a file from a place on; fewer at its end. */
export type ReadPiece = (from: number, size: number) => Promise<Uint8Array>;

/**
 * The libraries that are loaded along with a program, by name (DT_NEEDED in elf(5)). None for what is no 64-bit ELF file,
 * or contradicts itself. Only the pieces of the file are read that tell.
 * @param head the file's first bytes, HEAD_SIZE or more
 */
export async function neededBy(head: Uint8Array, read: ReadPiece): Promise<readonly string[]> {
  if (elfMachine(head) === undefined || head[4] !== 2) return [];
  try {
    return await neededIn(read, head);
  } catch (e) {
    if (e instanceof RangeError) return [];
    throw e;
  }
}

async function neededIn(read: ReadPiece, head: Uint8Array): Promise<readonly string[]> {
  const segments = readSegments(viewOf(head));
  const dynamic = segments.find(({ type }) => type === PT.dynamic);
  if (dynamic === undefined) return [];
  const entries = entriesOf(await read(dynamic.offset, Math.min(dynamic.size, MAX_DYNAMIC)));
  const strings = entries.find(([tag]) => tag === DT.strings);
  if (strings === undefined) throw new RangeError();
  const start = offsetIn(segments, strings[1]);
  const wanted = entries.filter(([tag]) => tag === DT.needed);
  return Promise.all(wanted.map(async ([, at]) => textUpToZero(await read(start + at, MAX_TEXT))));
}

/** The tags and values of a dynamic section, up to its end. */
function entriesOf(bytes: Uint8Array): readonly (readonly [tag: number, value: number])[] {
  const view = viewOf(bytes);
  const entries: [number, number][] = [];
  for (let at = 0; at + 16 <= bytes.length; at += 16) {
    const tag = wordAt(view, at);
    if (tag === 0) break;
    entries.push([tag, wordAt(view, at + 8)]);
  }
  return entries;
}

const LATIN = new TextDecoder('latin1');

function textUpToZero(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  if (end < 0) throw new RangeError();
  return LATIN.decode(bytes.subarray(0, end));
}
