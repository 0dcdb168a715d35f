import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isKnownCall } from '../../../src/seccomp/syscalls/numbers.js';
import { bundledSets, expandSet } from '../../../src/seccomp/syscalls/sets.js';
import { isOn } from '../../../src/systemd/directives/is-on.js';
import { directives, findDirective } from '../../../src/systemd/directives/table.js';

const EVERY_BIT = 2n ** 64n - 1n;

test('a value without effect counts as off', () => {
  for (const [name, value, is] of [
    ['PrivateTmp', undefined, false],
    ['PrivateTmp', false, false],
    ['PrivateTmp', true, true],
    ['ProtectSystem', 'no', false],
    ['ProtectSystem', 'strict', true],
    ['ProcSubset', 'all', false],
    ['ProtectProc', 'default', false],
    ['ReadOnlyPaths', [], false],
    ['ReadOnlyPaths', ['/etc'], true],
    ['RestrictAddressFamilies', [false, []], false],
    ['RestrictAddressFamilies', [true, []], true],
    ['RestrictAddressFamilies', [false, ['AF_PACKET']], true],
    ['RestrictNamespaces', EVERY_BIT, false],
    ['RestrictNamespaces', 0x7e020000n, false],
    ['RestrictNamespaces', 0x3e020000n, true],
    ['RestrictNamespaces', 0n, true],
  ] as const) {
    assert.equal(isOn(findDirective(name)!, value), is, `${name} ${value}`);
  }
});

test('calls that a directive refuses are known, and a filter needs seccomp', () => {
  const sets = bundledSets();
  const rows = directives().filter(({ refuses }) => refuses !== undefined);
  assert.ok(rows.length > 10);
  for (const { name, refuses, needs } of rows) {
    assert.ok(needs?.includes('seccomp'), name);
    for (const call of refuses!) assert.ok(expandSet(sets, call) ?? isKnownCall(call), `${name}: ${call}`);
  }
});
