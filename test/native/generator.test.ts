/** Pieces of the generator that are pure: see test/systemd/at-boot.test.ts for the whole. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { parseUnitName, type UnitName } from '../../src/unit/name.js';
import { dropInDirectories } from '../../src/unit/search.js';
import { compileC, INCLUDES, launcherObstacle, NATIVE, sharedFolder } from '../support/native.js';
import { run } from '../support/run.js';

const skip = launcherObstacle() ?? false;
const folder = sharedFolder();
const DRIVER = join(folder, 'generator-pieces');

before(async () => {
  if (skip) return;
  const sources = ['sha256.c', 'manifest.c', 'unit-name.c'].map((file) => join(NATIVE, 'generator', file));
  await compileC([...INCLUDES, 'test/native/programs/generator-pieces.c', ...sources], DRIVER);
});

test('digests are those of SHA-256, at each length about a block', { skip }, async () => {
  const path = join(folder, 'bytes');
  for (const size of [0, 1, 55, 56, 57, 63, 64, 65, 119, 120, 127, 128, 129, 100_000]) {
    const bytes = Buffer.from(Array.from({ length: size }, (_, i) => (i * 7919) % 256));
    writeFileSync(path, bytes);
    const { stdout } = await run([DRIVER, 'sum', path]);
    assert.equal(stdout, `${createHash('sha256').update(bytes).digest('hex')}\n`, `${size} bytes`);
  }
});

test('a name leads to the names whose drop-ins systemd reads, in its order', { skip }, async () => {
  const names = [
    ...[
      'foo.service',
      'foo-bar.service',
      'foo--bar-.service',
      '-foo.service',
      '--foo.service',
      'a-b-c-d.service',
    ],
    ...['foo@.service', 'foo-bar@.service', 'a-b-c@.service', 'foo@x.service', 'a-b-c@x-y.service'],
    ...['a-b@c@d.service', 'a-b@.x.service', `${'a-'.repeat(122)}.service`, `${'a-'.repeat(121)}@x.service`],
  ];
  for (const name of names) {
    const { stdout } = await run([DRIVER, 'names', name]);
    const folders = dropInDirectories(parseUnitName(name) as UnitName, [], ['']);
    const expected = folders.map((folder) => folder.slice(1, -2)).filter((one) => one !== 'service');
    assert.deepEqual(stdout.trimEnd().split('\n'), expected, name);
  }
  for (const name of [
    '',
    '.service',
    '@x.service',
    'foo',
    'foo.socket',
    'a b.service',
    `${'a'.repeat(248)}.service`,
  ])
    assert.equal((await run([DRIVER, 'names', name])).status, 1, name);
});

const SUM = 'a'.repeat(64);
const WHOLE = ['sandbox-unit 1', `file 0644 ${SUM} /run/x`, `made-for ${SUM} /usr/y`, 'settle 1', 'end', ''];

/** What is read of a manifest. */
async function parsed(text: string): Promise<string> {
  const path = join(folder, 'manifest');
  writeFileSync(path, text);
  return (await run([DRIVER, 'manifest', path])).stdout;
}

test('a manifest is read whole, or not at all', { skip }, async () => {
  const whole = WHOLE.join('\n');
  assert.equal(await parsed(whole), `644 ${SUM} /run/x\n${SUM} /usr/y\n`);
  const ofInstance = [...WHOLE.slice(0, 3), `instance-file ${SUM} /etc/z`, ...WHOLE.slice(3)].join('\n');
  assert.equal(await parsed(ofInstance), `644 ${SUM} /run/x\n${SUM} /usr/y\ninstance ${SUM} /etc/z\n`);
  for (let length = 0; length < whole.length; length++)
    assert.match(
      await parsed(whole.slice(0, length)),
      /^its manifest is (?:cut short|of another version)\n$/,
    );
  const cases: readonly (readonly [change: (lines: string[]) => void, reason: string])[] = [
    [(lines) => lines.splice(0, 1, 'sandbox-unit 2'), 'its manifest is of another version'],
    [(lines) => lines.splice(1, 1), 'its manifest is cut short'],
    [(lines) => lines.splice(2, 1), 'its manifest is cut short'],
    [(lines) => lines.push('more', ''), 'its manifest is cut short'],
    [(lines) => lines.splice(1, 0, `file 4755 ${SUM} /run/x`), "a line of its manifest can't be read"],
    [(lines) => lines.splice(1, 0, `file 0644 ${SUM} run/x`), "a line of its manifest can't be read"],
    [
      (lines) => lines.splice(1, 0, `file 0644 ${SUM.slice(1)} /run/x`),
      "a line of its manifest can't be read",
    ],
    [
      (lines) => lines.splice(1, 0, `made-for ${SUM.toUpperCase()} /x`),
      "a line of its manifest can't be read",
    ],
    [
      (lines) => lines.splice(1, 0, ...Array.from({ length: 256 }, (_, i) => `file 0644 ${SUM} /${i}`)),
      'its manifest names too many files',
    ],
  ];
  for (const [change, reason] of cases) {
    const lines = [...WHOLE];
    change(lines);
    assert.equal(await parsed(lines.join('\n')), `${reason}\n`);
  }
});
