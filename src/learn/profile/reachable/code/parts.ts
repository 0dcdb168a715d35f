import type { ElfImage } from '../../../../systemd/formats/elf-image.js';
import type { CodeSegment } from '../../../../systemd/formats/elf-tables.js';
import { stubOfArm64, walkArm64 } from './arm64.js';
import { Jumps, type Registers, type RegisterValues } from './registers.js';
import type { CodeVisitor, StubSlot, Walk } from './walker.js';
import { stubOfX8664, walkX8664 } from './x86-64.js';

interface CodeDecoder {
  readonly walk: Walk;
  readonly stubSlot: StubSlot;
}

const DECODERS: Readonly<Record<ElfImage['machine'], CodeDecoder>> = {
  'x86-64': { walk: walkX8664, stubSlot: stubOfX8664 },
  arm64: { walk: walkArm64, stubSlot: stubOfArm64 },
};

/** Where control or a pointer leads from a part: to another one, or by name to another file. */
export interface CodeEdge {
  readonly to: number | string;
  /** The values of its arguments, by their indices, if control gets there. */
  readonly arguments: ((index: number) => RegisterValues) | undefined;
}

export interface PartVisitor {
  step(step: CodeEdge): void;
  /** A jump or a call to a place that isn't known; with the values of its arguments, by their indices. */
  indirect(values: (index: number) => RegisterValues): void;
  /** A system call with its number. */
  call(number: RegisterValues): void;
}

/**
 * The parts of an image, each by the address where it begins: functions, and runs of data with pointers. A stripped file
 * doesn't show where one variable ends and another begins: a run ends where no pointer follows for some bytes.
 */
export class ImageParts {
  /** Functions by their starts, in order. */
  readonly functions: readonly number[];
  private readonly image: ElfImage;
  private readonly gap: number;
  /** Of each place in the list of data, that where its run begins. */
  private readonly begins: Int32Array;
  private readonly unwound: ReadonlySet<number>;
  private readonly isDescribed: boolean;
  private readonly decoder: CodeDecoder;

  /** @param gap the bytes without a pointer that a variable may have */
  constructor(image: ElfImage, gap: number) {
    this.image = image;
    this.gap = gap;
    this.decoder = DECODERS[image.machine];
    this.unwound = new Set(image.starts);
    this.begins = beginsOf(image.data, gap);
    const { exports, initializers, entry } = image;
    const starts = image.starts.map((at) => (this.isBeforeTrampoline(at) ? at + 1 : at));
    this.functions = this.sorted([...starts, ...[...exports.values()].flat(), ...initializers, entry]);
    this.isDescribed = hasAllFunctions(image);
    if (this.isDescribed) return;
    this.functions = this.sorted([...this.functions, ...this.targets()]);
    this.functions = this.sorted([...this.functions, ...this.tailCalls()]);
  }

  /** glibc says of the code that ends signal handlers that it begins a byte early, for the sake of unwinders. */
  private isBeforeTrampoline(at: number): boolean {
    const segment = this.segmentOf(at);
    if (segment === undefined || this.image.machine !== 'x86-64') return false;
    const offset = at + 1 - segment.address;
    return TRAMPOLINE.every((byte, i) => segment.bytes[offset + i] === byte);
  }

  private sorted(starts: readonly number[]): readonly number[] {
    return [...new Set(starts.filter((at) => this.segmentOf(at)))].sort((a, b) => a - b);
  }

  /** The beginnings of all runs of data. */
  runs(): number[] {
    return this.image.data.filter((_, i) => this.begins[i] === i);
  }

  /** The part that an address belongs to; undefined if it is data without pointers. */
  partAt(address: number): number | undefined {
    if (this.segmentOf(address) !== undefined) return this.functions[lastUpTo(this.functions, address)];
    return this.runAt(address);
  }

  private runAt(address: number): number | undefined {
    const { data } = this.image;
    const last = lastUpTo(data, address);
    const isInside = last >= 0 && address - data[last]! <= this.gap;
    const next = isInside ? last : last + 1;
    if (data[next] === undefined || data[next]! - address > this.gap) return undefined;
    return data[this.begins[next]!];
  }

  /**
   * Looks at everything that leads out of a part.
   * @param isThorough whether loops are followed, so that more values are known
   */
  visit(part: number, visitor: PartVisitor, isThorough = false): void {
    const segment = this.segmentOf(part);
    const jumps = new Jumps();
    if (segment === undefined) this.visitRun(part, visitor);
    else {
      for (let round = 0; isThorough && round < ROUNDS; round++)
        this.visitFunction(part, segment, NO_PART, jumps);
      this.visitFunction(part, segment, visitor, jumps);
    }
  }

  private visitRun(part: number, visitor: PartVisitor): void {
    const { data, slots } = this.image;
    let before = part;
    for (let i = lastUpTo(data, part); i < data.length && data[i]! - before <= this.gap; i++) {
      before = data[i]!;
      const content = slots.get(before)!;
      const to = typeof content === 'string' ? content : this.partAt(content);
      if (to !== undefined) visitor.step({ to, arguments: undefined });
    }
  }

  private visitFunction(start: number, segment: CodeSegment, visitor: PartVisitor, jumps: Jumps): void {
    const end = this.endOf(start, segment);
    const falls = this.decoder.walk(segment, start, end, this.translate(start, end, visitor), jumps);
    const own = this.describedEnd(start, end);
    const isFollowed = own === end && this.partAt(end) === end && !this.unwound.has(end);
    if (falls && isFollowed) visitor.step({ to: end, arguments: undefined });
  }

  /** Where the code ends that the table for unwinding describes, if it has about all functions. */
  private describedEnd(start: number, end: number): number {
    if (!this.isDescribed) return end;
    if (!this.unwound.has(start)) return start;
    return Math.min(end, this.image.ends.get(start) ?? end);
  }

  /** A visitor of code that passes on what it sees to a visitor of parts. */
  private translate(start: number, end: number, visitor: PartVisitor): CodeVisitor {
    const step = (to: number | string | undefined, registers?: Registers) => {
      if (to !== undefined)
        visitor.step({ to, arguments: registers && ((index) => registers.argument(index)) });
    };
    const point = (address: number, registers?: Registers) => {
      if (address < start || address >= end) step(this.partAt(address), registers);
    };
    const word = (at: number, registers?: Registers) => {
      const content = this.image.slots.get(at);
      if (typeof content === 'number') point(content, registers);
      else step(content, registers);
    };
    const branch = (target: number, registers: Registers) => {
      const slot = this.stubAt(target);
      if (slot === undefined) point(target, registers);
      else word(slot, registers);
    };
    const memory = (at: number, words: number, registers: Registers | undefined) => {
      word(at, registers);
      for (let i = 1; i < words; i++) if (this.isData(at + 8 * i)) word(at + 8 * i);
    };
    // Behind a function may be assembly without a description, or data: there a number that isn't known is none.
    const own = this.describedEnd(start, end);
    const syscall = (registers: Registers, behind: number) => {
      const number = registers.callNumber();
      if (behind <= own) visitor.call(number);
      else if (number.constants.length > 0) visitor.call({ ...number, parameters: [] });
    };
    const indirect = (registers: Registers) => visitor.indirect((index) => registers.argument(index));
    return { call: branch, jump: branch, indirect, memory, address: point, syscall };
  }

  private isData(at: number): boolean {
    const { data } = this.image;
    return data[lastUpTo(data, at)] === at;
  }

  /** The memory through which a stub of the procedure linkage table jumps; undefined if the code is none. */
  private stubAt(address: number): number | undefined {
    const segment = containing(this.image.stubs, address);
    return segment && this.decoder.stubSlot(segment, address);
  }

  /** Targets of direct calls, and addresses that are computed or in data, from all code. */
  private targets(): number[] {
    const found = new Set([...this.image.slots.values()].filter((content) => typeof content === 'number'));
    const note = (at: number) => {
      found.add(at);
    };
    for (const segment of this.image.code) {
      const to = segment.address + segment.bytes.length;
      this.decoder.walk(segment, segment.address, to, { ...NO_CODE, address: note, call: note });
    }
    return [...found];
  }

  /** Where functions jump out of themselves, to others that are never called. */
  private tailCalls(): number[] {
    const found = new Set<number>();
    for (const start of this.functions) {
      const segment = this.segmentOf(start)!;
      const end = this.endOf(start, segment);
      const jump = (at: number) => {
        if (at < start || at >= end) found.add(at);
      };
      this.decoder.walk(segment, start, end, { ...NO_CODE, jump });
    }
    return [...found];
  }

  private endOf(start: number, { address, bytes }: CodeSegment): number {
    const next = this.functions[lastUpTo(this.functions, start) + 1] ?? Number.POSITIVE_INFINITY;
    return Math.min(next, address + bytes.length);
  }

  private segmentOf(address: number): CodeSegment | undefined {
    return containing(this.image.code, address);
  }
}

/** Whether the table for unwinding has about all functions; files of assembly and start files alone may have some. */
function hasAllFunctions({ starts, code }: ElfImage): boolean {
  const size = code.reduce((sum, { bytes }) => sum + bytes.length, 0);
  return size <= starts.length * LARGE_FUNCTION;
}

const containing = (segments: readonly CodeSegment[], at: number): CodeSegment | undefined =>
  segments.find(({ address, bytes }) => at >= address && at < address + bytes.length);

/** Of each place in a sorted list, that where its row without larger gaps begins. */
function beginsOf(list: readonly number[], gap: number): Int32Array {
  const begins = new Int32Array(list.length);
  for (let i = 1; i < list.length; i++) begins[i] = list[i]! - list[i - 1]! <= gap ? begins[i - 1]! : i;
  return begins;
}

/** The place of the last number of a sorted list that isn't larger; -1 if there is none. */
function lastUpTo(list: readonly number[], value: number): number {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (list[middle]! <= value) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Bytes of code that functions have on average at most. */
const LARGE_FUNCTION = 2048;

/** `mov $15, %rax` and SYSCALL: rt_sigreturn. */
const TRAMPOLINE = [0x48, 0xc7, 0xc0, 0x0f, 0, 0, 0, 0x0f, 0x05];

/** How often loops are followed. */
const ROUNDS = 2;

const ignore = () => {};
const NO_PART: PartVisitor = { step: ignore, indirect: ignore, call: ignore };
const NO_CODE: CodeVisitor = {
  call: ignore,
  jump: ignore,
  indirect: ignore,
  memory: ignore,
  address: ignore,
  syscall: ignore,
};
