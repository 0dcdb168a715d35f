import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assumptions } from '../../src/plan/assumptions.js';
import { describeNeed, type Need } from '../../src/systemd/target/abilities.js';
import { targetOf } from '../support/planned.js';

const said = (assumed: readonly Need[], names: readonly string[], loadsFilter = false) => {
  const target = targetOf(257, { abilities: { lacks: new Map(), assumed: new Set(assumed) } });
  const directives = names.map((name) => ({ name, values: ['yes'], because: '' }));
  return assumptions(target, directives, loadsFilter).map(
    ({ severity, code, message }) => `${severity} ${code}: ${message}`,
  );
};

test('a fully known target needs no assumptions', () => {
  assert.deepEqual(said([], ['LockPersonality', 'IPAddressDeny'], true), []);
});

test('abilities that the plan assumes are named once, with the directives that need them', () => {
  assert.deepEqual(said(['seccomp'], ['LockPersonality', 'PrivateTmp', 'RestrictRealtime'], true), [
    `warning assumed: this plan assumes that the target has ${describeNeed('seccomp')} (for SystemCallFilter=, LockPersonality=, RestrictRealtime=)`,
  ]);
});

test("an ability that the plan doesn't need is not named", () => {
  assert.deepEqual(said(['seccomp'], ['PrivateTmp']), []);
  assert.deepEqual(said(['seccomp'], []), []);
  assert.equal(said(['seccomp'], [], true).length, 1);
});
