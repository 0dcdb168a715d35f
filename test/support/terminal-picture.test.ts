import assert from 'node:assert/strict';
import { test } from 'node:test';
import { themeOf } from '../../src/cli/terminal/theme-of.js';
import { ROLES } from '../../src/theme.js';
import { terminalPicture } from './terminal-picture.js';

const { paint } = themeOf({ columns: 80 }, {}, 'always');

const texts = (printed: string, columns = 40): string[] =>
  terminalPicture([{ command: 'x', printed }], 'a title', columns)
    .split('\n')
    .filter((line) => line.startsWith('<text '));

test('each line of output is a line of text, after the command', () => {
  const [command, ...lines] = texts('one\n\ntwo\n');
  assert.match(command!, /^<text y="29"><tspan x="16" [^>]*>#<\/tspan><tspan x="31.6" [^>]*>x<\/tspan>/);
  assert.deepEqual(lines, [
    '<text y="46"><tspan x="16">one</tspan></text>',
    '<text y="80"><tspan x="16">two</tspan></text>',
  ]);
  assert.deepEqual(texts('').length, 1);
});

test('commands have an empty line between them', () => {
  const all = ['a', 'b'].map((command) => ({ command, printed: 'x\n' }));
  const rows = [...terminalPicture(all, '', 20).matchAll(/^<text y="(\d+)"/gm)].map(([, y]) => y);
  assert.deepEqual(rows, ['29', '46', '80', '97']);
});

test('markup of SVG is escaped, in the title too', () => {
  const picture = terminalPicture([{ command: 'a <b', printed: 'c & d\n' }], '<t>', 20);
  for (const text of ['<title>&lt;t&gt;</title>', '>a &lt;b<', '>c &amp; d<'])
    assert.ok(picture.includes(text), picture);
});

test('columns of a table are aligned', () => {
  assert.deepEqual(texts('a b  c\n').slice(1), [
    '<text y="46"><tspan x="16">a b</tspan><tspan x="55">c</tspan></text>',
  ]);
});

test('each role differs from plain text, and ends at its end', () => {
  for (const role of ROLES) {
    const [, line = ''] = texts(`${paint(role, 'painted')} plain\n`);
    assert.match(line, /<tspan x="16" [a-z-]+="[^"]+"[^>]*>painted<\/tspan>/, role);
    assert.match(line, /<tspan x="78.4">plain<\/tspan>/, role);
  }
});

test('a cleared line is invisible, as is an unfinished one', () => {
  const clear = '\r\u001b[K';
  assert.deepEqual(texts(`${clear}a … 1s${clear}b … 2s${clear}left\n`), texts('left\n'));
  assert.deepEqual(texts(`${clear}a … 1s${clear}`), texts(''));
});

test('unsupported output is an error', () => {
  for (const printed of ['\u001b[33myellow', '\u001b[2J', '\u0007', 'a\rb'])
    assert.throws(() => texts(printed), /no picture of/, JSON.stringify(printed));
  assert.throws(() => texts('too wide', 7), /wider than 7 columns: too wide/);
});
