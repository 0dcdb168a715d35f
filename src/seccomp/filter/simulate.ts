/**
 * Runs seccomp programs, ours and others', as the kernel does (net/core/filter.c, kernel/seccomp.c). It shares only the
 * shape of an instruction with the compiler, so that each is a check on the other.
 */
import { type Action, ALLOW, stricter } from '../syscalls/action.js';
import type { SeccompData } from '../syscalls/policy.js';
import type { Instruction } from './bpf.js';

export interface SimulatedRun {
  /** The program's return value; the kernel takes an unknown action for a kill. */
  readonly action: Action;
  /** The number of executed instructions. */
  readonly instructions: number;
  /** Whether the program loaded a part of an argument register. */
  readonly loadedArguments: boolean;
}

/** Thrown where a program does what the kernel would have refused, or what a Call can't tell. */
export class ProgramError extends Error {
  override readonly name = 'ProgramError';

  constructor(at: number, problem: string) {
    super(`instruction ${at}: ${problem}`);
  }
}

/**
 * sizeof(struct seccomp_data): nr at 0, arch at 4, instruction pointer at 8, arguments from 16 on, eight bytes each.
 */
const DATA_SIZE = 64;
const ARGUMENTS = 16;
const MEMORY_WORDS = 16;
/** SECCOMP_RET_KILL_THREAD: the kernel ends a program that divides by X = 0 with 0. */
const DIVIDED_BY_ZERO = 0;

/** Registers of a call without arguments. */
export const NO_ARGUMENTS: readonly bigint[] = new Array<bigint>(6).fill(0n);

interface SimulatedMachine {
  readonly call: SeccompData;
  /** The memory words, created at the first store: few programs have any. */
  memory: (number | undefined)[] | undefined;
  a: number;
  x: number;
  at: number;
  loadedArguments: boolean;
}

/**
 * Runs a program on one call.
 * @throws ProgramError where the kernel would refuse the program, and for a load of the instruction pointer, which a
 *   Call lacks
 */
export function simulate(program: readonly Instruction[], call: SeccompData): SimulatedRun {
  const machine: SimulatedMachine = { call, memory: undefined, a: 0, x: 0, at: 0, loadedArguments: false };
  for (let instructions = 1; ; instructions++) {
    const instruction = program[machine.at];
    if (instruction === undefined) throw new ProgramError(machine.at, 'past the end of the program');
    const action = step(machine, instruction);
    if (action !== undefined) return { action, instructions, loadedArguments: machine.loadedArguments };
    machine.at += 1;
  }
}

/**
 * Executes one instruction. The low three bits of the code are its class. A proof does this often in a process that has
 * just started: the most common instructions make few calls.
 * @returns the action if the instruction ends the program
 */
function step(machine: SimulatedMachine, { code, jt, jf, k }: Instruction): Action | undefined {
  switch (code & 7) {
    case 0:
      machine.a = code === 0x20 ? dataWord(machine, k) : load(machine, code, k);
      return undefined;
    case 1:
      if (code === 0x21) throw unknown(machine, code);
      machine.x = load(machine, code - 1, k);
      return undefined;
    case 2:
    case 3:
      if (code > 3) throw unknown(machine, code);
      machine.memory ??= [];
      machine.memory[memoryWord(machine, k)] = code === 2 ? machine.a : machine.x;
      return undefined;
    case 4:
      return compute(machine, code, k);
    case 5:
      machine.at += code === 0x05 ? k : compare(machine, code, code & 0x08 ? machine.x : k) ? jt : jf;
      return undefined;
    case 6:
      if (code === 0x06) return k;
      if (code === 0x16) return machine.a;
      throw unknown(machine, code);
    default:
      if (code === 0x07) machine.x = machine.a;
      else if (code === 0x87) machine.a = machine.x;
      else throw unknown(machine, code);
      return undefined;
  }
}

const unknown = ({ at }: SimulatedMachine, code: number) =>
  new ProgramError(at, `unknown code 0x${code.toString(16)}`);

/** The value that a load into A fetches. */
function load(machine: SimulatedMachine, code: number, k: number): number {
  switch (code) {
    case 0x00:
      return k;
    case 0x60: {
      const value = (machine.memory ?? [])[memoryWord(machine, k)];
      if (value === undefined)
        throw new ProgramError(machine.at, `memory word ${k} is read before it is set`);
      return value;
    }
    case 0x80:
      return DATA_SIZE;
    default:
      throw unknown(machine, code);
  }
}

function memoryWord({ at }: SimulatedMachine, k: number): number {
  if (k >= MEMORY_WORDS) throw new ProgramError(at, `no memory word ${k}`);
  return k;
}

function dataWord(machine: SimulatedMachine, offset: number): number {
  const { call, at } = machine;
  if (offset >= DATA_SIZE || offset % 4 !== 0) throw new ProgramError(at, `no word at offset ${offset}`);
  if (offset === 0) return call.nr;
  if (offset === 4) return call.arch;
  if (offset < ARGUMENTS) throw new ProgramError(at, 'the instruction pointer is not known');
  machine.loadedArguments = true;
  const register = call.args[(offset - ARGUMENTS) >> 3]!;
  return Number(offset % 8 === 0 ? register & 0xffffffffn : register >> 32n);
}

/** The operand of an ALU or JMP instruction: bit 3 chooses X over K. */
const operand = ({ x }: SimulatedMachine, code: number, k: number) => (code & 0x08 ? x : k);

/**
 * Executes arithmetic on A.
 * @returns the action if the instruction ends the program
 */
function compute(machine: SimulatedMachine, code: number, k: number): Action | undefined {
  const { at, a } = machine;
  const b = operand(machine, code, k);
  const result = code === 0x8c ? undefined : arithmetic(code & ~0x08, a, b);
  if (result === undefined) throw unknown(machine, code);
  if (code === 0x3c && b === 0) return DIVIDED_BY_ZERO;
  if (code === 0x34 && b === 0) throw new ProgramError(at, 'division by zero');
  if ((code === 0x64 || code === 0x74) && b >= 32) throw new ProgramError(at, `shift by ${b}`);
  machine.a = result >>> 0;
  return undefined;
}

function arithmetic(code: number, a: number, b: number): number | undefined {
  switch (code) {
    case 0x04:
      return a + b;
    case 0x14:
      return a - b;
    case 0x24:
      return Math.imul(a, b);
    case 0x34:
      return Math.floor(a / b);
    case 0x44:
      return a | b;
    case 0x54:
      return a & b;
    case 0x64:
      return a << (b & 31);
    case 0x74:
      return a >>> (b & 31);
    case 0x84:
      return -a;
    case 0xa4:
      return a ^ b;
    default:
      return undefined;
  }
}

function compare(machine: SimulatedMachine, code: number, b: number): boolean {
  const { a } = machine;
  switch (code & ~0x08) {
    case 0x15:
      return a === b;
    case 0x25:
      return a > b;
    case 0x35:
      return a >= b;
    case 0x45:
      return (a & b) !== 0;
    default:
      throw unknown(machine, code);
  }
}

/** The programs of a thread; the newest is first. */
export type Stack = readonly (readonly Instruction[])[];

/**
 * The kernel's answer to a call: the strictest of all programs' answers, and among those of one kind the newest
 * program's (seccomp_run_filters in kernel/seccomp.c).
 * @throws ProgramError as simulate() does
 */
export const stackAction = (stack: Stack, call: SeccompData): Action =>
  stack.reduce((strictest, program) => stricter(strictest, simulate(program, call).action), ALLOW);
