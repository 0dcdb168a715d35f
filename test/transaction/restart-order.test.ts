import assert from 'node:assert/strict';
import { test } from 'node:test';
import { restartOrder } from '../../src/transaction/restart-order.js';

/** Turns of units, each with those that its restart takes affected: `a>b,c d`. */
function turns(text: string, most = 8): string {
  const units = text.split(' ').map((one) => {
    const [unit = '', along = ''] = one.split('>');
    return { unit, record: { runs: [], affected: along.split(',').filter((name) => name !== '') } };
  });
  return restartOrder(units, most)
    .map((turn) => turn.map(({ unit }) => unit).join(' '))
    .join(' | ');
}

const CASES: Readonly<Record<string, string>> = {
  a: 'a',
  'a b c': 'a b c',
  'b a>b': 'a | b',
  'c b>c a>b,c': 'a | b | c',
  'a>x b': 'a b',
  'a>b b>a c': 'c | a | b',
  'a>a b': 'a b',
};

for (const [units, wanted] of Object.entries(CASES)) {
  test(`${units}: ${wanted}`, () => assert.equal(turns(units), wanted));
}

test('no more at a time than may be', () => assert.equal(turns('a b c', 2), 'a b | c'));

test("a template's services are its own", () => {
  const template = {
    unit: 't@.service',
    record: { runs: [run('t@1.service')], affected: ['t@1.service', 'b'] },
  };
  const other = { unit: 'b', record: { runs: [run('b')], affected: [] } };
  assert.deepEqual(restartOrder([other, template], 8), [[template], [other]]);
});

const run = (unit: string) => ({ unit, invocation: '' });
