import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { table, wrapped } from '../../../src/cli/report/table.js';
import { PLAIN } from '../../../src/theme.js';

const wide = (columns: number) => ({ ...PLAIN, columns });

test('cells have no invisible characters, and columns are aligned', () => {
  const text = table([
    ['a\u202eb', 'x\x1b[31m'],
    ['a', 'y\u{e0041}z'],
  ]);
  assert.equal(text, 'a\\u202eb  x\\x1b[31m\na         y\\U000e0041z\n');
});

test('names of columns and cells are styled without changing their width', () => {
  const theme = { ...PLAIN, paint: (role: string, text: string) => `<${role}>${text}</>` };
  const text = table([[['\u001b[2J', 'bad'], 'b']], { head: ['A', 'B'], theme });
  assert.equal(text, '<heading>A</>        <heading>B</>\n<bad>\\x1b[2J</>  b\n');
});

test('a row of one cell spans the others', () => {
  assert.equal(table([['a long heading'], ['a', 'b']], { indent: '  ' }), '  a long heading\n  a  b\n');
  assert.equal(table([]), '');
});

test('a table that fits is unchanged', () => {
  assert.equal(table([['a b', 'c d']], { theme: wide(8) }), 'a b  c d\n');
});

test('a wide cell is broken between words, the widest column first', () => {
  const text = table([['name', 'one two three four', 'x']], { theme: wide(22) });
  assert.equal(text, 'name  one two three  x\n      four\n');
  const both = table([['one two three four', 'five six seven eight']], { theme: wide(24) });
  assert.equal(both, 'one two     five six\nthree four  seven eight\n');
});

test('a cell without spaces is broken in paths and lists only if nothing else helps', () => {
  const path = '/etc/sandbox-unit/demo.service.toml';
  assert.equal(
    table([['demo', path]], { theme: wide(28) }),
    'demo  /etc/sandbox-unit/\n      demo.service.toml\n',
  );
  assert.equal(table([['demo', path]], { theme: wide(60) }), `demo  ${path}\n`);
  // Then other cells stay whole.
  assert.equal(
    table([['reload due', path]], { theme: wide(34) }),
    'reload due  /etc/sandbox-unit/\n            demo.service.toml\n',
  );
});

test('space that a broken column leaves goes to the others', () => {
  // Halves of the room would do for no column: the first needs 9 of 11, the last 13.
  const text = table([['one-two-three four', 'five six seven']], { theme: wide(29) });
  assert.equal(text, 'one-two-three  five six seven\nfour\n');
});

test('a column name is broken within a word if nothing else helps', () => {
  const options = { head: ['NAME', 'RECORDINGS'], theme: wide(12) };
  assert.equal(table([['a-name', '1/2']], options), 'NAME    RECOR\n        DINGS\na-name  1/2\n');
  assert.equal(table([['a', '1/2']], { ...options, theme: wide(20) }), 'NAME  RECORDINGS\na     1/2\n');
});

test('words of the last column are cut in the middle on request, if nothing else helps', () => {
  const rows = [['one', 'a-program-of-a-long-name another']];
  const cut = (columns: number) => table(rows, { theme: wide(columns), cuts: 'last' });
  assert.equal(cut(60), 'one  a-program-of-a-long-name another\n');
  assert.equal(cut(30), 'one  a-program-of-a-long-name\n     another\n');
  assert.equal(cut(20), 'one  a-progr…ng-name\n     another\n');
  assert.equal(cut(9), 'one  a-pr…ame\n     another\n');
  assert.equal(table(rows, { theme: wide(20) }), cut(30));
  const signs = table([['one', '\u{1d54f}'.repeat(9)]], { theme: wide(14), cuts: 'last' });
  assert.doesNotMatch(signs, /\p{Cs}/u);
});

test('a long sentence is broken, and its further lines are indented', () => {
  assert.equal(wrapped('one two three', wide(13)), 'one two three');
  assert.equal(wrapped('one two three', wide(9)), 'one two\n  three');
  assert.equal(wrapped('one two three', wide(12), '  '), '  one two\n    three');
  assert.equal(wrapped('one two three', PLAIN), 'one two three');
});

test('at any width no text is lost, and no line is wider than necessary', () => {
  const word = fc.stringMatching(/^[a-z]{1,9}$/);
  const cell = fc.array(word, { maxLength: 6 }).map((words) => words.join(' '));
  const row = fc.tuple(cell, cell, cell);
  fc.assert(
    fc.property(
      fc.array(row, { minLength: 1, maxLength: 5 }),
      fc.integer({ min: 1, max: 80 }),
      (rows, columns) => {
        const text = table(rows, { theme: wide(columns) });
        const words = (of: string) =>
          of
            .split(/\s+/)
            .filter((one) => one !== '')
            .sort();
        assert.deepEqual(words(text), words(rows.flat().join(' ')));
        const least = [0, 1, 2].map((i) => Math.max(...rows.map((cells) => longestWord(cells[i]!))));
        const room = Math.max(
          columns,
          least.reduce((sum, width) => sum + width, 4),
        );
        for (const line of text.split('\n')) assert.ok(line.length <= room, `${room}: ${line}`);
      },
    ),
  );
});

const longestWord = (text: string): number => Math.max(...text.split(' ').map((word) => word.length));
