import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { themeOf } from '../../../src/cli/terminal/theme-of.js';
import { type ColorChoice, PLAIN, ROLES } from '../../../src/theme.js';

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
    const { paint } = themeOf({ columns }, environment, choice);
    assert.equal(paint('error', 'x') !== 'x', has);
  });
}

test('the width is that of the terminal, and of nothing else', () => {
  assert.equal(themeOf({ columns: 80 }, {}, 'never').columns, 80);
  for (const columns of [undefined, 0])
    assert.equal(themeOf({ columns }, XTERM, 'always').columns, PLAIN.columns);
});

/** Red, green and blue of xterm's palette, from 0 to 1, by the code; bold takes the bright one. */
const palette = (code: number, bright: boolean) =>
  [0, 1, 2].map((bit) => (((code - 30) >> bit) & 1 ? (bright ? 1 : 205 / 255) : 0));

/** The relative luminance of a colour (WCAG 2). */
const luminance = (colour: readonly number[]) =>
  colour
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
    .reduce((sum, part, i) => sum + part * [0.2126, 0.7152, 0.0722][i]!, 0);

test("each role is readable on white and on black, where bold isn't bright", () => {
  const { paint } = themeOf({ columns: 80 }, XTERM, 'always');
  for (const role of ROLES) {
    const codes = [...paint(role, 'text').matchAll(/\[(\d+)m/g)].map(([, code]) => Number(code));
    assert.ok(!codes.includes(2), `${role} is dim`);
    const colour = codes.find((code) => code >= 30 && code < 38);
    if (colour === undefined) continue;
    const light = luminance(palette(colour, codes.includes(1)));
    for (const contrast of [1.05 / (light + 0.05), (light + 0.05) / 0.05])
      assert.ok(contrast > 1.9, `${role}: ${contrast}`);
  }
});

test('each role has a style with colours that fit the background', () => {
  const { paint } = themeOf({ columns: 80 }, XTERM, 'always');
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
