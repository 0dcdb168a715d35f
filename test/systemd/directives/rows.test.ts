/** Tests of systemd/directives/row.ts and all of systemd/directives/rows/: each row is whole, and true of some systemd. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Location } from '../../../src/diagnostic.js';
import { formatDirective } from '../../../src/systemd/directives/format.js';
import { ownDirectives } from '../../../src/systemd/directives/rows/transient.js';
import { directives, findDirective } from '../../../src/systemd/directives/table.js';
import { SYSTEMD_RANGE } from '../../../src/systemd/target/target.js';

const AT: Location = { file: 'policy.toml', line: 3, column: 1, length: 5 };
const sorted = (names: readonly string[]) => [...names].sort((a, b) => (a < b ? -1 : 1));

test('the table is sorted, without duplicates', () => {
  const names = [...directives(), ...ownDirectives()].map((row) => row.name);
  assert.equal(new Set(names).size, names.length);
  const found = directives().map(({ name }) => name);
  assert.deepEqual(found, sorted(directives().map(({ name }) => name)));
});

test('each version in the table exists, and parts are not older than their directive', () => {
  for (const row of directives()) {
    const parts = [
      ...(row.more ?? []).map((bus) => bus.since ?? row.since),
      ...(row.kind.words ?? []).map((entry) => entry.since ?? row.since),
      row.until ?? SYSTEMD_RANGE.newest,
    ];
    assert.ok(row.since >= 183, row.name);
    for (const since of parts) assert.ok(since >= row.since && since <= SYSTEMD_RANGE.newest, row.name);
  }
});

test("each row that isn't a scalar can be reset, because drop-ins replace values", () => {
  const without = directives().filter((row) => row.merge !== 'scalar' && row.reset === undefined);
  assert.deepEqual(without, []);
});

test('ranks have every word of their directive, with as many components each', () => {
  for (const { name, kind, strictness } of directives()) {
    if (strictness?.ranks === undefined) continue;
    const words = (kind.words ?? []).map((entry) => entry.value);
    const booleans = kind.boolean ? ['no', 'yes'] : [];
    assert.deepEqual(sorted(Object.keys(strictness.ranks)), sorted([...words, ...booleans]), name);
    assert.ok(Object.hasOwn(strictness.ranks, strictness.unset!), name);
    assert.equal(new Set(Object.values(strictness.ranks).map((ranks) => ranks.length)).size, 1, name);
  }
  assert.ok(directives().some(({ strictness }) => strictness?.ranks));
});

test('each kind of value that a policy sets can be read back', () => {
  for (const { name, kind } of directives()) assert.ok(kind.isLoaded, name);
});

test('each row that another directive implies has a value for its absence', () => {
  for (const { name, impliedBy, strictness } of directives()) {
    if (impliedBy === undefined) continue;
    assert.ok(findDirective(impliedBy), name);
    assert.ok(strictness?.unset, name);
  }
});

test('each example is a good value', () => {
  for (const row of directives()) {
    const result = formatDirective(row, row.example, AT);
    assert.ok(!Array.isArray(result) && result.values.length > 0, row.name);
  }
});

test('each property of the bus has a name and a signature', () => {
  for (const { name, bus, more = [] } of [...directives(), ...ownDirectives()]) {
    for (const { property, signature, write = 's' } of [bus, ...more]) {
      assert.match(property, /^[A-Z]\w+$/, name);
      assert.match(signature, /^[a-z()]+$/, name);
      assert.match(write, /^[a-z()]+$/, name);
    }
  }
});
