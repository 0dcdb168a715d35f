import { elfMachine, readProgram } from './elf.js';
import { addTo, type CodeSegment, DT, ElfTables, PT } from './elf-tables.js';

/** The code and the links of a 64-bit ELF file, as the dynamic linker sees it. Addresses are those of the file. */
export interface ElfImage {
  readonly machine: 'x86-64' | 'arm64';
  /** The dynamic linker's path; undefined in a library, and in a static program. */
  readonly interpreter: string | undefined;
  /** Libraries that are loaded along, by name (DT_NEEDED). */
  readonly needed: readonly string[];
  /** The library's own name (DT_SONAME). */
  readonly name: string | undefined;
  /** Folders that are searched for needed libraries, as written (DT_RUNPATH or DT_RPATH). */
  readonly searched: readonly string[];
  /** Whether `searched` also counts for the libraries that these libraries need (DT_RPATH). */
  readonly isInherited: boolean;
  /** Whether it is a program in Go. */
  readonly isGo: boolean;
  /** Executable sections; of a file without a section table, executable segments. */
  readonly code: readonly CodeSegment[];
  /** The procedure linkage tables, which aren't in `code`; without a section table they may be anywhere in it. */
  readonly stubs: readonly CodeSegment[];
  readonly entry: number;
  /** Addresses of exported functions and data by name; of one with several versions all. */
  readonly exports: ReadonlyMap<string, readonly number[]>;
  /** Names of functions of other files that this one is linked with. */
  readonly imports: ReadonlySet<string>;
  /** Those imports without which it is loaded all the same. */
  readonly optional: ReadonlySet<string>;
  /** Words of memory that the dynamic linker fills with an address: of another file by name, of this one as a number. */
  readonly slots: ReadonlyMap<number, string | number>;
  /** The slots among the program's own data, in order: those outside of the global offset table. */
  readonly data: readonly number[];
  /** Functions that run when the file is loaded or unloaded. */
  readonly initializers: readonly number[];
  /** Where functions begin by the table for stack unwinding, in order; empty without one. */
  readonly starts: readonly number[];
  /** Where those functions end, as far as the table says, by their starts. */
  readonly ends: ReadonlyMap<number, number>;
}

/** Kinds of relocations that put an address into memory (elf.h). */
const RELOCATIONS = {
  'x86-64': { data: [1], table: [6, 7], relative: [8], resolver: [37] },
  arm64: { data: [257], table: [1025, 1026], relative: [1027], resolver: [1032] },
} as const;

/**
 * Reads a whole ELF file (elf(5)). Undefined for what is no little-endian 64-bit ELF file of a machine that is known, or
 * contradicts itself.
 */
export function readImage(bytes: Uint8Array): ElfImage | undefined {
  const machine = elfMachine(bytes);
  if ((machine !== 'x86-64' && machine !== 'arm64') || bytes[4] !== 2) return undefined;
  try {
    return new ElfReader(bytes, machine).image();
  } catch (e) {
    if (e instanceof RangeError) return undefined;
    throw e;
  }
}

/** Reads what the dynamic linker reads. */
class ElfReader extends ElfTables {
  private readonly machine: ElfImage['machine'];
  private readonly slots = new Map<number, string | number>();
  private readonly data: number[] = [];
  private readonly imports = new Set<string>();
  private readonly optional = new Set<string>();
  private readonly exports = new Map<string, number[]>();

  constructor(bytes: Uint8Array, machine: ElfImage['machine']) {
    super(bytes);
    this.machine = machine;
  }

  image(): ElfImage {
    this.readSymbols();
    this.readRelocations(DT.relocations, DT.relocationsSize);
    this.readRelocations(DT.pltRelocations, DT.pltRelocationsSize);
    this.readRelative();
    const { machine, imports, optional, exports, slots } = this;
    const program = readProgram(this.bytes);
    const runpath = this.texts(DT.runpath);
    return {
      machine,
      interpreter: program.kind === 'dynamic' ? program.interpreter : undefined,
      needed: this.texts(DT.needed),
      name: this.texts(DT.name)[0],
      searched: [...runpath, ...(runpath.length > 0 ? [] : this.texts(DT.rpath))].flatMap((path) =>
        path.split(':'),
      ),
      isInherited: runpath.length === 0,
      isGo: this.sections.some(({ name }) => name === '.go.buildinfo' || name === '.gopclntab'),
      ...this.readCode(),
      entry: this.word(24),
      exports,
      imports,
      optional,
      slots,
      data: this.data.sort((a, b) => a - b),
      initializers: this.initializers(),
      ...this.readFunctions(),
    };
  }

  private initializers(): number[] {
    const found = [DT.init, DT.fini].flatMap((tag) => this.dynamic.get(tag) ?? []);
    for (const [tag, sizeTag] of ARRAYS) {
      const [start, size] = [this.one(tag) ?? 0, this.one(sizeTag) ?? 0];
      for (let at = start; at < start + size; at += 8) found.push(this.pointerAt(at));
    }
    return found;
  }

  /** The pointer in a word of data: where no relocation fills it, it is in the file. */
  private pointerAt(at: number): number {
    const content = this.slots.get(at);
    return typeof content === 'number' ? content : this.word(this.offsetOf(at));
  }

  private readSymbols(): void {
    const symbols = this.one(DT.symbols);
    if (symbols === undefined) return;
    const start = this.offsetOf(symbols);
    const count = this.symbolCount();
    for (let i = 1; i < count; i++) this.readSymbol(start + i * 24);
  }

  private readSymbol(at: number): void {
    const { view } = this;
    if (!this.isLinked(at)) return;
    const name = this.text(view.getUint32(at, true));
    const isWeak = view.getUint8(at + 4) >> 4 === 2;
    const section = view.getUint16(at + 6, true);
    const isImport = section === 0;
    if (isImport && isWeak) this.optional.add(name);
    if (isImport) this.imports.add(name);
    else if (section !== SHN_ABS) addTo(this.exports, name, this.word(at + 8));
  }

  /** Whether a symbol is of type STT_NOTYPE, STT_OBJECT, STT_FUNC or STT_GNU_IFUNC. */
  private isLinked(symbol: number): boolean {
    return [0, 1, 2, 10].includes(this.view.getUint8(symbol + 4) & 15);
  }

  /** The number of dynamic symbols, which only the hash tables tell. */
  private symbolCount(): number {
    const hash = this.one(DT.hash);
    if (hash !== undefined) return this.view.getUint32(this.offsetOf(hash) + 4, true);
    const gnu = this.one(DT.gnuHash);
    return gnu === undefined ? 0 : this.gnuSymbolCount(this.offsetOf(gnu));
  }

  private gnuSymbolCount(at: number): number {
    const field = (i: number) => this.view.getUint32(at + 4 * i, true);
    const [buckets, first, words] = [field(0), field(1), field(2)];
    const bucketsAt = 4 + 2 * words;
    let last = 0;
    for (let i = 0; i < buckets; i++) last = Math.max(last, field(bucketsAt + i));
    if (last < first) return first;
    while ((field(bucketsAt + buckets + last - first) & 1) === 0) last++;
    return last + 1;
  }

  private readRelocations(tag: number, sizeTag: number): void {
    const address = this.one(tag);
    if (address === undefined) return;
    const start = this.offsetOf(address);
    const end = start + (this.one(sizeTag) ?? 0);
    for (let at = start; at < end; at += 24) this.readRelocation(at);
  }

  private readRelocation(at: number): void {
    const kinds = RELOCATIONS[this.machine];
    const type = this.view.getUint32(at + 8, true);
    const place = this.word(at);
    if (includes(kinds.relative, type)) this.fillData(place, this.word(at + 16));
    else if (includes(kinds.resolver, type)) this.slots.set(place, this.word(at + 16));
    else if (includes(kinds.data, type)) this.fillData(place, this.symbolOf(at));
    else if (includes(kinds.table, type)) this.fill(place, this.symbolOf(at));
  }

  /** The symbol of a relocation; undefined for one that names no function or data. */
  private symbolOf(relocation: number): string | undefined {
    const symbol = this.offsetOf(this.one(DT.symbols)!) + this.view.getUint32(relocation + 12, true) * 24;
    return this.isLinked(symbol) ? this.text(this.view.getUint32(symbol, true)) : undefined;
  }

  private fill(place: number, content: string | number | undefined): void {
    if (content !== undefined) this.slots.set(place, content);
  }

  private fillData(place: number, content: string | number | undefined): void {
    this.fill(place, content);
    if (content !== undefined) this.data.push(place);
  }

  /** Packed relative relocations (DT_RELR): an address, then bitmaps of the 63 words behind. */
  private readRelative(): void {
    const address = this.one(DT.relative);
    if (address === undefined) return;
    const start = this.offsetOf(address);
    const end = start + (this.one(DT.relativeSize) ?? 0);
    let next = 0;
    for (let at = start; at < end; at += 8) {
      const entry = this.view.getBigUint64(at, true);
      if ((entry & 1n) === 0n) {
        this.readPointer(Number(entry));
        next = Number(entry) + 8;
      } else {
        for (let bit = 1; bit < 64; bit++)
          if ((entry >> BigInt(bit)) & 1n) this.readPointer(next + (bit - 1) * 8);
        next += 63 * 8;
      }
    }
  }

  private readPointer(at: number): void {
    this.fillData(at, this.word(this.offsetOf(at)));
  }

  /** The sorted table of .eh_frame_hdr (Linux Standard Base, Core, 10.6.2), as linkers write it. */
  private readFunctions(): Pick<ElfImage, 'starts' | 'ends'> {
    const segment = this.segments.find(({ type }) => type === PT.unwind);
    const [starts, ends] = [[] as number[], new Map<number, number>()];
    if (segment === undefined) return { starts, ends };
    const { offset, address } = segment;
    const { view } = this;
    // A pointer of 4 bytes, the count of 4 bytes, rows of 4 and 4 bytes relative to the table.
    if (view.getUint32(offset) !== 0x011b033b) return { starts, ends };
    const count = view.getUint32(offset + 8, true);
    for (let row = offset + 12; row < offset + 12 + 8 * count; row += 8) {
      const start = address + view.getInt32(row, true);
      starts.push(start);
      const end = this.endOf(start, address + view.getInt32(row + 4, true));
      if (end !== undefined) ends.set(start, end);
    }
    return { starts, ends };
  }

  /** The end of a function by its description: a length, a reference, and relative to its own place the start, the size. */
  private endOf(start: number, description: number): number | undefined {
    const at = this.offsetOf(description);
    const isOfStart = description + 8 + this.view.getInt32(at + 8, true) === start;
    return isOfStart ? start + this.view.getUint32(at + 12, true) : undefined;
  }
}

/** Lists of initializers, with their sizes in bytes. */
const ARRAYS = [
  [DT.initArray, DT.initArraySize],
  [DT.finiArray, DT.finiArraySize],
  [DT.preinitArray, DT.preinitArraySize],
] as const;

const SHN_ABS = 0xfff1;

const includes = (list: readonly number[], value: number) => list.includes(value);
