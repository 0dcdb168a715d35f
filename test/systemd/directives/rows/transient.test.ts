import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Location } from '../../../../src/diagnostic.js';
import { directiveGap, formatDirective } from '../../../../src/systemd/directives/format.js';
import { findTransient, ownDirectives } from '../../../../src/systemd/directives/rows/transient.js';
import { directives, findDirective, unknownDirective } from '../../../../src/systemd/directives/table.js';
import { SYSTEMD_RANGE } from '../../../../src/systemd/target/target.js';

const AT: Location = { file: '', line: 1, column: 1 };

test('the table has no duplicates, and no directive of policies', () => {
  const names = ownDirectives().map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
  for (const name of names) {
    assert.equal(findDirective(name), undefined, name);
    assert.equal(unknownDirective(name, AT).code, 'refused-directive', name);
  }
});

test('conditions and assertions are known by their prefix, as directives of [Unit]', () => {
  for (const name of ['ConditionUser', 'AssertPathExists', 'ConditionOfLaterSystemd']) {
    assert.equal(findTransient(name)?.man, 'systemd.unit', name);
    assert.equal(unknownDirective(name, AT).code, 'refused-directive', name);
  }
  for (const name of ['Condition', 'ConditionUser\n', 'Conditionuser', `Condition${'A'.repeat(100)}`]) {
    assert.equal(findTransient(name), undefined, name);
    assert.equal(unknownDirective(name, AT).code, 'unknown-directive', name);
  }
});

test('each word of an enumeration is there once', () => {
  for (const { name, kind } of [...directives(), ...ownDirectives()]) {
    const words = (kind.words ?? []).map(({ value }) => value);
    assert.deepEqual([...new Set(words)], words, name);
  }
});

test('each example is a good value', () => {
  for (const row of ownDirectives()) {
    assert.ok(!Array.isArray(formatDirective(row, row.example, AT)), row.name);
  }
});

test('a directive or value that a version lacks is a gap there, and not in later ones', () => {
  for (const row of ownDirectives()) {
    for (let systemd = SYSTEMD_RANGE.oldest; systemd <= SYSTEMD_RANGE.newest; systemd++) {
      const gap = directiveGap(row, row.example, AT, { systemd, scope: 'system' });
      assert.equal(gap === undefined, row.since <= systemd, `${row.name} ${systemd}`);
    }
  }
});

/** A directive, a value, and the first systemd that knows it. */
const YOUNGER: readonly (readonly [name: string, value: string, since: number])[] = [
  ['ExecStop', '-|true', 258],
  ['FailureAction', 'kexec', 255],
  ['FailureAction', 'soft-reboot', 254],
  ['RestartMode', 'debug', 257],
  ['StandardOutput', 'truncate:/run/x', 248],
  ['Type', 'notify-reload', 253],
];

for (const [name, value, since] of YOUNGER) {
  test(`${name}=${value} is from systemd ${since}`, () => {
    const gapOf = (systemd: number) =>
      directiveGap(findTransient(name)!, value, AT, { systemd, scope: 'system' })?.code;
    assert.deepEqual([gapOf(since - 1), gapOf(since)], ['gap-directive', undefined]);
  });
}
