import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Instruction } from '../../../src/seccomp/filter/bpf.js';
import { compile } from '../../../src/seccomp/filter/compile/compile.js';
import {
  answerTo,
  callsOf,
  createPermittedCalls,
  firstOfEach,
  isMorePermissive,
} from '../../../src/seccomp/filter/sample-calls.js';
import { stackAction } from '../../../src/seccomp/filter/simulate.js';
import { ABIS, abisOf } from '../../../src/seccomp/syscalls/abi.js';
import {
  type Action,
  ALLOW,
  ENOSYS,
  errnoAction,
  errnoOf,
  KILL,
  KILL_THREAD,
  LOG,
} from '../../../src/seccomp/syscalls/action.js';
import { numbersOf } from '../../../src/seccomp/syscalls/numbers.js';
import { evaluate } from '../../../src/seccomp/syscalls/policy.js';
import { policyOf, syscallPolicy } from '../../support/policies.js';
import { inputs } from '../../support/thorough.js';
import { validProgram } from './programs.js';

const X86_64 = ABIS['x86-64'].arch;
const [EPERM, EACCES] = [errnoAction(1), errnoAction(13)];
const returning = (action: Action): Instruction[] => [{ code: 0x06, jt: 0, jf: 0, k: action }];
const denying = (action: Action, ...numbers: number[]) =>
  policyOf(numbers.map((nr) => [nr, { rules: [], otherwise: action }]));

test("an answer that refuses less is permitted, permissive, one that refuses in another way isn't", () => {
  for (const [expected, got, permitted] of [
    [EPERM, EPERM, false],
    [EPERM, EACCES, false],
    [EPERM, KILL_THREAD, false],
    [KILL, KILL_THREAD, false],
    [KILL, ENOSYS, false],
    [KILL, EPERM, true],
    [EPERM, ALLOW, true],
    [EPERM, LOG, true],
    [LOG, ALLOW, true],
    [LOG, ENOSYS, false],
    [ALLOW, KILL, false],
  ] as const)
    assert.equal(isMorePermissive(expected, got), permitted, `${expected} ${got}`);
});

test('each number of each ABI has the answer of the policy', () => {
  fc.assert(
    fc.property(syscallPolicy(), (policy) => {
      const calls = callsOf(policy);
      assert.ok(calls.every((call) => evaluate(policy, call) === call.expected));
      const count = abisOf(policy.machine).reduce((sum, abi) => sum + numbersOf(abi).size + 1, 0);
      assert.equal(firstOfEach(calls).length, count);
    }),
    inputs(30),
  );
});

describe('the answer of a program that reads arguments', () => {
  const program: Instruction[] = [
    { code: 0x20, jt: 0, jf: 0, k: 16 },
    { code: 0x15, jt: 0, jf: 1, k: 0 },
    ...returning(EPERM),
    ...returning(ALLOW),
  ];
  const call = { arch: X86_64, nr: 41, args: new Array<bigint>(6).fill(0n), expected: EPERM };

  test('counts for these arguments, and never for a call that its number decides', () => {
    assert.equal(answerTo(program, { ...call, isByNumber: false }), EPERM);
    assert.equal(answerTo(program, { ...call, isByNumber: true }), undefined);
  });

  test('is unknown if a Call lacks what it reads', () => {
    const pointer = [{ code: 0x20, jt: 0, jf: 0, k: 8 }, ...returning(KILL)];
    assert.equal(answerTo(pointer, { ...call, isByNumber: false }), undefined);
    assert.deepEqual(
      createPermittedCalls(denying(EPERM, 41))([pointer])
        .filter(({ arch }) => arch === X86_64)
        .map(({ nr }) => nr)
        .filter((nr) => nr === 41),
      [41],
    );
  });
});

describe('permitted calls', () => {
  test("don't exist with a program of the policy, whatever else is loaded", () => {
    fc.assert(
      fc.property(syscallPolicy(), validProgram(), validProgram(), (policy, newer, older) => {
        assert.deepEqual(createPermittedCalls(policy)([newer, compile(policy), older]), []);
      }),
      inputs(100),
    );
  });

  test('are found by single calls, with the strictest answer', () => {
    fc.assert(
      fc.property(syscallPolicy(), syscallPolicy(), syscallPolicy(), (policy, one, other) => {
        fc.pre(one.machine === policy.machine && other.machine === policy.machine);
        const stack = [compile(one), compile(other)];
        const permitted = createPermittedCalls(policy)(stack);
        const keyOf = ({ arch, nr }: { readonly arch: number; readonly nr: number }) => `${arch} ${nr}`;
        const samples = callsOf(policy).filter((sample) => !sample.isByNumber);
        const byArguments = new Set(samples.map(keyOf));
        for (const { isByNumber, ...call } of permitted.filter((found) => byArguments.has(keyOf(found))))
          assert.deepEqual([evaluate(policy, call), stackAction(stack, call)], [call.expected, call.got]);
        for (const call of callsOf(policy).filter((sample) => sample.isByNumber)) {
          const got = stackAction(stack, call);
          // ENOSYS of one program may stand for the end, and an errno of a newer one come before it.
          if (!isMorePermissive(call.expected, got) || errnoOf(got) !== undefined) continue;
          const isFound = permitted.some(({ arch, nr }) => arch === call.arch && nr === call.nr);
          assert.ok(isFound, `${call.arch} ${call.nr}`);
        }
      }),
      inputs(50),
    );
  });

  test('have each number once, with an example if arguments decide', () => {
    const rule = { when: [{ arg: 0, op: 'eq' as const, values: [16n], width: 32 as const }], action: EPERM };
    const policy = policyOf([[41, { rules: [rule], otherwise: ALLOW }]]);
    const permitted = createPermittedCalls(policy)([compile(policyOf([]))]);
    assert.deepEqual(
      permitted.map(({ nr, expected, got, isByNumber }) => [nr, expected, got, isByNumber]),
      [[41, EPERM, ALLOW, false]],
    );
    assert.equal(BigInt.asUintN(32, permitted[0]!.args[0]!), 16n);
  });

  test('are all refused ones if there is no program', () => {
    const policy = denying(KILL, 59);
    const permitted = createPermittedCalls(policy)([]);
    assert.ok(permitted.some(({ arch, nr }) => arch === X86_64 && nr === 59));
    assert.ok(permitted.every(({ got }) => got === ALLOW));
  });

  test('exclude those that an older program refuses in another way than a newer one', () => {
    const older = compile(denying(ENOSYS, 59));
    const permitted = createPermittedCalls(denying(KILL, 59))([returning(EPERM), older]);
    assert.ok(!permitted.some(({ arch, nr }) => arch === X86_64 && nr === 59));
  });
});
