/** Random calls around what a policy says, and where they go in the registers. */
import fc from 'fast-check';
import { type Convention, layoutOf } from './call-layouts.js';
import {
  type CallNames,
  type Condition,
  comparisonOf,
  type MadeCall,
  operandsOf,
  type PolicyOracle,
  widthOf,
} from './policy-oracle.js';
import { callLine } from './try-filter.js';

const X32_BIT = 0x40000000;
const HALF = 1n << 32n;
const ALL = HALF * HALF - 1n;

const cut = (value: bigint) => BigInt.asUintN(64, value);

/** Where the tables begin and end, and the conventions meet. From bit 31 on only x86 has numbers that are its own. */
const ODD = [0, 221, 222, 223, 423, 424, 511, 512, 519, 520, 547, 548, 1023, 5000, 0x3fffffff];
const ODD_ON_X86 = [X32_BIT, 0x7fffffff, 0x80000000, 0xbfffffff, 0xc0000000, 0xffffffff];

/** uretprobe and uprobe: newer kernels ask no filter about them (seccomp_uprobe_exception in kernel/seccomp.c). */
const UNSEEN: ReadonlySet<number> = new Set([335, 336]);

const bits64 = () => fc.bigInt({ min: 0n, max: ALL });

/** Close to a value: next to it, one bit away, or its halves exchanged. */
const near = (value: bigint): fc.Arbitrary<bigint> =>
  fc.oneof(
    fc.constantFrom(value, value - 1n, value + 1n, (value >> 32n) | (value << 32n)),
    fc.integer({ min: 0, max: 63 }).map((bit) => value ^ (1n << BigInt(bit))),
  );

/** A value for which a comparison holds, or nearly always does. */
function holding(comparison: string, operand: bigint, noise: bigint): bigint {
  switch (comparison) {
    case 'ne':
    case 'gt':
      return operand + 1n;
    case 'lt':
      return operand - 1n;
    case 'bits-set':
      return operand | noise;
    case 'bits-clear':
      return ~operand & noise;
    case 'bits-any':
      return (operand & -operand) | (noise & ~operand);
    default:
      return operand;
  }
}

/** What is put in the place of a condition's argument; the upper half is anything where it shouldn't count. */
function argumentFor(condition: Condition): fc.Arbitrary<bigint> {
  const either = fc
    .tuple(fc.constantFrom(...operandsOf(condition)), bits64())
    .chain(([operand, noise]) =>
      fc.oneof(
        { weight: 3, arbitrary: fc.constant(holding(comparisonOf(condition), operand, noise)) },
        { weight: 1, arbitrary: near(operand) },
      ),
    );
  if (widthOf(condition) === 64) return either;
  return fc
    .tuple(either, fc.oneof(fc.constant(0n), bits64()))
    .map(([value, above]) => BigInt.asUintN(32, value) | ((above >> 32n) << 32n));
}

/** Registers with an argument in its place. An upper half goes to a register of its own where the convention has it so. */
function placed(
  registers: readonly bigint[],
  [low, high]: readonly number[],
  argument: bigint,
): readonly bigint[] {
  const own =
    high === undefined
      ? registers
      : registers.with(high, (registers[high]! & ~(HALF - 1n)) | (argument >> 32n));
  return low === undefined ? own : own.with(low, argument);
}

/** Registers with values from around the operands of a call's rules, one of which mostly holds. */
function registersFor(
  oracle: PolicyOracle,
  convention: Convention,
  name: string,
): fc.Arbitrary<readonly bigint[]> {
  const rules = oracle.rulesOn(name);
  const operands = rules.flatMap(({ when }) => when.flatMap(operandsOf));
  const value = fc.oneof(
    fc.constantFrom(0n, 1n, ALL, HALF),
    fc.constantFrom(0n, ...operands).chain(near),
    bits64(),
  );
  const any = fc.array(value.map(cut), { minLength: 6, maxLength: 6 });
  if (rules.length === 0) return any;
  return fc
    .constantFrom(...rules)
    .chain(({ when }) =>
      fc
        .tuple(any, ...when.map(argumentFor))
        .map(([registers, ...args]) =>
          args.reduce<readonly bigint[]>(
            (all, argument, at) => placed(all, layoutOf(convention, name)[when[at]!.arg]!, cut(argument)),
            registers,
          ),
        ),
    );
}

/** What socketcall(2) and ipc(2) are asked for; ipc ignores the upper half of the 32 bits, neither sees what is above. */
const selectors = (registers: readonly bigint[]) =>
  fc
    .tuple(fc.nat({ max: 26 }), fc.constantFrom(0n, 1n << 16n), fc.constantFrom(0n, 5n * HALF))
    .map(([call, version, above]) => registers.with(0, BigInt(call) | version | above));

/** Calls of one convention, of which most have a rule or an entry of the policy's. */
export function callsFor(
  oracle: PolicyOracle,
  convention: Convention,
  names: CallNames,
): fc.Arbitrary<MadeCall> {
  const isSeen = ([nr]: [number, string]) => convention !== 'x86-64' || !UNSEEN.has(nr);
  const calls = new Map([...names.get(convention)!].filter(isSeen));
  const listed = [...calls].filter(([, name]) => oracle.names(name));
  const ruled = listed.filter(([, name]) => oracle.rulesOn(name).length > 0);
  const multiplexers = [...calls].filter(([, name]) => name === 'socketcall' || name === 'ipc');
  const some = (weight: number, numbers: readonly number[]) =>
    numbers.length === 0 ? [] : [{ weight, arbitrary: fc.constantFrom(...numbers) }];
  const numbersOf = (entries: readonly [number, string][]) => entries.map(([nr]) => nr);
  return fc
    .oneof(
      ...some(8, numbersOf(ruled)),
      ...some(1, numbersOf(listed)),
      ...some(3, [...calls.keys()]),
      ...some(1, convention === 'x86' ? [...ODD, ...ODD_ON_X86] : ODD),
      ...some(2, numbersOf(multiplexers)),
    )
    .chain((nr) => {
      const name = calls.get(nr) ?? '';
      const registers = registersFor(oracle, convention, name);
      const isMultiplexer = multiplexers.some(([number]) => number === nr);
      return (isMultiplexer ? registers.chain(selectors) : registers).map((all) => ({
        convention,
        nr,
        registers: all,
      }));
    });
}

/** A call as try-calls.c reads it; the kernel doesn't look at the upper half of the number's register. */
export function lineOf({ convention, nr, registers }: MadeCall): string {
  const number = convention === 'x32' ? (nr | X32_BIT) >>> 0 : nr;
  const above = Number(registers[5]! & 0xffn) * 2 ** 32;
  return callLine(convention === 'x86' ? 'int80' : 'native', number + above, registers);
}
