import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allowedBySlices } from '../../../src/plan/ineffective/by-slices.js';
import { effectiveUnit } from '../../../src/systemd/unit/effective.js';
import { unitFile } from '../../support/planned.js';
import { policyFrom } from '../../support/policy.js';

const AT = { file: 'p.toml', line: 2, column: 1 };

function said(
  slices: Readonly<Record<string, string[]>>,
  { deny = ['any'], allow = '', own = '', name = 'IPAddressDeny' } = {},
) {
  const policy = policyFrom(`[service]\nIPAddressDeny = ["any"]\n${allow}`);
  const entry = { name, value: deny, at: AT, valueAt: AT };
  const unit = effectiveUnit([unitFile(own)]);
  return allowedBySlices(entry, deny, policy, unit, new Map(Object.entries(slices))).map(
    ({ severity, code, message }) => `${severity} ${code}: ${message}`,
  );
}

test('a slice that allows what the policy denies overrides it', () => {
  assert.deepEqual(said({ 'a.slice': ['10.0.0.0/8'], 'b.slice': [], 'c.slice': ['::1'] }), [
    'error gap-undone: IPAddressAllow= of a.slice, c.slice overrides IPAddressDeny: it applies to all units in a slice',
  ]);
  assert.equal(said({ 'a.slice': ['any'] }, { deny: ['10.0.0.0/8'] }).length, 1);
});

test('addresses that the policy or the unit allows are no error', () => {
  assert.deepEqual(said({ 'a.slice': ['10.1.0.0/16'] }, { allow: 'IPAddressAllow = ["10.0.0.0/8"]' }), []);
  assert.deepEqual(said({ 'a.slice': ['10.1.0.0/16'] }, { own: 'IPAddressAllow=10.0.0.0/8' }), []);
  assert.equal(said({ 'a.slice': ['10.0.0.0/8'] }, { own: 'IPAddressAllow=10.1.0.0/16' }).length, 1);
});

test("addresses that no line denies, and other directives, don't matter", () => {
  assert.deepEqual(said({}), []);
  assert.deepEqual(said({ 'a.slice': ['10.0.0.0/8'] }, { deny: ['192.168.0.0/16'] }), []);
  assert.deepEqual(said({ 'a.slice': ['any'] }, { name: 'SocketBindDeny' }), []);
});
