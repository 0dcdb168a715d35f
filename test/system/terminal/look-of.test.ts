import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { type ColorChoice, PLAIN, ROLES } from '../../../src/look.js';
import { lookOf } from '../../../src/system/terminal/look-of.js';

const XTERM = { TERM: 'xterm' };

const COLOURS: readonly [
  says: string,
  columns: number | undefined,
  environment: Readonly<Record<string, string>>,
  choice: ColorChoice | undefined,
  has: boolean,
][] = [
  ['a terminal', 80, XTERM, undefined, true],
  ['a terminal that says no width', 0, XTERM, undefined, true],
  ['no terminal', undefined, XTERM, undefined, false],
  ['a terminal that can only print', 80, { TERM: 'dumb' }, undefined, false],
  ['a terminal that nobody has named', 80, {}, undefined, false],
  ['NO_COLOR', 80, { ...XTERM, NO_COLOR: '1' }, undefined, false],
  ['an empty NO_COLOR', 80, { ...XTERM, NO_COLOR: '' }, undefined, true],
  ['--color=always without a terminal', undefined, {}, 'always', true],
  ['--color=always and NO_COLOR', 80, { ...XTERM, NO_COLOR: '1' }, 'always', true],
  ['--color=never', 80, XTERM, 'never', false],
  ['--color=auto without a terminal', undefined, XTERM, 'auto', false],
];

for (const [says, columns, environment, choice, has] of COLOURS) {
  test(`${says}: ${has ? 'colours' : 'no colours'}`, () => {
    const { paint } = lookOf({ columns }, environment, choice);
    assert.equal(paint('error', 'x') !== 'x', has);
  });
}

test('the width is that of the terminal, and of nothing else', () => {
  assert.equal(lookOf({ columns: 80 }, {}, 'never').columns, 80);
  for (const columns of [undefined, 0])
    assert.equal(lookOf({ columns }, XTERM, 'always').columns, PLAIN.columns);
});

test('each role has a style, of the colours that a palette makes fit for its background', () => {
  const { paint } = lookOf({ columns: 80 }, XTERM, 'always');
  for (const role of ROLES) {
    const painted = paint(role, 'text');
    assert.notEqual(painted, 'text', role);
    assert.equal(stripVTControlCharacters(painted), 'text', role);
    const codes = [...painted.matchAll(/\[(\d+)m/g)].map(([, code]) => Number(code));
    // Black, white and the bright colours are lost on one background or the other.
    for (const code of codes) assert.ok(![30, 37].includes(code) && code < 90, `${role}: ${code}`);
    assert.equal(paint(role, ''), '');
  }
});
