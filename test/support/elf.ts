export const PT_LOAD = 1;
export const PT_INTERP = 3;

export interface Elf {
  readonly bits?: 32 | 64;
  readonly bigEndian?: boolean;
  readonly types?: readonly number[];
  readonly interpreter?: string;
  /** Where the interpreter's path is. */
  readonly interpreterAt?: number;
  readonly tableAt?: number;
  readonly headerSize?: number;
  readonly count?: number;
  readonly length?: number;
}

/** The head of an ELF file, with the fields that matter. */
export function elf({
  bits = 64,
  types = [PT_LOAD],
  interpreter = '',
  length = 2048,
  ...more
}: Elf = {}): Uint8Array {
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  const wide = bits === 64;
  const { tableAt = wide ? 64 : 52, headerSize = wide ? 56 : 32, interpreterAt = 1024 } = more;
  const word = (at: number, value: number) =>
    wide ? view.setBigUint64(at, BigInt(value), true) : view.setUint32(at, value, true);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, wide ? 2 : 1, more.bigEndian ? 2 : 1, 1]);
  word(wide ? 32 : 28, tableAt);
  view.setUint16(wide ? 54 : 42, headerSize, true);
  view.setUint16(wide ? 56 : 44, more.count ?? types.length, true);
  types.forEach((type, i) => {
    const at = tableAt + i * headerSize;
    if (at + 56 > length) return;
    view.setUint32(at, type, true);
    word(at + (wide ? 8 : 4), interpreterAt);
    word(at + (wide ? 32 : 16), interpreter.length + 1);
  });
  if (interpreterAt < length) bytes.set(new TextEncoder().encode(interpreter), interpreterAt);
  return bytes;
}
