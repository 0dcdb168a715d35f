/** The third table of docs/ready-on-services.md has a row for each service, and sums that are right. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { inRepository } from '../support/repository.js';
import { PHASED, type PhasedCalls, phaseTable, RELOADED_ANYWAY } from './phase-calls.js';

/** The row of a service on the page, as what came of a trial. */
function rowOf(name: string, page: string): PhasedCalls {
  const row = new RegExp(`^\\| ${name} \\|(?: *\\d* \\|){6} (works|nothing is taken) \\|$`, 'm').exec(
    page,
  )?.[0];
  assert.ok(row, `no row says that ${name} works`);
  const [, , ...cells] = row.split('|').map((cell) => cell.trim());
  if (!cells[0]) return { name, problems: [] };
  const [all, critical] = [cells.slice(0, 3), cells.slice(3, 6)].map(([start, serving, unreloaded]) => ({
    start: Number(start),
    serving: Number(serving),
    unreloaded: Number(unreloaded),
  }));
  return { name, counts: { all: all!, critical: critical! }, problems: [] };
}

describe('docs/ready-on-services.md', () => {
  const page = readFileSync(inRepository('docs/ready-on-services.md'), 'utf8');
  const rows = PHASED.map((name) => rowOf(name, page));

  test('has each service, and the sums', () => {
    assert.equal(PHASED.length, 18);
    assert.ok(page.includes(phaseTable(rows)));
  });

  test('says of no service that it gains calls', () => {
    for (const { name, counts } of rows)
      for (const { start, serving, unreloaded } of counts ? [counts.all, counts.critical] : [])
        assert.ok(start >= serving && serving >= unreloaded, name);
  });

  test('names those that are reloaded where systemd refuses it', () => {
    for (const name of RELOADED_ANYWAY) {
      assert.ok(PHASED.includes(name), name);
      assert.ok(page.includes(`- **${name}** is reloaded by its log rotation`), name);
    }
  });
});

test('a row without counts, one that is broken, and the sum of the others', () => {
  const numbers = { start: 9, serving: 7, unreloaded: 5 };
  const counts = { all: numbers, critical: { start: 3, serving: 2, unreloaded: 1 } };
  const table = phaseTable([
    { name: 'a', counts, problems: [] },
    { name: 'b', problems: [] },
    { name: 'c', counts, problems: ['it fails\nat last'] },
  ]);
  assert.deepEqual(table.split('\n').slice(2), [
    '| a | 9 | 7 | 5 | 3 | 2 | 1 | works |',
    '| b |  |  |  |  |  |  | nothing is taken |',
    '| c | 9 | 7 | 5 | 3 | 2 | 1 | **BROKEN**: it fails |',
    '| sum | 18 | 14 | 10 | 6 | 4 | 2 |  |',
    '',
  ]);
});
