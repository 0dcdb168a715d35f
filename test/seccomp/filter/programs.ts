/** Arbitrary BPF programs, not only those that the compiler would write. */
import fc from 'fast-check';
import type { Instruction } from '../../../src/seccomp/filter/bpf.js';
import { ABIS, type Machine } from '../../../src/seccomp/syscalls/abi.js';
import { numbersOf } from '../../../src/seccomp/syscalls/numbers.js';

const LOADS = [0x00, 0x20, 0x60, 0x80, 0x01, 0x61, 0x81];
const STORES = [0x02, 0x03];
const ARITHMETIC = [0x04, 0x14, 0x24, 0x34, 0x44, 0x54, 0x64, 0x74, 0xa4].flatMap((code) => [
  code,
  code | 0x08,
]);
const COMPARISONS = [0x15, 0x25, 0x35, 0x45].flatMap((code) => [code, code | 0x08]);
const OTHERS = [0x84, 0x07, 0x87];
/** Codes that BPF has somewhere but seccomp doesn't take: half words, bytes, indirect loads, remainders, … */
const FOREIGN = [
  0x28, 0x30, 0x40, 0x50, 0xb1, 0xa0, 0x21, 0x94, 0x9c, 0x8c, 0x0d, 0x55, 0x0e, 0x17, 0xff, 0x120, 0xffff,
];

const offset = () =>
  fc
    .integer({ min: 0, max: 15 })
    .filter((word) => word < 2 || word >= 4)
    .map((word) => 4 * word);
const constant = () =>
  fc.oneof(
    fc.constantFrom(0, 1, 2, 31, 0x7fffffff, 0x80000000, 0xffffffff),
    fc.integer({ min: 0, max: 0xffffffff }),
  );

/** An operand that suits the code. */
function operand(code: number): fc.Arbitrary<number> {
  if (code === 0x20) return offset();
  if (code === 0x60 || code === 0x61 || STORES.includes(code)) return fc.integer({ min: 0, max: 3 });
  if (code === 0x64 || code === 0x74) return fc.integer({ min: 0, max: 31 });
  if (code === 0x34) return constant().map((k) => k || 1);
  return constant();
}

/** An instruction with so many after it, so that its jumps stay inside. */
function instruction(after: number): fc.Arbitrary<Instruction> {
  if (after === 0) {
    return fc
      .tuple(fc.constantFrom(0x06, 0x16), fc.integer({ min: 0, max: 400 }))
      .map(([code, errno]) => ({ code, jt: 0, jf: 0, k: 0x50000 + errno }));
  }
  const skip = fc.integer({ min: 0, max: Math.min(after - 1, 4) });
  const plain = fc
    .constantFrom(...LOADS, ...LOADS, ...STORES, ...ARITHMETIC, ...OTHERS)
    .chain((code) => operand(code).map((k) => ({ code, jt: 0, jf: 0, k })));
  const compare = fc
    .tuple(fc.constantFrom(...COMPARISONS), constant(), skip, skip)
    .map(([code, k, jt, jf]) => ({ code, jt, jf, k }));
  const jump = skip.map((k) => ({ code: 0x05, jt: 0, jf: 0, k }));
  return fc.oneof({ weight: 6, arbitrary: plain }, { weight: 3, arbitrary: compare }, jump);
}

const wellFormed = (): fc.Arbitrary<Instruction[]> =>
  fc
    .integer({ min: 1, max: 24 })
    .chain((length) => fc.tuple(...Array.from({ length }, (_, at) => instruction(length - 1 - at))));

/** One field of one instruction changed to anything. */
export function mutant(program: readonly Instruction[]): fc.Arbitrary<Instruction[]> {
  const field = fc.oneof(
    fc
      .oneof(
        fc.constantFrom(
          ...LOADS,
          ...STORES,
          ...ARITHMETIC,
          ...COMPARISONS,
          ...OTHERS,
          ...FOREIGN,
          0x05,
          0x06,
          0x16,
        ),
      )
      .map((code) => ({ code })),
    fc.oneof(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 0, max: 4 })).map((jt) => ({ jt })),
    fc.oneof(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 0, max: 4 })).map((jf) => ({ jf })),
    fc.oneof(constant(), fc.integer({ min: 0, max: 80 })).map((k) => ({ k })),
  );
  return fc
    .tuple(fc.nat({ max: program.length - 1 }), field)
    .map(([at, change]) => program.map((one, index) => (index === at ? { ...one, ...change } : one)));
}

/** Programs of which most are what the kernel takes. */
export const validProgram = (): fc.Arbitrary<Instruction[]> => wellFormed();

/** Programs of which some are what the kernel takes and most have one thing wrong. */
export const anyProgram = (): fc.Arbitrary<Instruction[]> =>
  fc.oneof(wellFormed(), wellFormed().chain(mutant));

/** The guard as guard_write() in native-helper/seccomp/filter.c writes it. */
export function guardFor(machine: Machine, key = [1, 2, 3, 4, 5, 6]): Instruction[] {
  const words = [0, 4, 40, 44, 48, 52, 56, 60];
  const values = [numbersOf(machine).get('execve')!, ABIS[machine].arch, ...key];
  return [
    ...words.flatMap((k, i) => [
      { code: 0x20, jt: 0, jf: 0, k },
      { code: 0x15, jt: 0, jf: 15 - 2 * i, k: values[i]! },
    ]),
    { code: 0x06, jt: 0, jf: 0, k: 0x7fff0000 },
    { code: 0x54, jt: 0, jf: 0, k: 0 },
  ];
}
