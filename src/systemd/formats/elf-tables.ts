/** Bytes of an executable place in memory. */
export interface CodeSegment {
  readonly address: number;
  readonly bytes: Uint8Array;
}

/** Bytes of the file, and where they are in memory. */
interface ElfRange {
  readonly offset: number;
  readonly address: number;
  readonly size: number;
}

export interface ElfSegment extends ElfRange {
  readonly type: number;
  readonly flags: number;
}

interface ElfSection extends ElfSegment {
  readonly name: string;
}

export const PT = { load: 1, dynamic: 2, unwind: 0x6474e550 } as const;
const PF_X = 1;
const SHT_PROGBITS = 1;
/** SHF_ALLOC and SHF_EXECINSTR. */
const SHF_CODE = 6;

/** Tags of the dynamic section (elf.h). */
export const DT = {
  needed: 1,
  pltRelocationsSize: 2,
  hash: 4,
  strings: 5,
  symbols: 6,
  relocations: 7,
  relocationsSize: 8,
  stringsSize: 10,
  init: 12,
  fini: 13,
  initArray: 25,
  finiArray: 26,
  initArraySize: 27,
  finiArraySize: 28,
  name: 14,
  rpath: 15,
  pltRelocations: 23,
  runpath: 29,
  preinitArray: 32,
  preinitArraySize: 33,
  relativeSize: 35,
  relative: 36,
  gnuHash: 0x6ffffef5,
} as const;

/** A number of 64 bits. */
export function wordAt(view: DataView, at: number): number {
  const value = view.getBigUint64(at, true);
  return value > Number.MAX_SAFE_INTEGER ? Number.MAX_SAFE_INTEGER : Number(value);
}

/**
 * The program headers of a 64-bit file.
 * @param view the file, at least as far as these reach
 * @throws RangeError
 */
export function readSegments(view: DataView): ElfSegment[] {
  const [table, size, count] = [wordAt(view, 32), view.getUint16(54, true), view.getUint16(56, true)];
  if (count > MAX_SEGMENTS) throw new RangeError();
  return Array.from({ length: count }, (_, i) => {
    const at = table + i * size;
    return {
      type: view.getUint32(at, true),
      flags: view.getUint32(at + 4, true),
      offset: wordAt(view, at + 8),
      address: wordAt(view, at + 16),
      size: wordAt(view, at + 32),
    };
  });
}

/** Where in the file an address is. @throws RangeError */
export function offsetIn(segments: readonly ElfSegment[], address: number): number {
  const segment = segments.find((each) => each.type === PT.load && isWithin(each, address));
  if (segment === undefined) throw new RangeError();
  return segment.offset + address - segment.address;
}

/** Reads the tables of a 64-bit ELF file (elf(5)); a place outside of the file is a RangeError. */
export class ElfTables {
  protected readonly bytes: Uint8Array;
  protected readonly view: DataView;
  protected readonly segments: readonly ElfSegment[];
  /** Empty without a section table. */
  protected readonly sections: readonly ElfSection[];
  /** Values of the dynamic section by tag. */
  protected readonly dynamic = new Map<number, number[]>();

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.segments = readSegments(this.view);
    this.sections = this.readSections();
    for (const segment of this.segments) if (segment.type === PT.dynamic) this.readDynamic(segment);
  }

  protected word(at: number): number {
    return wordAt(this.view, at);
  }

  /** Code, and the procedure linkage tables; by segments, they are the same. */
  protected readCode(): { code: CodeSegment[]; stubs: CodeSegment[] } {
    const sections = this.sections.filter(
      (section) => isCodeSection(section) && this.segments.some(holdsCode(section)),
    );
    const content = ({ address, offset, size }: ElfRange) => ({
      address,
      bytes: this.bytes.subarray(offset, offset + size),
    });
    if (sections.length > 0) {
      const isTable = ({ name }: ElfSection) => name.startsWith('.plt');
      const code = sections.filter((section) => !isTable(section)).map(content);
      return { code, stubs: sections.filter(isTable).map(content) };
    }
    const code = this.segments.filter(isCode).map(content);
    return { code, stubs: code };
  }

  private readSections(): ElfSection[] {
    const { view } = this;
    const [table, size] = [this.word(40), view.getUint16(58, true)];
    const [count, namesAt] = [view.getUint16(60, true), view.getUint16(62, true)];
    if (table === 0) return [];
    const names = this.word(table + namesAt * size + 24);
    return Array.from({ length: count }, (_, i) => this.readSection(table + i * size, names));
  }

  private readSection(at: number, names: number): ElfSection {
    const { view } = this;
    return {
      name: this.textAt(names + view.getUint32(at, true)),
      type: view.getUint32(at + 4, true),
      flags: this.word(at + 8),
      address: this.word(at + 16),
      offset: this.word(at + 24),
      size: this.word(at + 32),
    };
  }

  private readDynamic({ offset, size }: ElfSegment): void {
    for (let at = offset; at < offset + size; at += 16) {
      const tag = this.word(at);
      if (tag === 0) return;
      addTo(this.dynamic, tag, this.word(at + 8));
    }
  }

  protected offsetOf(address: number): number {
    return offsetIn(this.segments, address);
  }

  protected one(tag: number): number | undefined {
    return this.dynamic.get(tag)?.[0];
  }

  protected texts(tag: number): string[] {
    return (this.dynamic.get(tag) ?? []).map((offset) => this.text(offset));
  }

  protected text(offset: number): string {
    return this.textAt(this.offsetOf(this.one(DT.strings)!) + offset);
  }

  private textAt(start: number): string {
    const end = this.bytes.indexOf(0, start);
    if (end < 0 || end - start > MAX_TEXT) throw new RangeError();
    return LATIN.decode(this.bytes.subarray(start, end));
  }
}

const MAX_TEXT = 65536;
const MAX_SEGMENTS = 256;
const LATIN = new TextDecoder('latin1');

const isCode = ({ type, flags }: ElfSegment) => type === PT.load && (flags & PF_X) !== 0;
/** Adds a value to those of a key. */
export function addTo<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}

/** Whether it is in memory, and executable. */
const isCodeSection = ({ type, flags }: ElfSection) =>
  type === SHT_PROGBITS && (flags & SHF_CODE) === SHF_CODE;
const holdsCode = (section: ElfRange) => (segment: ElfSegment) =>
  isCode(segment) &&
  section.address >= segment.address &&
  section.address + section.size <= segment.address + segment.size;
const isWithin = ({ address, size }: ElfRange, at: number) => at >= address && at < address + size;
