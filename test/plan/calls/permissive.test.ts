import assert from 'node:assert/strict';
import { test } from 'node:test';
import { modeOf } from '../../../src/plan/calls/permissive.js';
import { asPermissive } from '../../../src/policy/permissive.js';
import { callContext, planned, targetOf } from '../../support/planned.js';
import { policyFrom } from '../../support/policy.js';

const mode = (syscalls: string) => modeOf(callContext(syscalls).section, targetOf(257));

test('a policy that refuses nothing and records something is permissive by itself', () => {
  assert.equal(mode('deny = ["uname"]\naction = "log"'), 'permissive');
  assert.equal(mode('deny = ["uname:EPERM"]\naction = "log"'), 'enforcing');
  assert.equal(mode('deny = ["uname"]'), 'enforcing');
  assert.equal(
    modeOf({ ...callContext('deny = ["uname"]').section, permissive: true }, targetOf(257)),
    'permissive',
  );
});

const said = (policy: string, lines = '') => {
  const { diagnostics } = planned(asPermissive(policyFrom(policy)), lines);
  return diagnostics.map(({ severity, code }) => `${severity} ${code}`);
};

test("--permissive reports the effect on the policy and on the unit's own filter", () => {
  const deny = '[syscalls]\ndeny = ["uname"]\n';
  assert.deepEqual(said(deny), ['note permissive']);
  assert.deepEqual(said(deny, 'SystemCallFilter=~ptrace'), ['note permissive', 'note own-filter']);
});

test('expectations are checked against the enforcing policy', () => {
  const expect = (action: string) =>
    `[syscalls]\ndeny = ["uname:EPERM"]\n[[expect]]\nsyscall = "uname"\naction = "${action}"\n`;
  assert.ok(!said(expect('EPERM')).some((one) => one.startsWith('error')));
  assert.ok(said(expect('log')).some((one) => one.startsWith('error')));
});
