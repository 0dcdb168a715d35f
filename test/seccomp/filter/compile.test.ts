/** Tests of all of seccomp/filter/compile/: programs that are compiled mean their policy, and have the shape that makes them fast. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { UserError } from '../../../src/diagnostic.js';
import { COMPARISONS } from '../../../src/policy/schema.js';
import type { Instruction } from '../../../src/seccomp/filter/bpf.js';
import { compile } from '../../../src/seccomp/filter/compile/compile.js';
import { prove } from '../../../src/seccomp/filter/prove.js';
import { simulate } from '../../../src/seccomp/filter/simulate.js';
import { validate } from '../../../src/seccomp/filter/validate.js';
import { ABIS, abiOf } from '../../../src/seccomp/syscalls/abi.js';
import { type Action, ALLOW, errnoAction, KILL } from '../../../src/seccomp/syscalls/action.js';
import {
  type Condition,
  decide,
  evaluate,
  holds,
  type Operator,
  type SyscallPolicy,
  type Verdict,
} from '../../../src/seccomp/syscalls/policy.js';
import { disassemble } from '../../support/disassemble.js';
import { callFor, policyOf, syscallPolicy } from '../../support/policies.js';
import { inputs } from '../../support/thorough.js';

const X86_64 = ABIS['x86-64'].arch;
const ZEROS: readonly bigint[] = new Array<bigint>(6).fill(0n);
const EPERM = errnoAction(1);
const always = (otherwise: Action): Verdict => ({ rules: [], otherwise });
const on = (arg: number, op: Operator, values: bigint[], width: 32 | 64 = 32): Condition => ({
  arg,
  op,
  values,
  width,
});

test('a program answers every call as its policy does', () => {
  const policyAndCalls = syscallPolicy().chain((policy) =>
    fc.tuple(fc.constant(policy), fc.array(callFor(policy), { minLength: 50, maxLength: 200 })),
  );
  fc.assert(
    fc.property(policyAndCalls, ([policy, calls]) => {
      const program = compile(policy);
      assert.equal(validate(program), undefined);
      for (const call of calls) assert.equal(simulate(program, call).action, evaluate(policy, call));
    }),
    inputs(500),
  );
});

test('equal policies give equal programs', () => {
  fc.assert(
    fc.property(syscallPolicy(), (policy) => {
      const again: SyscallPolicy = {
        machine: policy.machine,
        abis: new Map(
          [...policy.abis]
            .reverse()
            .map(([abi, { verdicts, unlisted }]) => [
              abi,
              { verdicts: new Map([...verdicts].reverse()), unlisted },
            ]),
        ),
      };
      assert.deepEqual(compile(again), compile(structuredClone(policy)));
    }),
  );
});

/** Values at the edges of a register and its halves. */
const REGISTERS = [0n, 1n, 2n, 5n, 0x7fffffffn, 0x80000000n, 0xfffffffen, 0xffffffffn]
  .flatMap((low) => [0n, 1n, 5n, 0x80000000n, 0xfffffffen, 0xffffffffn].map((high) => (high << 32n) | low))
  .concat([3n, 0x100000003n, 0x500000006n]);
const OPERATORS: readonly Operator[] = COMPARISONS;

for (const [arg, upper] of [
  [3, 4],
  [4, 1],
] as const) {
  test(`a value in registers ${arg} and ${upper} is compared as one, without the bits above its halves`, () => {
    for (const op of OPERATORS) {
      for (const value of REGISTERS) {
        const condition: Condition = { ...on(arg, op, [value], 64), upper };
        const policy = policyOf([[7, { rules: [{ when: [condition], action: EPERM }], otherwise: ALLOW }]]);
        const program = compile(policy);
        assert.ok(prove(program, policy).ok);
        for (const whole of REGISTERS) {
          const dirt = whole << 32n;
          const halves = [whole, whole >> 32n].map((half) =>
            BigInt.asUintN(64, BigInt.asUintN(32, half) | dirt),
          );
          const call = { arch: X86_64, nr: 7, args: ZEROS.with(arg, halves[0]!).with(upper, halves[1]!) };
          const expected = holds(on(0, op, [value], 64), ZEROS.with(0, whole)) ? EPERM : ALLOW;
          assert.equal(simulate(program, call).action, expected, `${op} ${value} of ${whole}`);
          assert.equal(evaluate(policy, call), expected);
        }
      }
    }
  });
}

for (const width of [32, 64] as const) {
  for (const op of OPERATORS) {
    test(`'${op}' on ${width} bits is right at every edge`, () => {
      for (const value of REGISTERS.filter((register) => register < 1n << BigInt(width))) {
        const condition = on(3, op, [value], width);
        const program = compile(
          policyOf([[7, { rules: [{ when: [condition], action: EPERM }], otherwise: ALLOW }]]),
        );
        for (const register of REGISTERS) {
          const call = { arch: X86_64, nr: 7, args: ZEROS.with(3, register) };
          const expected = holds(condition, call.args) ? EPERM : ALLOW;
          assert.equal(simulate(program, call).action, expected, `${op} ${value} of ${register}`);
        }
      }
    });
  }

  test(`'in' on ${width} bits is right around every value of a long list`, () => {
    const values = Array.from({ length: 400 }, (_, at) => BigInt(at * (at % 7)) << (width === 64 ? 29n : 0n));
    const condition = on(0, 'in', values, width);
    const program = compile(
      policyOf([[7, { rules: [{ when: [condition], action: EPERM }], otherwise: ALLOW }]]),
    );
    for (const value of values) {
      for (const register of [value - 1n, value, value + 1n, value ^ (1n << 32n)]) {
        const call = { arch: X86_64, nr: 7, args: ZEROS.with(0, BigInt.asUintN(64, register)) };
        assert.equal(simulate(program, call).action, holds(condition, call.args) ? EPERM : ALLOW);
      }
    }
  });
}

test('the listing of a small policy is as expected', () => {
  const socket: Verdict = {
    rules: [
      { when: [on(0, 'in', [1n, 2n, 10n])], action: ALLOW },
      { when: [on(1, 'bits-set', [0x80800n]), on(0, 'gt', [5n], 64)], action: errnoAction(97) },
    ],
    otherwise: KILL,
  };
  const policy = policyOf([
    [41, socket],
    [59, always(EPERM)],
    [322, always(EPERM)],
  ]);
  assert.deepEqual(disassemble(compile(policy)), [
    ' 0: ld [4]',
    ' 1: jeq #0xc000003e, 2, 23',
    ' 2: ld [0]',
    ' 3: jge #0x142, 4, 10',
    ' 4: jge #0x224, 5, 7',
    ' 5: jge #0x40000000, 6, 26',
    ' 6: jeq #0xffffffff, 26, 23',
    ' 7: jge #0x143, 8, 25',
    ' 8: jge #0x200, 9, 26',
    ' 9: ret #0x50026',
    '10: jeq #0x29, 11, 24',
    '11: ld [16]',
    '12: jge #0x3, 13, 14',
    '13: jeq #0xa, 26, 15',
    '14: jeq #0x0, 15, 26',
    '15: ld [24]',
    '16: and #0x80800',
    '17: jeq #0x80800, 18, 23',
    '18: ld [20]',
    '19: jeq #0x0, 20, 22',
    '20: ld [16]',
    '21: jge #0x6, 22, 23',
    '22: ret #0x50061',
    '23: ret #0x80000000',
    '24: jeq #0x3b, 25, 26',
    '25: ret #0x50001',
    '26: ret #0x7fff0000',
  ]);
});

/** Programs for verdicts that arguments can't change: nothing of their rules is left. */
const FOLDED: readonly [string, Verdict, Action][] = [
  ['a rule without conditions', { rules: [{ when: [], action: EPERM }], otherwise: ALLOW }, EPERM],
  [
    'a rule that says what is said anyway',
    { rules: [{ when: [on(0, 'eq', [1n])], action: ALLOW }], otherwise: ALLOW },
    ALLOW,
  ],
  ['lt 0', { rules: [{ when: [on(0, 'lt', [0n])], action: EPERM }], otherwise: ALLOW }, ALLOW],
  ['ge 0', { rules: [{ when: [on(0, 'ge', [0n])], action: EPERM }], otherwise: ALLOW }, EPERM],
  [
    'gt the highest',
    { rules: [{ when: [on(0, 'gt', [0xffffffffn])], action: EPERM }], otherwise: ALLOW },
    ALLOW,
  ],
  [
    'le the highest of 64 bits',
    { rules: [{ when: [on(0, 'le', [2n ** 64n - 1n], 64)], action: EPERM }], otherwise: ALLOW },
    EPERM,
  ],
  [
    'no bits to be set',
    { rules: [{ when: [on(0, 'bits-set', [0n])], action: EPERM }], otherwise: ALLOW },
    EPERM,
  ],
  [
    'any of no bits',
    { rules: [{ when: [on(0, 'bits-any', [0n])], action: EPERM }], otherwise: ALLOW },
    ALLOW,
  ],
  [
    'two values at once',
    { rules: [{ when: [on(0, 'eq', [1n]), on(0, 'eq', [2n])], action: EPERM }], otherwise: ALLOW },
    ALLOW,
  ],
  [
    'two rules that leave nothing',
    {
      rules: [on(0, 'lt', [9n]), on(0, 'ge', [9n])].map((when) => ({ when: [when], action: EPERM })),
      otherwise: ALLOW,
    },
    EPERM,
  ],
];

for (const [what, verdict, action] of FOLDED) {
  test(`${what} costs no instruction`, () => {
    assert.deepEqual(compile(policyOf([[7, verdict]])), compile(policyOf([[7, always(action)]])));
  });
}

test('a rule that an earlier one makes pointless costs no instruction', () => {
  const first = { when: [on(0, 'lt', [10n])], action: EPERM };
  const pointless = { when: [on(0, 'eq', [5n])], action: KILL };
  const policy = (rules: Verdict['rules']) => policyOf([[7, { rules, otherwise: ALLOW }]]);
  assert.deepEqual(compile(policy([first, pointless])), compile(policy([first])));
});

test('calls with equal verdicts share the instructions for them', () => {
  const verdict = (): Verdict => ({
    rules: [{ when: [on(0, 'eq', [0x1234_5678_9abc_def0n], 64), on(1, 'lt', [77n])], action: EPERM }],
    otherwise: ALLOW,
  });
  const with100 = compile(policyOf(Array.from({ length: 100 }, (_, nr) => [4 * nr, verdict()])));
  assert.equal(with100.filter(({ k }) => k === 0x12345678).length, 1);
});

/** A call whose verdict is a long row of tests: it pushes everything around it out of a jump's reach. */
const bulky = (seed: number): Verdict => ({
  rules: Array.from({ length: 150 }, (_, at) => ({
    when: [on(at % 6, 'eq', [BigInt(seed * 1000 + at)]), on((at + 1) % 6, 'bits-any', [BigInt(at + 1)])],
    action: errnoAction(1 + (at % 40)),
  })),
  otherwise: KILL,
});

test('programs longer than a jump reaches are right', () => {
  const policy: SyscallPolicy = {
    machine: 'x86-64',
    abis: new Map([
      [
        'x86-64',
        {
          verdicts: new Map([
            [3, bulky(1)],
            [9, bulky(2)],
            [15, always(EPERM)],
          ]),
          unlisted: ALLOW,
        },
      ],
      [
        'x32',
        {
          verdicts: new Map([
            [3, bulky(2)],
            [9, bulky(3)],
          ]),
          unlisted: errnoAction(5),
        },
      ],
      [
        'x86',
        {
          verdicts: new Map([
            [4, bulky(1)],
            [200, always(EPERM)],
          ]),
          unlisted: KILL,
        },
      ],
    ]),
  };
  const program = compile(policy);
  assert.ok(program.length > 1500 && program.some(({ code }) => code === 0x05), 'no far jump in it');
  assert.equal(validate(program), undefined);
  fc.assert(
    fc.property(callFor(policy), (call) => {
      assert.equal(simulate(program, call).action, evaluate(policy, call));
    }),
    inputs(20_000),
  );
});

test("a program over the limit is an error, one at the limit isn't", () => {
  const policy = policyOf([[7, bulky(1)]]);
  const { length } = compile(policy);
  assert.equal(compile(policy, { limit: length }).length, length);
  for (const limit of [length - 1, 100, 1, 0]) {
    assert.throws(
      () => compile(policy, { limit }),
      (thrown) => {
        assert.ok(thrown instanceof UserError);
        assert.deepEqual(thrown.diagnostics, [
          {
            severity: 'error',
            code: 'filter-too-long',
            message: `the filter needs more than ${limit} instructions`,
            hint: 'use fewer argument rules, or fewer values in them',
          },
        ]);
        return true;
      },
    );
  }
});

test('a hundred thousand values are too long, not too deep', () => {
  const values = Array.from({ length: 100_000 }, (_, at) => BigInt(2 * at));
  const rules = values.map((value) => ({
    when: [on(0, 'eq', [value]), on(1, 'eq', [value])],
    action: EPERM,
  }));
  for (const verdict of [
    { rules, otherwise: ALLOW },
    { rules: [{ when: [on(0, 'in', values, 64)], action: EPERM }], otherwise: ALLOW },
  ]) {
    assert.throws(() => compile(policyOf([[7, verdict]])), /the filter needs more than 4096 instructions/);
  }
});

test('a condition out of its bounds is an internal error', () => {
  const conditions = [
    on(6, 'eq', [1n]),
    on(-1, 'eq', [1n]),
    on(0.5, 'eq', [1n]),
    on(0, 'eq', [2n ** 32n]),
    on(0, 'eq', [2n ** 64n], 64),
    on(0, 'lt', [-1n]),
    on(0, 'eq', []),
    on(0, 'in', []),
    on(0, 'eq', [1n, 2n]),
  ];
  for (const condition of conditions) {
    const verdict = { rules: [{ when: [condition], action: EPERM }], otherwise: ALLOW };
    assert.throws(() => compile(policyOf([[7, verdict]])), RangeError);
  }
});

test('a number is found in as few steps as halving takes', () => {
  const program = compile(
    policyOf(Array.from({ length: 64 }, (_, at) => [2 * at, always(errnoAction(1 + at))])),
  );
  const steps = Array.from(
    { length: 600 },
    (_, nr) => simulate(program, { arch: X86_64, nr, args: ZEROS }).instructions,
  );
  // 132 ranges: eight comparisons. Beside them two loads, the convention and the return.
  assert.equal(Math.max(...steps), 8 + 4);
});

/** The kernel's question whether a number is always let through (kernel/seccomp.c, seccomp_is_const_allow). */
function isConstantAllow(program: readonly Instruction[], arch: number, nr: number): boolean {
  let word = 0;
  for (let at = 0; ; at++) {
    const { code, jt, jf, k } = program[at]!;
    const branch = (taken: boolean) => {
      at += taken ? jt : jf;
    };
    if (code === 0x20 && k === 0) word = nr;
    else if (code === 0x20 && k === 4) word = arch;
    else if (code === 0x06) return k === ALLOW;
    else if (code === 0x05) at += k;
    else if (code === 0x15) branch(word === k);
    else if (code === 0x25) branch(word > k);
    else if (code === 0x35) branch(word >= k);
    else if (code === 0x45) branch((word & k) !== 0);
    else if (code === 0x54) word = (word & k) >>> 0;
    else return false;
  }
}

test("the kernel's cache takes exactly the calls that are let through whatever their arguments", () => {
  fc.assert(
    fc.property(syscallPolicy(), (policy) => {
      const program = compile(policy);
      for (const { arch } of Object.values(ABIS)) {
        for (let nr = 0; nr < 512; nr++) {
          const id = abiOf(policy.machine, arch, nr);
          const verdict = id && policy.abis.get(id.abi)?.verdicts.get(id.nr);
          if (verdict?.rules.length) {
            if (isConstantAllow(program, arch, nr)) assert.equal(decide(verdict, ZEROS), ALLOW);
          } else {
            assert.equal(
              isConstantAllow(program, arch, nr),
              evaluate(policy, { arch, nr, args: ZEROS }) === ALLOW,
            );
          }
        }
      }
    }),
  );
});
