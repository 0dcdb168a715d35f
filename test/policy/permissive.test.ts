import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asPermissive } from '../../src/policy/permissive.js';
import { policyFrom } from '../support/policy.js';

test('a permissive policy records calls, and its directives are lifted', () => {
  const policy = policyFrom(
    '[syscalls]\ndeny = ["execve"]\n[service]\nPrivateTmp = true\nloosen = ["ProtectHome"]\n[apply]\nsettle = "1s"',
  );
  const { syscalls, service, loosen, lifted, ...rest } = asPermissive(policy);
  const { syscalls: written, service: _, loosen: __, ...others } = policy;
  assert.deepEqual(rest, others);
  assert.deepEqual([service, loosen, lifted], [[], [], ['PrivateTmp']]);
  assert.deepEqual(syscalls, { ...written, permissive: true });
  assert.equal(policy.syscalls!.permissive, undefined);
});

test('a policy of directives alone can be permissive, too', () => {
  const { syscalls, service, lifted } = asPermissive(policyFrom('[service]\nPrivateTmp = true'));
  assert.deepEqual([syscalls, service, lifted], [undefined, [], ['PrivateTmp']]);
});
