import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aliasesOf, unitNamed, unitNames } from '../../../src/systemd/unit/aliases.js';
import { parseUnitName, type UnitName } from '../../../src/systemd/unit/name.js';
import { UNIT_LINKS } from '../../support/unit-links.js';

const unit = (text: string) => parseUnitName(text) as UnitName;

const NAMES = unitNames(
  Object.entries(UNIT_LINKS).map(([directory, files]) => ({
    directory,
    fileNames: Object.keys(files).sort(),
    links: new Map(Object.entries(files).filter(([, target]) => target !== '')),
  })),
);

const CASES: readonly [name: string, unit: string][] = [
  ['real.service', 'real.service'],
  ['unknown.service', 'unknown.service'],
  ['absolute.service', 'real.service'],
  ['relative.service', 'real.service'],
  ['up.service', 'real.service'],
  ['chain.service', 'real.service'],
  ['linked.service', 'linked.service'],
  ['masked.service', 'masked.service'],
  ['other-type.service', 'other-type.service'],
  ['overridden.service', 'overridden.service'],
  ['own.service', 'own.service'],
  ['over@x.service', 'work@x.service'],
  ['over@.service', 'work@.service'],
  ['old@x.service', 'work@x.service'],
  ['work@own.service', 'work@own.service'],
  ['own@b.service', 'work@b.service'],
  ['plain.service', 'plain.service'],
  ['own@c.service', 'own@c.service'],
  ['own@e.service', 'work@e.service'],
  ['fixed.service', 'fixed.service'],
  ['template@x.service', 'template@x.service'],
];

for (const [name, wanted] of CASES)
  test(`${name} is ${wanted}`, () => assert.equal(unitNamed(unit(name), NAMES).full, wanted));

test('links in a circle come to an end', () => {
  assert.match(unitNamed(unit('a.service'), NAMES).full, /^[ab]\.service$/);
});

const aliases = (name: string) => aliasesOf(unit(name), NAMES).map(({ full }) => full);

test('the other names of a unit are found', () => {
  assert.deepEqual(aliases('real.service'), [
    'absolute.service',
    'chain.service',
    'relative.service',
    'up.service',
  ]);
  assert.deepEqual(aliases('work@1.service'), ['over@1.service', 'old@1.service']);
  assert.deepEqual(aliases('work@b.service'), ['over@b.service', 'own@b.service', 'old@b.service']);
  assert.deepEqual(aliases('work@.service'), ['over@.service', 'old@.service']);
  assert.deepEqual(aliases('absolute.service'), []);
  assert.deepEqual(aliases('work@own.service'), []);
});
