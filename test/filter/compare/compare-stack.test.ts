/** Tests of all of filter/compare/: stacks of programs beside the policy that they should mean, by every way that the work may go. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Instruction } from '../../../src/filter/bpf.js';
import type { Limits, Work } from '../../../src/filter/budget.js';
import { StackComparer, type StackComparison } from '../../../src/filter/compare/compare-stack.js';
import { type Difference, relationOf } from '../../../src/filter/compare/relation.js';
import { compile } from '../../../src/filter/compile/compile.js';
import { isGuarded, withoutGuard } from '../../../src/filter/guard.js';
import { ProgramError } from '../../../src/filter/simulate.js';
import { type Stack, stackAction } from '../../../src/filter/stack.js';
import { ABIS, abiOf } from '../../../src/syscalls/abi.js';
import { type Action, ALLOW, errnoAction, KILL, LOG } from '../../../src/syscalls/action.js';
import { nameOf } from '../../../src/syscalls/numbers.js';
import { type Call, evaluate, type SyscallPolicy } from '../../../src/syscalls/policy.js';
import { callFor, policyOf, syscallPolicy } from '../../support/policies.js';
import { inputs } from '../../support/thorough.js';
import { validProgram } from '../programs.js';

const X86_64 = ABIS['x86-64'].arch;
const ZEROS: readonly bigint[] = new Array<bigint>(6).fill(0n);
const [EPERM, EACCES] = [errnoAction(1), errnoAction(13)];
const returning = (action: Action): Instruction[] => [{ code: 0x06, jt: 0, jf: 0, k: action }];
const [KILL_THREAD, TRAP, NOTIFY, TRACE] = [0, 0x30000, 0x7fc00000, 0x7ff00000];

/** Work to its end. */
function finish<T>(work: Work<T>): T {
  for (;;) {
    const piece = work.next();
    if (piece.done) return piece.value;
  }
}

/** A stack that is compared alone, and what that has cost. */
function compareStack(
  stack: Stack,
  policy: SyscallPolicy,
  limits?: Limits,
): StackComparison & { readonly spent: number } {
  const comparer = new StackComparer(limits);
  const compared = finish(comparer.compare(stack, policy));
  return { ...compared, spent: comparer.spent };
}

describe('what several programs answer together', () => {
  const answerOf = (...actions: Action[]) =>
    stackAction(actions.map(returning), { arch: X86_64, nr: 0, args: ZEROS });

  test('is the strictest answer, whatever the order', () => {
    const order = [KILL, KILL_THREAD, TRAP, EPERM, NOTIFY, TRACE, LOG, ALLOW];
    for (const [i, strict] of order.entries()) {
      for (const mild of order.slice(i)) {
        assert.equal(answerOf(strict, mild), strict);
        assert.equal(answerOf(mild, strict), strict);
      }
    }
  });

  test("is the newest's among those of one kind", () => {
    assert.equal(answerOf(EPERM, EACCES), EPERM);
    assert.equal(answerOf(ALLOW, EACCES, EPERM), EACCES);
  });

  test('is to allow where there is no program', () => {
    assert.equal(answerOf(), ALLOW);
  });
});

test('one answer beside another', () => {
  assert.equal(relationOf(EPERM, EPERM), undefined);
  assert.equal(relationOf(EPERM, EACCES), 'otherwise');
  assert.equal(relationOf(KILL, KILL_THREAD), 'otherwise');
  assert.equal(relationOf(KILL_THREAD, KILL), 'stricter');
  assert.equal(relationOf(EPERM, KILL_THREAD), 'stricter');
  assert.equal(relationOf(ALLOW, EPERM), 'stricter');
  assert.equal(relationOf(EPERM, KILL), 'stricter');
  assert.equal(relationOf(KILL, EPERM), 'looser');
  assert.equal(relationOf(KILL, errnoAction(38)), 'otherwise');
  assert.equal(relationOf(LOG, ALLOW), 'looser');
});

const covers = (call: Call) => (difference: Difference) =>
  difference.arch <= call.arch && difference.first <= call.nr && call.nr <= difference.last;

/** Whether a kernel of the machine has such calls. */
function isThere({ machine }: SyscallPolicy, { arch, nr }: Call): boolean {
  const id = abiOf(machine, arch, nr);
  if (id?.abi === 'x86-64') return id.nr < 512 || id.nr > 547;
  if (id?.abi === 'x32') return id.nr >= 512 || nameOf('x32', id.nr) !== undefined;
  return id !== undefined;
}

/** Holds a comparison to single calls: what it finds is so, and what differs is found. */
function assertFound(
  stack: Stack,
  policy: SyscallPolicy,
  calls: readonly Call[],
  limits?: Limits,
): StackComparison {
  const found = compareStack(stack, policy, limits);
  const { differences, sampled, isKnown, uncompared } = found;
  for (const { arch, first, last, relation, expected, got, args = ZEROS } of differences) {
    // The answer of those that were compared.
    if (uncompared > 0 && relation !== 'looser') continue;
    for (const nr of [first, last]) {
      const call = { arch, nr, args };
      assert.deepEqual([evaluate(policy, call), stackAction(stack, call)], [expected, got]);
      assert.equal(relationOf(expected, got), relation);
    }
  }
  if (sampled > 0 || !isKnown) return found;
  for (const call of calls.filter((one) => isThere(policy, one))) {
    const relation = relationOf(evaluate(policy, call), stackAction(stack, call));
    if (relation === undefined || (uncompared > 0 && relation !== 'looser')) continue;
    const there = differences.filter(covers(call)).map((difference) => difference.relation);
    assert.ok(there.includes(relation), `${relation}: 0x${call.arch.toString(16)} ${call.nr}`);
  }
  return found;
}

/** What is found, unless a program does what single calls don't tell. */
function unlessUnanswered<T>(find: () => T): T | undefined {
  try {
    return find();
  } catch (thrown) {
    if (!(thrown instanceof ProgramError)) throw thrown;
    return undefined;
  }
}

const policyAndCalls = () =>
  syscallPolicy().chain((policy) =>
    fc.tuple(fc.constant(policy), fc.array(callFor(policy), { minLength: 20, maxLength: 50 })),
  );

describe('a stack beside a policy', () => {
  test('is equal where it is the policy, once or more often, behind a program that allows all', () => {
    fc.assert(
      fc.property(syscallPolicy(), (policy) => {
        const program = compile(policy);
        const { differences } = compareStack([returning(ALLOW), program, program], policy);
        assert.deepEqual(differences, []);
      }),
      inputs(100),
    );
  });

  test('is only stricter where another program comes on top, in whatever order', () => {
    fc.assert(
      fc.property(policyAndCalls(), syscallPolicy(), fc.boolean(), ([policy, calls], other, newer) => {
        const both = [compile(policy), compile(other)];
        const stack = newer ? both.toReversed() : both;
        assertFound(stack, policy, calls);
        const { differences } = compareStack(stack, policy);
        assert.ok(differences.every(({ relation }) => relation !== 'looser'));
      }),
      inputs(100),
    );
  });

  test('is what single calls show where it is for another policy', () => {
    fc.assert(
      fc.property(policyAndCalls(), syscallPolicy(), ([policy, calls], other) => {
        assertFound([compile(other)], policy, calls);
      }),
      inputs(100),
    );
  });

  test('is what single calls show where programs are of any kind', () => {
    fc.assert(
      fc.property(policyAndCalls(), validProgram(), ([policy, calls], program) => {
        unlessUnanswered(() => assertFound([program, compile(policy)], policy, calls));
      }),
      inputs(200),
    );
  });

  test('a call that is let through is named, alone', () => {
    const deny = (...numbers: number[]) =>
      policyOf(numbers.map((nr) => [nr, { rules: [], otherwise: EPERM }]));
    const { differences, sampled } = compareStack([compile(deny(59, 63))], deny(59, 63, 322));
    assert.equal(sampled, 0);
    const found = { first: 322, last: 322, relation: 'looser', expected: EPERM, got: ALLOW };
    assert.deepEqual(differences, [{ arch: X86_64, ...found }]);
  });

  test('arguments that are let through are shown', () => {
    const domain = (values: bigint[]) =>
      policyOf([
        [
          41,
          {
            rules: [{ when: [{ arg: 0, op: 'in', values, width: 32 }], action: ALLOW }],
            otherwise: EPERM,
          },
        ],
      ]);
    const { differences } = compareStack([compile(domain([1n, 2n]))], domain([2n, 10n]));
    const shown = differences.map(({ relation, args }) => [relation, args?.[0]]);
    assert.deepEqual(shown, [
      ['looser', 1n],
      ['stricter', 10n],
    ]);
  });
});

test('calls behind numbers that no kernel has are compared', () => {
  const x32 = (otherwise: Action): SyscallPolicy => ({
    machine: 'x86-64',
    abis: new Map([['x32', { verdicts: new Map(), unlisted: otherwise }]]),
  });
  const { differences } = compareStack([compile(x32(ALLOW))], x32(EPERM));
  const isFound = (nr: number) =>
    differences.some(covers({ arch: X86_64, nr: 0x40000000 + nr, args: ZEROS }));
  assert.ok([0, 511, 512, 520, 547, 600].every((nr) => isFound(nr) === (nr !== 511)));
});

test('what computes with numbers is only said to be sampled', () => {
  const odd = [
    { code: 0x20, jt: 0, jf: 0, k: 0 },
    { code: 0x54, jt: 0, jf: 0, k: 1 },
    { code: 0x15, jt: 0, jf: 1, k: 1 },
    ...returning(EPERM),
    ...returning(ALLOW),
  ];
  const { sampled, ranges, differences } = compareStack([odd, compile(policyOf([]))], policyOf([]));
  assert.equal(sampled, ranges);
  assert.ok(differences.some(({ first, relation }) => first === 1 && relation === 'stricter'));
});

const POLICY = policyOf([[59, { rules: [], otherwise: EPERM }]]);
const [LOAD_NUMBER, ADD] = [
  { code: 0x20, jt: 0, jf: 0, k: 0 },
  { code: 0x04, jt: 0, jf: 0, k: 1 },
];
const [LOAD_ARGUMENT, LOAD_POINTER] = [16, 8].map((k) => ({ code: 0x20, jt: 0, jf: 0, k }));

/** As long as the kernel takes, of arithmetic on the number, and then one answer to every call. */
const computing = (action: Action, more = 0): Instruction[] => [
  ...[LOAD_NUMBER, ...new Array<Instruction>(4000).fill(ADD), { ...ADD, k: more }],
  ...returning(action),
];

/** Twice as many states after each bit: what is left of an argument depends on which of its bits are set. */
const branching = (action: Action): Instruction[] => [
  LOAD_ARGUMENT!,
  ...Array.from({ length: 31 }, (_, bit) => [
    { code: 0x45, jt: 0, jf: 1, k: 2 ** bit },
    { code: 0x54, jt: 0, jf: 0, k: ~(2 << bit) >>> 0 },
  ]).flat(),
  { code: 0x15, jt: 0, jf: 1, k: 0x55555555 },
  ...returning(KILL),
  ...returning(action),
];

const HOSTILE: readonly (readonly [what: string, program: (action: Action) => Instruction[]])[] = [
  ['computes with the number', computing],
  ['has too many states', branching],
  ['looks at the instruction pointer', (action) => [LOAD_POINTER!, ...returning(action)]],
];

describe('a program that is too much work to be compared:', () => {
  const launcher = compile(POLICY);
  const alone = compareStack([launcher], POLICY).spent;

  for (const [what, program] of HOSTILE) {
    for (const place of [
      [program(ALLOW), launcher],
      [launcher, program(EPERM)],
      [launcher, program(LOG), launcher],
    ])
      test(`it ${what}, and changes nothing, whether newer or older: ${place.length}`, () => {
        const { isKnown, differences, uncompared } = compareStack(place, POLICY, {
          settle: 2 ** 22,
          details: 2 ** 20,
        });
        assert.equal(isKnown, true);
        assert.deepEqual(differences, []);
        assert.equal(uncompared, 1);
      });

    test(`it ${what}, and is not looked at where it is the newer`, () => {
      const { spent } = compareStack([program(ALLOW), launcher], POLICY, { settle: 2 ** 22, details: 0 });
      // Its length is counted before it is refused.
      assert.ok(spent < alone + 3 * 4096, `${spent}, of the other alone ${alone}`);
    });

    test(`it ${what}, and hides whether the rest is looser`, () => {
      const limits = { settle: 2 ** 22, details: 2 ** 20 };
      const { isKnown, differences, spent } = compareStack([program(KILL)], POLICY, limits);
      assert.deepEqual([isKnown, differences], [false, []]);
      assert.ok(spent < 2 * (limits.settle + limits.details), `${spent}`);
    });
  }

  test('a call that gets through all the same is found', () => {
    const { isKnown, differences } = compareStack([computing(ALLOW)], POLICY);
    assert.equal(isKnown, true);
    assert.ok(differences.some(({ first, relation }) => first === 59 && relation === 'looser'));
  });

  test('many of them share a budget, and the program below is compared once', () => {
    const comparer = new StackComparer({ settle: 2 ** 18, details: 2 ** 18 });
    for (let i = 0; i < 500; i++) {
      const { isKnown, uncompared } = finish(comparer.compare([computing(ALLOW, i), launcher], POLICY));
      assert.deepEqual([isKnown, uncompared], [true, 1]);
    }
    assert.equal(finish(comparer.compare([computing(KILL)], POLICY)).isKnown, false);
    assert.ok(comparer.spent < 2 ** 22, `${comparer.spent}`);
  });

  test('the work comes in pieces', () => {
    const comparer = new StackComparer();
    let before = 0;
    let most = 0;
    for (const _ of comparer.compare(
      [computing(KILL), ...HOSTILE.map(([, program]) => program(KILL))],
      POLICY,
    )) {
      most = Math.max(most, comparer.spent - before);
      before = comparer.spent;
    }
    assert.ok(most < 2 ** 24, `${most}`);
  });
});

test('what runs out of its budget says nothing that is not so', () => {
  const budget = () => fc.integer({ min: 0, max: 30 }).map((power) => 1.7 ** power);
  const limits = fc.record({ settle: budget(), details: budget() });
  let [known, unknown] = [0, 0];
  fc.assert(
    fc.property(
      policyAndCalls(),
      syscallPolicy(),
      validProgram(),
      limits,
      ([policy, calls], other, program, few) => {
        for (const stack of [
          [program, compile(policy)],
          [compile(other)],
          [compile(other), compile(policy), program],
        ]) {
          if (unlessUnanswered(() => assertFound(stack, policy, calls, few).isKnown)) known += 1;
          else unknown += 1;
        }
      },
    ),
    inputs(300),
  );
  assert.ok(known > 20 && unknown > 20, `${known} ${unknown}`);
});

test('a policy that is too large for a proof itself is only said to be sampled', () => {
  const bits = Array.from({ length: 24 }, (_, i) => i);
  const both = (i: number) => [
    { arg: 0, op: 'bits-set' as const, values: [2n ** BigInt(i)], width: 64 as const },
    { arg: 5, op: 'bits-set' as const, values: [2n ** BigInt((7 * i) % 24)], width: 64 as const },
  ];
  const rules = bits.map((i) => ({ when: both(i), action: EPERM }));
  const large = policyOf([[59, { rules, otherwise: ALLOW }]]);
  const same = compareStack([computing(ALLOW), compile(large)], large);
  assert.deepEqual([same.isKnown, same.differences], [true, []]);
  assert.ok(same.sampled > 0);
  const other = compareStack([compile(policyOf([[59, { rules: rules.slice(1), otherwise: ALLOW }]]))], large);
  assert.ok(other.differences.some(({ relation }) => relation === 'looser'));
});

test('what is refused otherwise stays so where a newer program has another errno', () => {
  const ENOSYS = errnoAction(38);
  const killing = policyOf([[59, { rules: [], otherwise: KILL }]]);
  const older = compile(policyOf([[59, { rules: [], otherwise: ENOSYS }]]));
  const { isKnown, differences } = compareStack([returning(EPERM), older], killing);
  const relations = differences
    .filter(({ first, last }) => first <= 59 && last >= 59)
    .map(({ relation }) => relation);
  assert.equal(isKnown, true);
  assert.deepEqual(relations, ['otherwise']);
});

test('only the exact shape of the guard is taken for one', () => {
  const guard = guardFor(59, X86_64);
  const rest = compile(policyOf([]));
  assert.ok(isGuarded([...guard, ...rest]));
  assert.deepEqual(withoutGuard([...guard, ...rest]), rest);
  assert.deepEqual(withoutGuard(rest), rest);
  for (const [at, instruction] of guard.entries()) {
    for (const field of ['code', 'jt', 'jf', 'k'] as const) {
      const isKey = field === 'k' && at % 2 === 1 && at >= 5 && at <= 15;
      const changed = guard.with(at, { ...instruction, [field]: instruction[field] + 1 });
      assert.equal(isGuarded([...changed, ...rest]), isKey, `${at} ${field}`);
    }
  }
});

/** As guard_write() in native-helper/seccomp/filter.c writes it. */
function guardFor(nr: number, arch: number): Instruction[] {
  const asked = [[0, nr], [4, arch], ...[40, 44, 48, 52, 56, 60].map((word) => [word, word * 3])] as const;
  return [
    ...asked.flatMap(([word, k], i) => [
      { code: 0x20, jt: 0, jf: 0, k: word! },
      { code: 0x15, jt: 0, jf: 15 - 2 * i, k: k! },
    ]),
    ...returning(ALLOW),
    { code: 0x54, jt: 0, jf: 0, k: 0 },
  ];
}
