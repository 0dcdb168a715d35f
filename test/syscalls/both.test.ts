import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ALLOW, ENOSYS, errnoAction, KILL, LOG, stricter } from '../../src/syscalls/action.js';
import { both } from '../../src/syscalls/both.js';
import { numbersOf } from '../../src/syscalls/numbers.js';
import { withOwnSets } from '../../src/syscalls/own-sets.js';
import { type Condition, evaluate, type Verdict } from '../../src/syscalls/policy.js';
import { readyCalls } from '../../src/syscalls/ready.js';
import { resolve, resolveCalls } from '../../src/syscalls/resolve.js';
import { bundledSets } from '../../src/syscalls/sets.js';
import { action, callFor, policyOf, verdict } from '../support/policies.js';
import { policyFrom, syscallsFrom } from '../support/policy.js';
import { inputs } from '../support/thorough.js';

const ALWAYS = (otherwise: number): Verdict => ({ rules: [], otherwise });

test('each call gets what the kernel makes of both answers', () => {
  const one = fc.record({ shared: verdict(), own: verdict(), unlisted: action() });
  const cases = fc.tuple(one, one).chain(([a, b]) => {
    const newer = policyOf(
      new Map([
        [1, a.shared],
        [2, a.own],
      ]),
      a.unlisted,
    );
    const older = policyOf(
      new Map([
        [1, b.shared],
        [3, b.own],
      ]),
      b.unlisted,
    );
    const rules = [a.shared, a.own, b.shared, b.own].flatMap((of) => of.rules);
    const asked = policyOf([1, 2, 3].map((nr) => [nr, { rules, otherwise: ALLOW }]));
    return fc.record({
      ...{ newer: fc.constant(newer), older: fc.constant(older) },
      calls: fc.array(callFor(asked), { minLength: 10, maxLength: 40 }),
    });
  });
  fc.assert(
    fc.property(cases, ({ newer, older, calls }) => {
      const together = both(newer, older);
      for (const call of calls)
        assert.equal(evaluate(together, call), stricter(evaluate(newer, call), evaluate(older, call)));
    }),
    inputs(1500),
  );
});

test('an ABI is open that both leave open', () => {
  const sets = withOwnSets(bundledSets());
  const of = (architectures: string[]) =>
    resolve(
      resolveCalls(readyCalls(policyFrom('[ready]\ndeny = ["bind"]').ready!, architectures), sets),
      'x86-64',
    );
  assert.deepEqual([...both(of(['x86', 'x32']), of(['x86'])).abis.keys()], ['x86-64', 'x86']);
  assert.deepEqual([...both(of([]), of(['x86'])).abis.keys()], ['x86-64']);
});

test('of two errnos the newer counts', () => {
  const [eperm, eacces] = [errnoAction(1), errnoAction(13)];
  const joint = both(policyOf([[1, ALWAYS(eperm)]], LOG), policyOf([[1, ALWAYS(eacces)]], ENOSYS));
  assert.deepEqual(joint.abis.get('x86-64'), { verdicts: new Map([[1, ALWAYS(eperm)]]), unlisted: ENOSYS });
});

test('rules that choose by one value make no more cases than there are values', () => {
  const choosing = (values: readonly bigint[], made: (value: bigint) => Condition[]): Verdict => ({
    rules: values.map((value) => ({ when: made(value), action: KILL })),
    otherwise: ALLOW,
  });
  const values = Array.from({ length: 20 }, (_, i) => BigInt(i));
  const equal = (value: bigint): Condition[] => [{ arg: 0, op: 'eq', values: [value], width: 32 }];
  const masked = (value: bigint): Condition[] => [
    { arg: 0, op: 'bits-set', values: [value], width: 32 },
    { arg: 0, op: 'bits-clear', values: [0xffffn & ~value], width: 32 },
  ];
  for (const made of [equal, masked]) {
    const policy = policyOf([[1, choosing(values, made)]]);
    const { rules } = both(policy, policy).abis.get('x86-64')!.verdicts.get(1)!;
    // Each with itself, and with the answer where no rule of the other holds.
    assert.equal(rules.length, 3 * values.length);
  }
});

test('a rule of the start and a list of what serves are one verdict', () => {
  const rule =
    '[[syscalls.rules]]\nsyscall = "ioctl"\nwhen = [{ arg = 1, eq = "TIOCSTI" }]\naction = "log"\n';
  const start = resolve(resolveCalls(syscallsFrom(`deny = ["bpf"]\n${rule}`), bundledSets()), 'x86-64');
  const of = policyFrom('[ready]\ndeny = ["execve"]').ready!;
  const serving = resolve(resolveCalls(readyCalls(of), withOwnSets(bundledSets())), 'x86-64');
  const together = both(serving, start);
  const answer = (call: string, second: bigint) =>
    evaluate(together, {
      arch: 0xc000003e,
      nr: numbersOf('x86-64').get(call)!,
      args: [0n, second, 0n, 0n, 0n, 0n],
    });
  assert.deepEqual(
    [answer('ioctl', 0x5412n), answer('ioctl', 1n), answer('execve', 0n), answer('bpf', 0n)],
    [LOG, KILL, errnoAction(1), KILL],
  );
});
