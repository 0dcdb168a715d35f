import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { painted, unifiedDiff } from '../../../src/cli/report/diff.js';
import type { FileChange } from '../../../src/plan/emit/changes.js';
import { PLAIN } from '../../../src/theme.js';

const file = (text: string) => ({
  path: '/x.conf',
  content: new TextEncoder().encode(text),
  mode: 0o644,
  modified: 0,
});

function change(before: string | undefined, after: string | undefined, path = '/x.conf'): FileChange {
  const kind =
    before === undefined
      ? 'create'
      : after === undefined
        ? 'remove'
        : before === after
          ? 'unchanged'
          : 'replace';
  return {
    kind,
    path,
    before: before === undefined ? undefined : file(before),
    after: after === undefined ? undefined : file(after),
  };
}

const lines = (...names: (string | number)[]) => names.map((name) => `${name}\n`).join('');

const CASES: readonly [says: string, change: FileChange, diff: string][] = [
  ['an unchanged file has no diff', change('a\n', 'a\n'), ''],
  [
    'a new file is all plus',
    change(undefined, 'a\nb\n'),
    '--- /dev/null\n+++ /x.conf\n@@ -0,0 +1,2 @@\n+a\n+b\n',
  ],
  [
    'a removed file is all minus',
    change('a\nb\n', undefined),
    '--- /x.conf\n+++ /dev/null\n@@ -1,2 +0,0 @@\n-a\n-b\n',
  ],
  [
    'a changed line is minus and plus',
    change('a\nb\nc\n', 'a\nB\nc\n'),
    '--- /x.conf\n+++ /x.conf\n@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n',
  ],
  [
    'three unchanged lines are shown around a change',
    change(lines(1, 2, 3, 4, 5, 6, 7, 8, 9), lines(1, 2, 3, 4, 'x', 6, 7, 8, 9)),
    '--- /x.conf\n+++ /x.conf\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+x\n 6\n 7\n 8\n',
  ],
  [
    'changes that are far apart are in hunks of their own',
    change(lines('a', 1, 2, 3, 4, 5, 6, 7, 'b'), lines('A', 1, 2, 3, 4, 5, 6, 7, 'b', 'c')),
    '--- /x.conf\n+++ /x.conf\n@@ -1,4 +1,4 @@\n-a\n+A\n 1\n 2\n 3\n@@ -7,3 +7,4 @@\n 6\n 7\n b\n+c\n',
  ],
  [
    'of a filter it is only said that it changes',
    change('a', 'b', '/x.d/zz-sandbox-unit.filter'),
    'Binary file /x.d/zz-sandbox-unit.filter: replace\n',
  ],
  [
    'a kept policy is a text, fit for a terminal',
    change('a\n', 'a\u001b\n', '/x.d/zz-sandbox-unit.toml'),
    '--- /x.d/zz-sandbox-unit.toml\n+++ /x.d/zz-sandbox-unit.toml\n@@ -1,1 +1,1 @@\n-a\n+a\\x1b\n',
  ],
];

for (const [says, one, diff] of CASES) {
  test(says, () => {
    assert.equal(unifiedDiff(one), diff);
  });
}

/** Applies a unified diff, as patch(1) would. */
function patched(before: readonly string[], diff: string): string[] {
  const result: string[] = [];
  let at = 0;
  for (const line of diff.split('\n').slice(2, -1)) {
    const hunk = /^@@ -(\d+),(\d+) /.exec(line);
    if (hunk) {
      const start = Number(hunk[2]) === 0 ? Number(hunk[1]) : Number(hunk[1]) - 1;
      while (at < start) result.push(before[at++]!);
    } else if (line.startsWith('+')) result.push(line.slice(1));
    else {
      assert.equal(line.slice(1), before[at]);
      if (line.startsWith(' ')) result.push(before[at]!);
      at++;
    }
  }
  return [...result, ...before.slice(at)];
}

test('a diff turns the old text into the new one', () => {
  const text = fc.array(fc.constantFrom('a', 'b', 'c', '@@ x', '-', '+++ y'), {
    minLength: 1,
    maxLength: 25,
  });
  fc.assert(
    fc.property(text, text, (before, after) => {
      const diff = unifiedDiff(change(lines(...before), lines(...after)));
      assert.deepEqual(patched(before, diff), after);
    }),
  );
});

test('texts that are too long to be compared are printed whole', () => {
  const text = (word: string) => `${`${word}\n`.repeat(6000)}end\n`;
  const diff = unifiedDiff(change(text('a'), text('b')));
  assert.equal(diff.split('\n').filter((line) => /^[-+][ab]$/.test(line)).length, 12000);
  assert.match(diff, /^-a\n\+b$/m);
  assert.match(diff, /\n end\n$/);
});

test('lines of a diff are coloured by their signs', () => {
  const look = { ...PLAIN, paint: (role: string, text: string) => `<${role}>${text}</>` };
  const diff = unifiedDiff(change('a\nb\n', 'a\nB\n'));
  assert.equal(
    painted(diff, look),
    [
      ...['<place>--- /x.conf</>', '<place>+++ /x.conf</>', '<hunk>@@ -1,2 +1,2 @@</>'],
      ...[' a', '<removed>-b</>', '<added>+B</>', ''],
    ].join('\n'),
  );
  assert.equal(painted(diff, PLAIN), diff);
});
