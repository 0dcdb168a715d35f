import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asPermissive } from '../../src/policy/permissive.js';
import { policyFrom } from '../support/policy.js';

test('a permissive policy differs in its [syscalls] alone', () => {
  const policy = policyFrom('[syscalls]\ndeny = ["execve"]\n[service]\nPrivateTmp = true');
  const { syscalls, ...rest } = asPermissive(policy);
  const { syscalls: written, ...others } = policy;
  assert.deepEqual(rest, others);
  assert.deepEqual(syscalls, { ...written, permissive: true });
  assert.equal(policy.syscalls!.permissive, undefined);
});

test("a policy without [syscalls] can't be permissive", () => {
  const policy = policyFrom('[service]\nPrivateTmp = true');
  assert.equal(asPermissive(policy), policy);
});
