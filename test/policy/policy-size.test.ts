import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UserError } from '../../src/diagnostic.js';
import {
  assertFewValues,
  assertSize,
  MAX_POLICY_SIZE,
  MAX_POLICY_VALUES,
} from '../../src/policy/policy-size.js';

const isTooMuch = (says: string) => (cause: unknown) => {
  assert.ok(cause instanceof UserError);
  const [{ code, message, at } = assert.fail()] = cause.diagnostics;
  assert.deepEqual(
    [code, message, at],
    ['policy-syntax', `the file ${says}`, { file: 'p.toml', line: 1, column: 1 }],
  );
  return true;
};

test('a policy has a megabyte at most', () => {
  assertSize(MAX_POLICY_SIZE, 'p.toml');
  assert.throws(() => assertSize(MAX_POLICY_SIZE + 1, 'p.toml'), isTooMuch('is larger than 1048576 bytes'));
});

test('tables, lists and their contents count as values, at any depth', () => {
  const list = (count: number) => ({ a: new Array(count).fill(1) });
  assertFewValues(list(MAX_POLICY_VALUES - 2), 'p.toml');
  const says = isTooMuch('has more than 5000 values');
  assert.throws(() => assertFewValues(list(MAX_POLICY_VALUES - 1), 'p.toml'), says);
  let deep: object = {};
  for (let i = 0; i < MAX_POLICY_VALUES; i++) deep = i % 2 === 0 ? { deep } : [deep];
  assert.throws(() => assertFewValues(deep, 'p.toml'), says);
});
