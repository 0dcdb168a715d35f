import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import fc from 'fast-check';
import { parseUnitName, type UnitName } from '../../src/systemd/unit/name.js';
import { dropInDirectories, selectDropIns, UNIT_PATH } from '../../src/systemd/unit/search.js';
import { changeFiles, outside, unitProperties } from '../support/loaded-units.js';
import { machine } from '../support/machine.js';
import { seed } from '../support/seed.js';

const { box, test } = machine('unit-search', { launcher: false });

test("the search path is the same as the running manager's", async () => {
  const [service, path, face] = [
    'org.freedesktop.systemd1',
    '/org/freedesktop/systemd1',
    'org.freedesktop.systemd1.Manager',
  ];
  const answer = await box.succeed([
    'busctl',
    '--json=short',
    'get-property',
    service,
    path,
    face,
    'UnitPath',
  ]);
  // The manager leaves out directories that aren't there.
  const found: string[] = JSON.parse(answer).data;
  assert.deepEqual(
    found,
    UNIT_PATH.filter((directory) => found.includes(directory)),
  );
  assert.ok(found.length > 4);
});

const UNITS = [
  'foo-bar-baz.service',
  'foo-bar@in-st.service',
  'a--b.service',
  '-x-y.service',
  'plain.service',
  'foo-bar-.service',
];
const FRAGMENTS = UNITS.map((unit) => unit.replace(/@.*\./, '@.'));
const ALIAS = 'other-name.service';
const PLACES = [
  '/etc/systemd/system',
  '/run/systemd/system',
  '/run/systemd/system.control',
  '/usr/lib/systemd/system',
  '/run/systemd/generator.late',
];
const NAMES = [
  ...UNITS,
  ALIAS,
  'foo-bar@.service',
  'foo-@in-st.service',
  'foo-@.service',
  'foo-.service',
  'a--.service',
  'a-.service',
  '-x-.service',
  '-.service',
  'other-.service',
  'service',
];
const FILES = [
  '10-a.conf',
  '10.conf',
  '9.conf',
  'zz.conf',
  'Z.conf',
  'é.conf',
  '\u{1f600}.conf',
  '\uffe0.conf',
  '.x.conf',
  'x.conf~',
  'x.txt',
];

const dropIn = fc
  .tuple(fc.constantFrom(...PLACES), fc.constantFrom(...NAMES), fc.constantFrom(...FILES))
  .map(([place, name, file]) => `${place}/${name}.d/${file}`);

/** The drop-ins of a unit by our own rules, in what the box has. */
function ours(unit: string, aliases: readonly string[]): string[] {
  const [name, ...others] = [unit, ...aliases].map((text) => parseUnitName(text) as UnitName);
  const directories = dropInDirectories(name!, others, UNIT_PATH);
  return selectDropIns(
    directories
      .filter((directory) => existsSync(outside(box, directory)))
      .map((directory) => ({ directory, fileNames: readdirSync(outside(box, directory)) })),
  );
}

test('drop-ins are found and ordered as by systemd', async () => {
  const fragments = FRAGMENTS.map((name) => [
    `/etc/systemd/system/${name}`,
    '[Service]\nExecStart=/bin/true\n',
  ]);
  await changeFiles(box, Object.fromEntries(fragments));
  await box.succeed(['ln', '-s', UNITS[0]!, `/etc/systemd/system/${ALIAS}`]);
  let seen = 0;
  for (const paths of fc.sample(fc.array(dropIn, { minLength: 60, maxLength: 120, size: 'max' }), {
    numRuns: 12,
    seed,
  })) {
    await changeFiles(box, Object.fromEntries(paths.map((path) => [path, '[Service]\n'])));
    const found = await unitProperties(box, UNITS, ['Unit.DropInPaths', 'Unit.Names']);
    for (const [i, unit] of UNITS.entries()) {
      const [dropIns, names] = found[i] as [string[], string[]];
      assert.deepEqual(
        dropIns,
        ours(
          unit,
          names.filter((name) => name !== unit),
        ),
        `seed ${seed}: ${unit}`,
      );
    }
    seen += found.reduce((sum, [list]) => sum + (list as string[]).length, 0);
    await changeFiles(box, Object.fromEntries(paths.map((path) => [path, undefined])));
  }
  assert.ok(seen > 100, `only ${seen} drop-ins were found`);
});
