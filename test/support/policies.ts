/** Arbitrary policies and calls, full of the values where compilers go wrong. */
import fc from 'fast-check';
import { COMPARISONS } from '../../src/policy/schema.js';
import {
  ABIS,
  type Abi,
  abisOf,
  kernelNumber,
  MACHINES,
  type Machine,
  X32_BIT,
} from '../../src/seccomp/syscalls/abi.js';
import { type Action, ALLOW, errnoAction, KILL, LOG } from '../../src/seccomp/syscalls/action.js';
import type {
  AbiPolicy,
  ArgumentRule,
  Condition,
  Operator,
  SeccompData,
  SyscallPolicy,
  Verdict,
} from '../../src/seccomp/syscalls/policy.js';

const OPERATORS: readonly Operator[] = [...COMPARISONS, 'in'];

const TOP32 = (1n << 32n) - 1n;
const TOP64 = (1n << 64n) - 1n;

export const action = (): fc.Arbitrary<Action> =>
  fc.oneof(
    fc.constantFrom(ALLOW, LOG, KILL),
    fc.constantFrom(1, 13, 38, 95, 4095).map((errno) => errnoAction(errno)),
  );

/** A value of so many bits: edges of its halves, single bits, small numbers, anything. */
export function value(width: 32 | 64): fc.Arbitrary<bigint> {
  const top = width === 32 ? TOP32 : TOP64;
  const edges = [0n, 1n, 2n, 3n, 0x7fffffffn, 0x80000000n, TOP32 - 1n, TOP32, TOP32 + 1n, TOP32 + 2n]
    .concat([
      1n << 33n,
      5n << 32n,
      (5n << 32n) + 5n,
      TOP64 - TOP32,
      TOP64 - TOP32 - 1n,
      1n << 63n,
      TOP64 - 1n,
      TOP64,
    ])
    .filter((edge) => edge <= top);
  return fc.oneof(
    fc.constantFrom(...edges),
    fc.bigInt({ min: 0n, max: 9n }),
    fc.integer({ min: 0, max: width - 1 }).map((bit) => 1n << BigInt(bit)),
    fc.bigInt({ min: 0n, max: top }),
  );
}

export const condition = (): fc.Arbitrary<Condition> =>
  fc
    .record({
      arg: fc.oneof(fc.constantFrom(0, 1), fc.integer({ min: 0, max: 5 })),
      op: fc.constantFrom(...OPERATORS),
      width: fc.constantFrom<32 | 64>(32, 64),
    })
    .chain(({ arg, op, width }) =>
      fc
        .array(value(width), { minLength: 1, maxLength: op === 'in' ? 6 : 1 })
        .map((values) => ({ arg, op, width, values })),
    );

/** A condition on a value whose halves are in two registers. */
export const splitCondition = (): fc.Arbitrary<Condition> =>
  fc
    .tuple(
      condition().filter(({ width }) => width === 64),
      fc.integer({ min: 1, max: 5 }),
    )
    .map(([one, distance]) => ({ ...one, upper: (one.arg + distance) % 6 }));

export const rule = (): fc.Arbitrary<ArgumentRule> =>
  fc.record({
    when: fc.array(
      fc.oneof({ weight: 4, arbitrary: condition() }, { weight: 1, arbitrary: splitCondition() }),
      { maxLength: 3 },
    ),
    action: action(),
  });

export const verdict = (): fc.Arbitrary<Verdict> =>
  fc.oneof(
    { weight: 3, arbitrary: action().map((otherwise) => ({ rules: [], otherwise })) },
    {
      weight: 1,
      arbitrary: fc.record({ rules: fc.array(rule(), { maxLength: 4 }), otherwise: action() }),
    },
  );

/** Numbers of a table: mostly small, some where the ranges of the conventions meet. */
const tableNumber = (): fc.Arbitrary<number> =>
  fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: 0, max: 460 }) },
    { weight: 1, arbitrary: fc.integer({ min: 508, max: 550 }) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        ...[1023, 1024, 0xf0000, 0xf0001, 0xf0005, X32_BIT - 1, X32_BIT, X32_BIT + 1, 0x7fffffff],
        ...[0x80000000, 0xbfffffff, 0xc0000000, 0xfffffffe, 0xffffffff],
      ),
    },
  );

const abiPolicy = (): fc.Arbitrary<AbiPolicy> =>
  fc.record({
    verdicts: fc
      .array(fc.tuple(tableNumber(), verdict()), { maxLength: 40 })
      .map((entries) => new Map(entries)),
    unlisted: action(),
  });

const policyFor = (machine: Machine): fc.Arbitrary<SyscallPolicy> =>
  fc
    .subarray([...abisOf(machine)])
    .chain((abis) =>
      fc.tuple(...abis.map((abi) => abiPolicy().map((policy): [Abi, AbiPolicy] => [abi, policy]))),
    )
    .map((entries) => ({ machine, abis: new Map(entries) }));

export const syscallPolicy = (): fc.Arbitrary<SyscallPolicy> => fc.constantFrom(...MACHINES).chain(policyFor);

/** A policy of a machine's native convention, for tests that need one verdict only. */
export const policyOf = (verdicts: Iterable<[number, Verdict]>, unlisted: Action = ALLOW): SyscallPolicy => ({
  machine: 'x86-64',
  abis: new Map([['x86-64', { verdicts: new Map(verdicts), unlisted }]]),
});

/** A call that this policy is likely to have an opinion on. */
export function callFor(policy: SyscallPolicy): fc.Arbitrary<SeccompData> {
  const listed = [...policy.abis].flatMap(([abi, { verdicts }]) =>
    [...verdicts.keys()].map((nr) => ({ arch: ABIS[abi].arch, nr: kernelNumber(abi, nr) })),
  );
  const anywhere = fc.record({
    arch: fc.constantFrom(...Object.values(ABIS).map((abi) => abi.arch), 0, 0xc0000000),
    nr: fc.oneof(fc.nat({ max: 1100 }), tableNumber(), fc.integer({ min: 0, max: 0xffffffff })),
  });
  const place = listed.length === 0 ? anywhere : fc.oneof(fc.constantFrom(...listed), anywhere);
  const operands = [...policy.abis.values()].flatMap(({ verdicts }) =>
    [...verdicts.values()].flatMap(({ rules }) => rules.flatMap(({ when }) => when.flatMap((c) => c.values))),
  );
  const near = fc
    .tuple(
      fc.constantFrom(...operands, 0n),
      fc.constantFrom(-1n, 0n, 1n),
      fc.constantFrom(0n, 1n << 32n, 0xdeadbeefn << 32n),
    )
    .map(([operand, step, dirt]) => ((operand + step) ^ dirt) & TOP64);
  const register = fc.oneof(near, value(64));
  return fc
    .tuple(place, fc.array(register, { minLength: 6, maxLength: 6 }))
    .map(([at, args]) => ({ ...at, args }));
}
