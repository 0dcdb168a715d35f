import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseToml } from '../../src/policy/toml.js';
import { assignment, comment, tomlValue, wrapped } from '../../src/policy/toml-text.js';

test('texts and lists read back unchanged, whatever they contain', () => {
  const hostile = ['a"b', 'a\\b', 'a\nb', 'a\x7fb', 'ä', '# x', "'", '\u2028'];
  const { data } = parseToml(
    `${assignment('a', hostile)}\n${assignment('b', hostile.join(''))}\nc = ${tomlValue(true)}\n`,
    'x',
  );
  assert.deepEqual(data, { a: hostile, b: hostile.join(''), c: true });
});

test('a comment is one line, whatever it contains', () => {
  assert.equal(comment('a\nb = 1\r'), '# a\\x0ab = 1\\x0d');
  assert.ok(comment('x'.repeat(1000)).length < 300);
});

test('long lists are broken into lines that fit', () => {
  const words = [...Array(60).keys()].map((i) => `word-${i}`);
  const text = assignment('list', words);
  assert.ok(text.split('\n').every((line) => line.length <= 110));
  assert.deepEqual(parseToml(text, 'x').data, { list: words });
  assert.deepEqual(wrapped(['a', 'b'], '  '), ['  a, b,']);
});
