/** Directives of transient units: systemd accepts them, and loads the same values as from a unit file. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Location } from '../../src/diagnostic.js';
import { directiveGap, formatDirective, isFormatted } from '../../src/systemd/directives/format.js';
import { findTransient, ownDirectives } from '../../src/systemd/directives/rows/transient.js';
import { directives } from '../../src/systemd/directives/table.js';
import { type Box, boxAvailable } from '../support/box.js';
import { GOOD, OWN } from '../support/good-values.js';
import { holdUnits } from '../support/held-units.js';
import { changeFiles } from '../support/loaded-units.js';
import { machine } from '../support/machine.js';
import { inRepository } from '../support/repository.js';
import { alternatives } from '../support/thorough.js';
import type { StartCase, StartFinding } from '../support/transient-in-box.js';
import type { TreeName } from '../support/tree.js';

const AT: Location = { file: 'policy.toml', line: 1, column: 1 };
const RUN = '/run/systemd/system';

const TREES: ReadonlyMap<TreeName, number> = new Map([
  ['machine', 257],
  ['bullseye', 247],
  ['bookworm', 252],
  ['forky', 262],
]);

/** What a version has otherwise of files, and why. */
const EXCEPTIONS: ReadonlyMap<string, string> = new Map([
  [
    '247 CPUSchedulingPriority=1',
    'is checked against the policy at once, which a unit of this one line lacks',
  ],
  ['247 CoredumpFilter=default private-dax', 'has no bit for private-dax'],
  ['247 MountAPIVFS=yes', 'is said only of a unit with a root of its own'],
  ['262 CapabilityBoundingSet=~', 'forgets the numbers that no capability has'],
  ['262 CapabilityBoundingSet=~CAP_CHOWN CAP_KILL', 'forgets them, too'],
  ['262 RestrictNamespaces=~user net', 'has a namespace of time, which no name here stands for'],
]);

/** Texts whose forms differ and mean the same. */
const SAME: readonly string[] = [
  'IPAddressDeny=any ::ffff:10.0.0.1 1::/16',
  'RestrictNamespaces=no',
  'StateDirectoryQuota=off',
];

/** The values of the tables and of other tests that a version puts into force. */
function casesFor(systemd: number): StartCase[] {
  const values = [
    ...[...directives(), ...ownDirectives()].map(({ name, example }): [string, unknown] => [name, example]),
    ...[...GOOD, ...OWN].map(([name, value]): [string, unknown] => [name, value]),
  ];
  return values.flatMap(([name, value], i) => {
    const row = findTransient(name)!;
    const isLater = (row.bus.since ?? 0) > systemd;
    if (isLater || directiveGap(row, value, AT, { systemd, scope: 'system' })) return [];
    const formatted = formatDirective(row, value, AT);
    assert.ok(isFormatted(formatted), name);
    const section = row.man === 'systemd.unit' ? 'Unit' : 'Service';
    return [{ unit: `r-${i}.service`, section, name: row.writtenAs ?? name, values: formatted.values }];
  });
}

/** What becomes of each case, by what it is. */
async function startAll(box: Box, cases: readonly StartCase[]): Promise<Map<string, StartFinding>> {
  const files = cases.map(({ unit, section, name, values }) => [
    `${RUN}/${unit}`,
    [
      ...['[Service]', 'ExecStart=/bin/true', `[${section}]`],
      ...[...values.map((value) => `${name}=${value}`), ''],
    ].join('\n'),
  ]);
  await changeFiles(box, Object.fromEntries(files));
  await box.writeFile('/run/start.json', JSON.stringify(cases));
  const program = inRepository('build/test/support/transient-in-box.js');
  const findings = JSON.parse(await box.succeed(['node', program, '/run/start.json'])) as StartFinding[];
  return new Map(cases.map(({ name, values }, i) => [`${name}=${values.join('|')}`, findings[i]!]));
}

/** Specifiers are not, nor is what no property stands for. */
const isExpressible = (text: string): boolean =>
  !/%[a-zA-Z]/.test(text) && !text.startsWith('TimeoutCleanSec=');

for (const [tree, systemd] of alternatives([...TREES])) {
  const skip = boxAvailable(tree);

  describe(`systemd ${systemd}`, { skip: skip ?? false }, () => {
    const { box } = machine(`transient-${systemd}`, { tree, prepare: () => holdUnits(box, ['r-', 'x-']) });

    test('a transient unit gets the same values as a unit file gives', async () => {
      const found = await startAll(box, casesFor(systemd));
      const expected = (text: string) => (isExpressible(text) ? '' : 'directive-value');
      const isKnown = (text: string) => SAME.includes(text) || EXCEPTIONS.has(`${systemd} ${text}`);
      const told = [...found].filter(
        ([text, finding]) => String(finding) !== expected(text) && !isKnown(text),
      );
      assert.equal(told.map((one) => JSON.stringify(one)).join('\n'), '');
    });
  });
}
