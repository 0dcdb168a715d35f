import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tableOf } from './table.js';

test('the table has a row per service, with medians, and errors in one line', () => {
  const of = (allowed: number, minutes: number) => ({
    calls: { allowed, logged: 40, refused: 300 },
    exposure: [9.6, 5.5, 2],
    minutes,
  });
  const text = tableOf([
    { name: 'nginx', facts: of(70, 1), problems: [] },
    { name: 'named', facts: of(81, 1.26), problems: ['the policy refuses mount', 'it | failed\nin the end'] },
    { name: 'chrony', problems: ['it does not start'] },
  ]);
  assert.equal(
    text,
    `| service | allowed | logged | refused | exposure before | first day | promoted | minutes |  |
| --- | --: | --: | --: | --: | --: | --: | --: | --- |
| nginx | 70 | 40 | 300 | 9.6 | 5.5 | 2.0 | 1.0 | works |
| named | 81 | 40 | 300 | 9.6 | 5.5 | 2.0 | 1.3 | the policy refuses mount; it \\| failed |
| chrony |  |  |  |  |  |  |  | it does not start |
| median | 81 | 40 | 300 | 9.6 | 5.5 | 2.0 | 1.3 |  |
`,
  );
});
