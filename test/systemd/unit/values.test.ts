import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  allWords,
  barePath,
  covers,
  isOn,
  lastOf,
  parseBoolean,
  pathsOf,
  plain,
  scalarOf,
  sinceReset,
  wordsOf,
} from '../../../src/systemd/unit/values.js';

/** A right-hand side, and its words. */
const WORDS: readonly [text: string, words: readonly string[]][] = [
  ['', []],
  [' a\tb ', ['a', 'b']],
  [`"a b"'c' ''`, ['a bc', '']],
  ['a\\ b \\"c', ['a b', '"c']],
  ['a "b', []],
  ['a b\\', []],
];

for (const [text, words] of WORDS) {
  test(`the words of '${text}'`, () => assert.deepEqual(wordsOf(text), words));
}

test('an empty value resets earlier ones, and the last value of a scalar wins', () => {
  assert.deepEqual(sinceReset(['a', '', 'b', 'c']), ['b', 'c']);
  assert.deepEqual(sinceReset(['a', '']), []);
  assert.deepEqual(allWords(['a b', '', '"c d" e']), ['c d', 'e']);
  assert.deepEqual(['TRUE', 'off', 'strict', ''].map(plain), ['yes', 'no', 'strict', '']);
  assert.deepEqual([scalarOf(['x', '1']), scalarOf(['x', '']), scalarOf([])], ['yes', '', '']);
});

test('a directive of a unit is on unless it is unset or off', () => {
  const unit = new Map([
    ['A', ['no', 'on']],
    ['B', ['yes', '0']],
    ['C', ['yes', '']],
    ['Paths', ['-/a', '', '+/b//c:rw "/d e/"']],
  ]);
  const found = ['A', 'B', 'C', 'D'].map((name) => isOn(unit, name));
  assert.deepEqual(found, [true, false, false, false]);
  assert.equal(lastOf(unit, 'A'), 'yes');
  assert.deepEqual(pathsOf(unit, 'Paths'), ['/b/c', '/d e']);
});

test("words that systemd can't split have no result", () => {
  assert.deepEqual(wordsOf('a "b'), []);
  assert.deepEqual(wordsOf(`a 'b c'`), ['a', 'b c']);
});

test('a path covers itself and everything below it', () => {
  assert.ok(covers('/a', '/a') && covers('/a', '/a/b') && covers('/', '/a'));
  assert.ok(!covers('/a', '/ab') && !covers('/a/b', '/a'));
  assert.deepEqual(['-+/a/./b/', '+-/a', 'a//b', '/'].map(barePath), ['/a/b', '-/a', 'a/b', '/']);
});

test('a boolean is one of the words of systemd.syntax(7), in any case', () => {
  for (const text of ['1', 'yes', 'y', 'true', 't', 'on', 'YES', 'oN'])
    assert.equal(parseBoolean(text), true, text);
  for (const text of ['0', 'no', 'n', 'false', 'f', 'off', 'No', 'OFF'])
    assert.equal(parseBoolean(text), false, text);
});

test('other text is no boolean', () => {
  for (const text of ['', ' yes', 'yes ', '2', '01', 'ja', 'yes\n', 'tru', 'ｙｅｓ', 'constructor']) {
    assert.equal(parseBoolean(text), undefined, text);
  }
});
