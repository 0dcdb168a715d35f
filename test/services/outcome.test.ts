import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Applied, outcomeOf, templateTable } from './outcome.js';

const applied = (
  state: string,
  ...diagnostics: readonly [severity: string, code: string, hint?: string][]
): Applied => ({
  units: [
    {
      state,
      diagnostics: diagnostics.map(([severity, code, hint]) => ({
        ...{ severity, code, message: `the ${code}` },
        ...(hint === undefined ? {} : { hint }),
      })),
    },
  ],
});

const outcome = (said: Applied, ...problems: string[]) =>
  outcomeOf({ template: 'no-exec', applied: said, problems });

test('a working service has the codes of its warnings', () => {
  const said = applied('applied', ['note', 'n'], ['warning', 'w', 'do x'], ['warning', 'w', 'do y']);
  const { kind, codes, reasons } = outcome(said);
  assert.deepEqual([kind, codes, reasons], ['works', ['w'], ['w: the w; do x', 'w: the w; do y']]);
});

test('a service that is refused, or rolled back, has the codes of its errors', () => {
  const refused = outcome(applied('refused', ['warning', 'w'], ['error', 'locks-out', 'leave it out']));
  assert.deepEqual([refused.kind, refused.codes], ['refused', ['locks-out']]);
  const back = outcome(applied('rolled-back', ['error', 'died', 'allow it']));
  assert.deepEqual([back.kind, back.codes], ['rolled back', ['died']]);
});

for (const [name, said, problems, reason] of [
  ['its client fails', applied('applied'), ['curl answers nothing'], 'curl answers nothing'],
  ['it is not as before', applied('refused', ['error', 'e', 'h']), ['a file is new'], 'a file is new'],
  ['a reason has no way out', applied('rolled-back', ['error', 'e']), [], 'e has no way out: the e'],
  ['a warning has no way out', applied('applied', ['warning', 'w']), [], 'w has no way out: the w'],
  ['no reason is told', applied('refused', ['warning', 'w', 'h']), [], 'no reason is told'],
  ['it is neither', applied('failed', ['error', 'e', 'h']), [], 'apply: failed'],
  ['nothing was applied', applied('unchanged'), [], 'apply: unchanged'],
  ['apply has no unit', { diagnostics: [] }, [], 'apply: no unit'],
] as const satisfies [string, Applied, string[], string][]) {
  test(`a service counts as broken if ${name}`, () => {
    const { kind, reasons } = outcome(said, ...problems);
    assert.deepEqual([kind, reasons[0]], ['BROKEN', reason]);
  });
}

test('the table has services as rows, templates as columns, and sums', () => {
  const of = (template: string, said: Applied, ...problems: string[]) =>
    outcomeOf({ template, applied: said, problems });
  const text = templateTable(
    ['hardened', 'no-exec'],
    [
      {
        name: 'nginx',
        outcomes: [
          of('hardened', applied('applied')),
          of('no-exec', applied('applied', ['warning', 'w', 'h'])),
        ],
      },
      {
        name: 'cron',
        outcomes: [
          of('hardened', applied('applied')),
          of('no-exec', applied('refused', ['error', 'locks-out', 'h'])),
        ],
      },
      { name: 'named', outcomes: [of('hardened', applied('applied'), 'it | fails\nin the end')] },
    ],
  );
  assert.equal(
    text,
    `| service | hardened | no-exec |
| --- | --- | --- |
| nginx | works | works: \`w\` |
| cron | works | refused: \`locks-out\` |
| named | **BROKEN**: it \\| fails |  |
| 3 | 2 works, 1 BROKEN | 1 works, 1 refused |
`,
  );
});
