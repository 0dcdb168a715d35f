import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nextExecWord, nextWord, strip, wordText } from '../../../../src/systemd/unit/exec/word.js';

/** All words of a text, or `malformed` where one is. */
function words(text: string, next: (text: string, from: number) => ReturnType<typeof nextWord>): string[] {
  const found: string[] = [];
  for (let at = 0; ; ) {
    const word = next(text, at);
    if (word === undefined) return found;
    if (word === 'malformed') return [...found, 'malformed'];
    found.push(wordText(word.pieces));
    at = word.next;
  }
}

const exec: [string, string[]][] = [
  ['', []],
  [' \t\n\r', []],
  ['a  b\tc', ['a', 'b', 'c']],
  ['x"y z"w', ['xy zw']],
  [`"" ''`, ['', '']],
  [`'a\\tb' "a\\"b"`, ['a\tb', 'a"b']],
  [`"it's" 'say "hi"'`, ["it's", 'say "hi"']],
  ['\\a\\b\\f\\n\\r\\t\\v\\\\\\"\\\'\\s', ['\x07\b\f\n\r\t\v\\"\' ']],
  ['\\x41\\101\\u00e9\\U0001F600', ['AAé😀']],
  ['\\xc3\\xa9 \\303\\251', ['é', 'é']],
  ['a\\xff\\xfeb', ['a\ufffd\ufffdb']],
  ['\\ud800', ['\ufffd\ufffd\ufffd']],
  ['\\ud83d\\ude00', ['\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd']],
  [
    '\\q \\x \\x4 \\x4g \\400 \\9 \\u12 \\U00110000 \\U0000fffe',
    ['\\q', '\\x', '\\x4', '\\x4g', '\\400', '\\9', '\\u12', '\\U00110000', '\\U0000fffe'],
  ],
  ['\\x00 \\000 \\u0000', ['\\x00', '\\000', '\\u0000']],
  ['\\q\\t', ['\\q\t']],
  ['a\\ b c', ['a\\ b', 'c']],
  ['a\\', ['a\\']],
  ['a "b\\', ['a', 'malformed']],
  ['a "b', ['a', 'malformed']],
  ["a'b\\'", ['malformed']],
  ['\u00a0a\u2003b', ['\u00a0a\u2003b']],
  ['\\😀x', ['\\😀x']],
];

for (const [text, expected] of exec) {
  test(`words of the command line ${JSON.stringify(text)}`, () =>
    assert.deepEqual(words(text, nextExecWord), expected));
}

const filter: [string, string[]][] = [
  ['"a b" \'c\'', ['"a', 'b"', "'c'"]],
  ['a\\ b \\a\\\\', ['a b', 'a\\']],
  ['a b\\', ['a', 'malformed']],
];

for (const [text, expected] of filter) {
  test(`words of the system call filter ${JSON.stringify(text)}`, () => {
    const found = words(text, (t, at) => nextWord(t, at, { quotes: false, escapes: 'next' }));
    assert.deepEqual(found, expected);
  });
}

test('unquoted words keep an escaped character plain', () => {
  const unquote = (t: string, at: number) => nextWord(t, at, { quotes: true, escapes: 'next' });
  assert.deepEqual(words('"a b" \\"c \'d\\n\'', unquote), ['a b', '"c', 'dn']);
});

test("only systemd's white space is stripped", () => {
  assert.equal(strip('\t \r\na\u00a0\v\f \n'), 'a\u00a0\v\f');
  assert.equal(strip(' \t'), '');
});
