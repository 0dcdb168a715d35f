import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parseUnitName, unitObjectPath } from '../../src/systemd/unit/name.js';
import { machine } from '../support/machine.js';

import { seed } from '../support/seed.js';

const { box, test } = machine('unit-name', { launcher: false });

const part = fc.constantFrom(
  'a',
  'Z',
  '9',
  '-',
  '_',
  '.',
  ':',
  '\\',
  '@',
  'foo',
  '.service',
  '.socket',
  '.bar',
  ' ',
  'é',
  '*',
  '%',
);
const texts = [
  ...[
    'nginx',
    '.service',
    'foo@',
    '@foo',
    'a..service',
    '-.mount',
    'x'.repeat(245),
    'x'.repeat(250),
    '9p.service',
    '\\x2d',
  ],
  ...fc.sample(
    fc.array(part, { minLength: 1, maxLength: 6 }).map((parts) => parts.join('')),
    { numRuns: 150, seed },
  ),
].filter((text) => text !== '');

test("valid unit names are the same as systemd's", async () => {
  const script = texts
    .map((text) => `systemd-escape --mangle -- '${text}' 2>/dev/null || echo refused`)
    .join('\n');
  const said = (await box.succeed(['sh'], { input: script })).trimEnd().split('\n');
  for (const [i, text] of texts.entries()) {
    const name = parseUnitName(text);
    const ours = 'full' in name ? name.full : undefined;
    const plain = /^[0-9A-Za-z:_.\\@-]*$/.test(text);
    // systemd escapes other characters where we refuse them.
    const theirs = said[i] === 'refused' || !plain ? undefined : said[i];
    // The folder of drop-ins of a longer name would have too long a name itself.
    if ('code' in name && theirs !== undefined) assert.ok(theirs.length > 253, text);
    else assert.equal(ours, theirs, `seed ${seed}: ${text}`);
  }
});

test("object paths are the same as systemd's", async () => {
  const names = texts
    .map((text) => parseUnitName(text))
    .flatMap((name) => ('full' in name ? [name.full] : []));
  const units = names.filter((name) => !name.includes('@.'));
  const manager = 'org.freedesktop.systemd1 /org/freedesktop/systemd1 org.freedesktop.systemd1.Manager';
  const script = units
    .map((unit) => `busctl --json=short call ${manager} LoadUnit s -- '${unit}'`)
    .join('\n');
  const said = (await box.succeed(['sh', '-e'], { input: script })).trimEnd().split('\n');
  const found = said.map((line) => JSON.parse(line).data[0]);
  assert.deepEqual(found, units.map(unitObjectPath));
});
