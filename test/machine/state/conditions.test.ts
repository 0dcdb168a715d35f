import assert from 'node:assert/strict';
import { test } from 'node:test';
import { machine, run } from '../../support/apply-in-memory.js';

/** Lists of conditions, what of them is evaluated, and what that says. */
const CONDITIONS: readonly [
  conditions: unknown[],
  evaluated: string[],
  said: string,
  why: RegExp | undefined,
][] = [
  [[], [], '', undefined],
  [
    [['ConditionPathExists', false, true, '/a%b', 1]],
    ['ConditionPathExists=!/a%%b'],
    'test.service: ConditionPathExists=!/a%b failed.\nConditions failed.\n',
    /^ConditionPathExists=!\/a%b is not met/,
  ],
  [[['ConditionEnvironment', false, false, 'A', 1]], [], '', undefined],
  [
    [
      ['ConditionEnvironment', true, false, 'A', 1],
      ['ConditionUser', true, false, 'a', 1],
      ['ConditionHost', false, false, 'a', 1],
    ],
    ['ConditionHost=a'],
    'Failed to initialize manager: No such device or address\n',
    undefined,
  ],
];

for (const [conditions, evaluated, said, why] of CONDITIONS) {
  test(`conditions for a restart: ${JSON.stringify(conditions)}`, async () => {
    const asked: string[][] = [];
    const env = (argv: readonly string[]) => {
      if (!argv.includes('condition')) return { status: 127, stdout: '', stderr: '' };
      asked.push(argv.slice(argv.indexOf('condition') + 1));
      return { status: 1, stdout: '', stderr: said };
    };
    const distort = (properties: Map<string, unknown>) => properties.set('Conditions', conditions);
    const system = machine({ programs: { env }, distort });
    const result = await run(system);
    assert.deepEqual(asked, evaluated.length > 0 ? [evaluated] : []);
    assert.equal(system.changes.includes('restart demo.service'), why === undefined);
    const due = result.diagnostics.find(({ code }) => code === 'restart-due');
    assert.equal(due !== undefined, why !== undefined);
    if (why) assert.match(due!.hint!, why);
    await run(system);
    assert.equal(asked.length, why ? 2 : evaluated.length);
  });
}
