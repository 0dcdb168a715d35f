import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wordsOf } from '../../src/unit/values.js';

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
