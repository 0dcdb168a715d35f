import type { ElfImage } from '../../../../systemd/formats/elf-image.js';
import { type CodeEdge, ImageParts } from './parts.js';
import type { RegisterValues } from './registers.js';

/** A part's place in the call graph of its file. */
export interface PartFacts {
  /** Numbers of the system calls that it makes itself. */
  readonly calls: ReadonlySet<number>;
  /** Parts that it calls, jumps to, or has the address of: by their beginnings, those of other files by name. */
  readonly steps: ReadonlySet<number | string>;
  /** Arguments that it passes on as a system call's number. */
  readonly passes: ReadonlySet<number>;
  /** Whether it makes a system call whose number comes from elsewhere. */
  readonly isOpen: boolean;
}

const NO_FACTS: PartFacts = { calls: new Set(), steps: new Set(), passes: new Set(), isOpen: false };

/** Bytes without a pointer that variables have. */
const GAP = 128;

/** Calls of functions that pass the number on are followed so far. */
const LEVELS = 4;

/** The call graph of a file, function by function as it is asked for. */
export class CallGraph {
  readonly image: ElfImage;
  private readonly parts: ImageParts;
  private readonly known = new Map<number, PartFacts>();

  /**
   * @param gap bytes without a pointer that a variable may have
   * @param apart exported functions that aren't followed
   */
  constructor(image: ElfImage, gap: number = GAP, apart: readonly string[] = []) {
    this.image = image;
    this.parts = new ImageParts(image, gap);
    for (const start of this.partsAt(apart.flatMap((name) => image.exports.get(name) ?? [])))
      this.known.set(start, NO_FACTS);
  }

  /** All parts: functions, and runs of data with pointers. */
  all(): readonly number[] {
    return [...this.parts.functions, ...this.parts.runs()];
  }

  /** The parts of addresses in the file. */
  partsAt(addresses: readonly number[]): number[] {
    return addresses.flatMap((at) => this.parts.partAt(at) ?? []);
  }

  facts(part: number): PartFacts {
    const before = this.known.get(part);
    if (before !== undefined) return before;
    const first = this.read(part, false);
    const facts = first.isOpen ? this.read(part, true) : first;
    this.known.set(part, facts);
    return facts;
  }

  private read(part: number, isThorough: boolean): PartFacts {
    const facts = { calls: new Set<number>(), steps: new Set<number | string>(), passes: new Set<number>() };
    let isOpen = false;
    const note = (number: RegisterValues) => {
      for (const call of number.constants) facts.calls.add(call);
      for (const index of number.parameters) facts.passes.add(index);
      if (isUnknown(number)) isOpen = true;
    };
    const step = ({ to, arguments: values }: CodeEdge) => {
      facts.steps.add(to);
      if (to === 'syscall' && values) note(values(0));
    };
    this.parts.visit(part, { call: note, step, indirect: () => {} }, isThorough);
    return { ...facts, isOpen };
  }

  /**
   * Finds the numbers that are passed to functions that make system calls with them.
   * @param reached the parts that may call
   */
  passedNumbers(reached: Iterable<number>): PassedNumbers {
    const callers = [...reached];
    const found: PassedNumbers = { numbers: new Map(), open: new Set() };
    const first = new Map<number, ReadonlySet<number>>();
    for (const part of callers) {
      const { passes, isOpen } = this.facts(part);
      if (passes.size > 0) first.set(part, passes);
      if (isOpen) found.open.add(part);
    }
    let takers: Takers = first;
    for (let level = 0; level < LEVELS && takers.size > 0; level++)
      takers = this.passedTo(takers, callers, found);
    for (const part of takers.keys()) found.open.add(part);
    return found;
  }

  /** @returns the functions that pass on what they are passed themselves */
  private passedTo(takers: Takers, callers: readonly number[], found: PassedNumbers): Takers {
    const further = new Map<number, Set<number>>();
    const called = new Set<number>();
    for (const part of callers) {
      if (!this.stepsTo(takers, part)) continue;
      const step = ({ to, arguments: values }: CodeEdge) => {
        if (typeof to !== 'number' || values === undefined || !takers.has(to)) return;
        called.add(to);
        for (const index of takers.get(to)!) this.notePassed(part, values(index), further, found);
      };
      this.parts.visit(part, { call: () => {}, indirect: () => {}, step }, true);
    }
    const others = new Map([...takers].filter(([taker]) => !called.has(taker)));
    if (others.size > 0) this.passedByPointer(others, callers, found);
    return further;
  }

  private stepsTo(takers: Takers, part: number): boolean {
    return [...this.facts(part).steps].some((to) => typeof to === 'number' && takers.has(to));
  }

  private notePassed(
    part: number,
    number: RegisterValues,
    further: Map<number, Set<number>>,
    { numbers, open }: PassedNumbers,
  ): void {
    for (const call of number.constants) addTo(numbers, part, call);
    for (const index of number.parameters) addTo(further, part, index);
    if (isUnknown(number)) open.add(part);
  }

  /**
   * Functions that are never called by name get what any call through a pointer passes. Other files may pass anything to those
   * that are exported.
   */
  private passedByPointer(
    takers: Takers,
    callers: readonly number[],
    { numbers, open }: PassedNumbers,
  ): void {
    const exported = new Set([...this.image.exports.values()].flat());
    for (const taker of takers.keys()) if (exported.has(taker)) open.add(taker);
    const indices = new Set([...takers.values()].flatMap((each) => [...each]));
    for (const part of callers) {
      const indirect = (values: (index: number) => RegisterValues) => {
        for (const index of indices) for (const call of values(index).constants) addTo(numbers, part, call);
      };
      this.parts.visit(part, { call: () => {}, step: () => {}, indirect }, true);
    }
  }
}

/** Functions that make system calls with a number that they are passed, and the indices of that argument. */
type Takers = ReadonlyMap<number, ReadonlySet<number>>;

export interface PassedNumbers {
  /** Numbers by the function that knows them. */
  readonly numbers: Map<number, Set<number>>;
  /** Parts with a number that comes from elsewhere. */
  readonly open: Set<number>;
}

function addTo(sets: Map<number, Set<number>>, key: number, member: number): void {
  const set = sets.get(key) ?? new Set();
  set.add(member);
  sets.set(key, set);
}

const isUnknown = ({ constants, parameters }: RegisterValues) =>
  constants.length === 0 && parameters.length === 0;
