import assert from 'node:assert/strict';
import { test } from 'node:test';
import { restartOrder } from '../../src/apply/restart-order.js';
import { unitState } from '../support/unit-state.js';

const unit = (name: string, needs: readonly string[] = [], services = [name]) => ({
  unit: name,
  services: services.map((service) => ({ name: service, state: unitState({ Requires: needs }) })),
});

/** Turns of units, each with those that it needs: `a<b,c d`. */
function turns(text: string, most = 8): string {
  const units = text.split(' ').map((one) => {
    const [name = '', needs = ''] = one.split('<');
    return unit(name, needs.split(','));
  });
  return restartOrder(units, most)
    .map((turn) => turn.map((one) => one.unit).join(' '))
    .join(' | ');
}

const CASES: Readonly<Record<string, string>> = {
  a: 'a',
  'a b c': 'a b c',
  'b<a a': 'a | b',
  'c<a,b b<a a': 'a | b | c',
  'a<x b': 'a b',
  'a<b b<a c': 'c | a | b',
  'a<a b': 'a b',
};

for (const [units, wanted] of Object.entries(CASES)) {
  test(`restart order of ${units}: ${wanted}`, () => assert.equal(turns(units), wanted));
}

test('no more services restart at a time than the limit allows', () =>
  assert.equal(turns('a b c', 2), 'a b | c'));

test("a template's instances count as its services", () => {
  const template = unit('t@.service', ['t@1.service'], ['t@1.service', 't@2.service']);
  const other = unit('b', ['t@2.service']);
  assert.deepEqual(restartOrder([other, template], 8), [[template], [other]]);
});
