import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WAITING, waitingComment, waitingLines } from '../../src/policy/waiting-lines.js';

const LINES = [
  { name: 'ProtectSystem', value: 'strict' },
  { name: 'ReadWritePaths', value: Array.from({ length: 9 }, (_, i) => `/var/lib/a-long-name-${i}`) },
  { name: 'ProtectHome', value: true },
];
const COMMENT = waitingComment(LINES, 'a week (0 of 1 seen)');
const textOf = (comment: readonly string[]) =>
  `[service]\nUMask = "0077"\n\n${comment.join('\n')}\n\n# Left out:\n# ProcSubset: no.\n`;

test('lines that wait are a comment, and are read from it', () => {
  assert.match(COMMENT[0]!, /^# Not stated yet: .* after a week \(0 of 1 seen\)\.$/);
  const found = waitingLines(textOf(COMMENT));
  assert.deepEqual(
    found.map(({ name, value }) => ({ name, value })),
    LINES,
  );
});

test('the comment ends at the next empty line', () => {
  const [found] = WAITING.exec(textOf(COMMENT))!;
  assert.equal(found, `${COMMENT.join('\n')}\n`);
});

test('without lines there is no comment, and without a comment there are no lines', () => {
  assert.deepEqual(waitingComment([], 'a week'), []);
  assert.deepEqual(waitingLines(textOf(['# Nothing waits.'])), []);
});

test('a line that was taken out of the comment waits no more, and a comment with other words has no lines', () => {
  const without = waitingLines(textOf(COMMENT.filter((line) => !line.includes('ProtectHome'))));
  assert.deepEqual(
    without.map(({ name }) => name),
    ['ProtectSystem', 'ReadWritePaths'],
  );
  for (const bad of ['# and so on', '# ProtectHome = "'])
    assert.deepEqual(waitingLines(textOf([...COMMENT, bad])), [], bad);
});
