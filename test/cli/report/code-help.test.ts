import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeHelp } from '../../../src/cli/report/code-help.js';
import type { CodeEntry } from '../../../src/codes/entry.js';
import { SUBJECTS } from '../../../src/codes/subjects.js';

const VERBS = ['apply', 'status'];

test('each code has its text, in lines for a terminal', () => {
  const entries = SUBJECTS.flatMap((subject) => Object.entries<CodeEntry>(subject.entries));
  for (const [code, entry] of entries) {
    const text = codeHelp(code, VERBS);
    assert.ok(typeof text === 'string', code);
    const plain = typeof entry === 'string' ? entry : `${entry.cause} Way out: ${entry.wayOut}`;
    assert.equal(text.trim().split(/\s+/).join(' '), plain.replaceAll('`', "'"));
    const found = text.split('\n').filter((line) => line.length > 80);
    assert.deepEqual(found, []);
  }
});

const SLIPS: readonly [word: string, hint: string][] = [
  ['no-unt', "did you mean 'no-unit'?"],
  ['aply', "did you mean 'apply'?"],
  ['frobnicate', "see 'sandbox-unit --help'"],
  ['__proto__', "see 'sandbox-unit --help'"],
];

for (const [word, hint] of SLIPS) {
  test(`'${word}' is no code: ${hint}`, () => {
    const found = codeHelp(word, VERBS);
    assert.ok(typeof found === 'object');
    assert.deepEqual([found.code, found.hint], ['usage', hint]);
  });
}

test('an unknown code is shown without control characters', () => {
  const found = codeHelp('\u001b[2J', VERBS);
  assert.ok(typeof found === 'object');
  assert.equal(found.message, "'\\x1b[2J' is neither a command nor the code of a message");
});
