/** Calls on which a filter is tried: every known number, and arguments on both sides of every condition. */
import { ABIS, abisOf, kernelNumber, X32_BIT } from '../syscalls/abi.js';
import {
  type ArgumentRule,
  type Condition,
  holds,
  type SyscallPolicy,
  type Verdict,
} from '../syscalls/policy.js';

const TOP64 = (1n << 64n) - 1n;
/** Bits for the upper half of a register, which no 32-bit condition may see. */
const DIRT = 0xdeadbeefn << 32n;
/** Bits above the lowest 16, which no 16-bit condition may see. */
const DIRT_ABOVE_16 = 0xbeefn << 16n;

/**
 * Numbers outside of the tables at which mistakes show: where signs change, conventions meet, or arm's private calls
 * lie.
 */
const EDGES: readonly number[] = [
  ...[0xeffff, 0xf0000, 0xf0001, 0xf0005, 0xf0006, 0xf07ff, 0xf0800, 0xf0fff, 0xf1000],
  ...[X32_BIT - 1, X32_BIT, 0x7fffffff, 0x80000000, 0xbfffffff, 0xc0000000, 0xfffffffe, 0xffffffff],
];

/** Numbers to try through a convention that the machine lacks. */
const FOREIGN: ReadonlySet<number> = new Set([0, 1, 59, 511, 512, 547, 548, ...EDGES]);

const REGISTERS = 6;
const ZEROS: readonly bigint[] = new Array<bigint>(REGISTERS).fill(0n);
/** Most combinations of candidates that are all tried. */
const FEW_COMBINATIONS = 256;

/** Most assignments of values to registers that are tried until all conditions on them hold. */
const MOST_ASSIGNMENTS = 2 ** 14;

/** The numbers below this one are tried one by one in each convention. */
const DENSE = 1024;

/** The known AUDIT_ARCH values, their neighbours, and two values that are none. */
export function archesToTry(): number[] {
  const known = Object.values(ABIS).map(({ arch }) => arch);
  return unique([...known.flatMap((arch) => [arch, arch - 1, arch + 1]), 0, 0xffffffff]);
}

/** Numbers to try through one AUDIT_ARCH value: the first ones, those of its tables, and EDGES. */
export function numbersToTry(policy: SyscallPolicy, arch: number): ReadonlySet<number> {
  const abis = abisOf(policy.machine).filter((abi) => ABIS[abi].arch === arch);
  if (abis.length === 0) return FOREIGN;
  const numbers = new Set<number>();
  for (const abi of abis) {
    for (let nr = 0; nr < DENSE; nr++) numbers.add(kernelNumber(abi, nr));
    for (const nr of policy.abis.get(abi)?.verdicts.keys() ?? []) numbers.add(kernelNumber(abi, nr));
  }
  for (const edge of EDGES) numbers.add(edge);
  return numbers;
}

/**
 * Registers to try for a verdict with rules: for each rule registers that fulfil it, and the same with one register or
 * value changed. If the candidates have few combinations, all are tried; else some.
 * @param some how many combinations are tried where they are many
 */
export function registersToTry(verdict: Verdict, some: number): bigint[][] {
  const conditions = verdict.rules.flatMap((rule) => rule.when);
  return [...verdict.rules.flatMap(around), ...combinations(candidates(conditions), some)];
}

function around({ when }: ArgumentRule): bigint[][] {
  const choices = candidates(when);
  const base = when.reduce((registers, condition) => fulfil(condition, when, choices, registers), [...ZEROS]);
  const single = choices.flatMap((values, arg) => values.map((value) => base.with(arg, value)));
  return [base, ...single, ...when.flatMap((condition) => bothHalves(condition, base))];
}

/** Registers that fulfil a rule, with both halves of a value changed. */
function bothHalves(condition: Condition, base: readonly bigint[]): bigint[][] {
  const { arg, upper } = condition;
  if (upper === undefined) return [];
  return near(condition).map((value) => base.with(arg, BigInt.asUintN(32, value)).with(upper, value >> 32n));
}

/** Registers for which a condition holds, and all others that use the same registers; as given if none are found. */
function fulfil(
  condition: Condition,
  when: readonly Condition[],
  choices: readonly (readonly bigint[])[],
  registers: bigint[],
): bigint[] {
  const own = registersOf(condition);
  const among = when.filter((one) => registersOf(one).some((register) => own.includes(register)));
  let tries = 0;
  for (const args of assignments(unique(among.flatMap(registersOf)), choices, registers)) {
    if (among.every((one) => holds(one, args))) return args;
    tries += 1;
    if (tries === MOST_ASSIGNMENTS) break;
  }
  return registers;
}

/** All ways to give each of some registers one of its values. */
function* assignments(
  [register, ...others]: readonly number[],
  choices: readonly (readonly bigint[])[],
  registers: bigint[],
): Generator<bigint[]> {
  if (register === undefined) return yield registers;
  for (const value of choices[register]!) {
    yield* assignments(others, choices, registers.with(register, value));
  }
}

const registersOf = ({ arg, upper }: Condition): number[] => (upper === undefined ? [arg] : [arg, upper]);

/** The values of each of the six registers at which these conditions may change their answer. */
function candidates(conditions: readonly Condition[]): bigint[][] {
  return Array.from({ length: REGISTERS }, (_, register) => {
    const own = conditions.filter((condition) => registersOf(condition).includes(register));
    return own.length === 0
      ? [0n]
      : unique([0n, TOP64, ...own.flatMap((condition) => nearIn(register, condition))]);
  });
}

/** One register's part of the values near a condition's operands. */
function nearIn(register: number, condition: Condition): bigint[] {
  if (condition.upper === undefined) return near(condition);
  const halves = near(condition).map((value) =>
    register === condition.upper ? value >> 32n : BigInt.asUintN(32, value),
  );
  return unique(halves).flatMap((value) => [value, value ^ DIRT]);
}

function near({ op, values, width }: Condition): bigint[] {
  const found = op.startsWith('bits-')
    ? values.flatMap((mask) => [mask, ~mask, ...bitsOf(mask).flatMap((bit) => [bit, mask ^ bit])])
    : values.flatMap((value) => [value, value - 1n, value + 1n, value ^ (1n << 32n)]);
  const dirty =
    width === 64 ? [] : found.map((value) => value ^ (width === 16 ? DIRT | DIRT_ABOVE_16 : DIRT));
  return [...found, ...dirty].map((value) => value & TOP64);
}

const bitsOf = (mask: bigint): bigint[] =>
  Array.from({ length: 64 }, (_, bit) => 1n << BigInt(bit)).filter((bit) => (mask & bit) !== 0n);

function combinations(choices: readonly (readonly bigint[])[], some: number): bigint[][] {
  const count = choices.reduce((product, values) => product * values.length, 1);
  if (count <= FEW_COMBINATIONS) {
    return choices.reduce<bigint[][]>(
      (all, values) => all.flatMap((begun) => values.map((value) => [...begun, value])),
      [[]],
    );
  }
  // A fixed sequence (a linear congruential generator): equal policies are tried with equal calls.
  let state = 1;
  const next = (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  return Array.from({ length: some }, () => choices.map((values) => values[next(values.length)]!));
}

const unique = <T>(list: readonly T[]): T[] => [...new Set(list)];
