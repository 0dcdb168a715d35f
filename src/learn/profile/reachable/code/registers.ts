/**
 * Known contents of registers at a place in the code: small constants, sets of them, and arguments of the function that
 * nothing has changed yet. A value is a number: UNKNOWN, a constant below 2¹⁶, or the place of a set.
 */
export type Value = number;

export const UNKNOWN: Value = -1;

/** The content at a place to which no way is known yet. */
const NOWHERE: Value = -2;

const SET = 0x10000;
const ARGUMENT = 0x8000;
const MOST_IN_SET = 16;

/** A constant, if it is small enough to matter. */
export const constant = (value: number): Value => (value >= 0 && value < ARGUMENT ? value : UNKNOWN);

/** The value of an argument of the function, from 0 on. */
export const argument = (index: number): Value => ARGUMENT + index;

/** Knowledge at jumps, by their targets. It may be used again for another walk over the same code. */
export class Jumps {
  /** Contents of all registers. */
  readonly arriving = new Map<number, Int32Array>();
  readonly sets: (readonly Value[])[] = [];
}

/** The registers of a machine, joined where code comes together. */
export class Registers {
  private readonly parameters: readonly number[];
  private readonly number: number;
  private readonly values: Int32Array;
  private readonly jumps: Jumps;

  /**
   * @param count of registers
   * @param parameters registers that hold the arguments, in order
   * @param number the register of a system call's number
   * @param jumps what another walk over the code knew
   */
  constructor(count: number, parameters: readonly number[], number: number, jumps: Jumps) {
    this.jumps = jumps;
    this.parameters = parameters;
    this.number = number;
    this.values = new Int32Array(count).fill(UNKNOWN);
    parameters.forEach((register, i) => {
      this.values[register] = argument(i);
    });
  }

  get(register: number): Value {
    return this.values[register] ?? UNKNOWN;
  }

  set(register: number, value: Value): void {
    this.values[register] = value;
  }

  /** Either of two values, as a conditional move has it. */
  setEither(register: number, one: Value, other: Value): void {
    this.values[register] = one === other ? one : this.joined(one, other);
  }

  /** Forgets registers. */
  forget(registers: readonly number[]): void {
    for (const register of registers) this.values[register] = UNKNOWN;
  }

  /** A call leaves nothing of use in registers: where one is used all the same, control doesn't come from there. */
  lose(registers: readonly number[]): void {
    for (const register of registers) this.values[register] = NOWHERE;
  }

  /** A jump to a place in the code that is looked at. */
  jump(target: number): void {
    const { arriving } = this.jumps;
    const before = arriving.get(target);
    if (before === undefined) arriving.set(target, this.values.slice());
    else this.join(before, this.values);
  }

  /** Control never gets behind the last instruction. */
  end(): void {
    this.values.fill(NOWHERE);
  }

  /** The next instruction's address. */
  arrive(at: number): void {
    const { arriving } = this.jumps;
    const arrived = arriving.get(at);
    if (arrived === undefined) return;
    this.join(this.values, arrived);
    arriving.delete(at);
  }

  /** The values of a system call's number. */
  callNumber(): RegisterValues {
    return this.known(this.get(this.number));
  }

  /** The values of an argument of a function that is called, from 0 on. */
  argument(index: number): RegisterValues {
    const register = this.parameters[index];
    return register === undefined ? NOTHING : this.known(this.get(register));
  }

  private known(value: Value): RegisterValues {
    const members = this.members(value);
    if (members.some((member) => member < 0)) return NOTHING;
    return {
      constants: members.filter((member) => member < ARGUMENT),
      parameters: members.filter((member) => member >= ARGUMENT).map((member) => member - ARGUMENT),
    };
  }

  private join(into: Int32Array, other: Int32Array): void {
    for (let i = 0; i < into.length; i++)
      if (into[i] !== other[i]) into[i] = this.joined(into[i]!, other[i]!);
  }

  private joined(one: Value, other: Value): Value {
    if (one === NOWHERE) return other;
    if (other === NOWHERE) return one;
    if (one === UNKNOWN || other === UNKNOWN) return UNKNOWN;
    const members = new Set([...this.members(one), ...this.members(other)]);
    return members.size > MOST_IN_SET ? UNKNOWN : SET + this.jumps.sets.push([...members]) - 1;
  }

  private members(value: Value): readonly Value[] {
    return value >= SET ? this.jumps.sets[value - SET]! : [value];
  }
}

/** The values of a register: constants, and arguments of the function that they may come from. */
export interface RegisterValues {
  readonly constants: readonly number[];
  readonly parameters: readonly number[];
}

/** Of a register whose content isn't known, both lists are empty. */
export const NOTHING: RegisterValues = { constants: [], parameters: [] };
