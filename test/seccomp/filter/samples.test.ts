import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compile } from '../../../src/seccomp/filter/compile/compile.js';
import { archesToTry, numbersToTry, registersToTry } from '../../../src/seccomp/filter/samples.js';
import { ABIS, kernelNumber } from '../../../src/seccomp/syscalls/abi.js';
import { type Action, ALLOW, errnoAction, KILL } from '../../../src/seccomp/syscalls/action.js';
import {
  type ArgumentRule,
  type Condition,
  holds,
  type Verdict,
} from '../../../src/seccomp/syscalls/policy.js';
import { condition, policyOf, splitCondition, syscallPolicy, verdict } from '../../support/policies.js';

const EPERM = errnoAction(1);

/** Whether a rule with these conditions can hold, and can fail, by what the compiler makes of it. */
function possible(when: ArgumentRule['when']): { holding: boolean; failing: boolean } {
  const program = (one: Verdict) => JSON.stringify(compile(policyOf([[7, one]])));
  const always = (otherwise: Action) => program({ rules: [], otherwise });
  const ruled = program({ rules: [{ when, action: EPERM }], otherwise: KILL });
  return { holding: ruled !== always(KILL), failing: ruled !== always(EPERM) };
}

test('a rule is tried with registers that match, and without each of its conditions', () => {
  const registers = ({ arg, upper }: Condition) => (upper === undefined ? [arg] : [arg, upper]);
  const when = fc
    .array(fc.oneof(condition(), splitCondition()), { minLength: 1, maxLength: 3 })
    .filter((list) => new Set(list.flatMap(registers)).size === list.flatMap(registers).length);
  fc.assert(
    fc.property(when, (conditions) => {
      const tried = registersToTry({ rules: [{ when: conditions, action: EPERM }], otherwise: ALLOW }, 0);
      const held = tried.map((args) => conditions.map((c) => holds(c, args)));
      if (!possible(conditions).holding) return;
      assert.ok(held.some((each) => each.every(Boolean)));
      for (const [at, one] of conditions.entries()) {
        const alone = (each: boolean[]) => each.every((value, index) => value === (index !== at));
        assert.equal(held.some(alone), possible([one]).failing);
      }
    }),
    { numRuns: 1000 },
  );
});

test('registers are six words of 64 bits, the same each time', () => {
  fc.assert(
    fc.property(verdict(), (one) => {
      const tried = registersToTry(one, 64);
      for (const args of tried) {
        assert.equal(args.length, 6);
        assert.ok(args.every((arg) => arg >= 0n && arg < 1n << 64n));
      }
      assert.deepEqual(registersToTry(one, 64), tried);
    }),
  );
});

test('every number that a policy lists is tried, and the first thousand of each table', () => {
  fc.assert(
    fc.property(syscallPolicy(), (policy) => {
      for (const [abi, { verdicts }] of policy.abis) {
        const numbers = new Set(numbersToTry(policy, ABIS[abi].arch));
        for (const nr of [...verdicts.keys(), ...Array.from({ length: 1024 }, (_, at) => at)]) {
          assert.ok(numbers.has(kernelNumber(abi, nr)), `${abi} ${nr}`);
        }
      }
    }),
    { numRuns: 30 },
  );
});

test('conventions and their neighbours are tried', () => {
  const arches = new Set(archesToTry());
  for (const { arch } of Object.values(ABIS)) {
    for (const near of [arch - 1, arch, arch + 1]) assert.ok(arches.has(near));
  }
  assert.ok(arches.has(0) && arches.has(0xffffffff));
});
