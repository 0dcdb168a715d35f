import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bundledSets, expandSet } from '../../../src/seccomp/syscalls/sets.js';
import { effectiveUnit } from '../../../src/systemd/unit/effective.js';
import {
  type OwnSyscallFilter,
  ownArchitectures,
  ownErrorNumber,
  ownSyscallFilter,
} from '../../../src/systemd/unit/own-filter.js';
import { parseUnitFile } from '../../../src/systemd/unit/unit-file.js';

const sets = bundledSets();
const set = (name: string) => expandSet(sets, name)!;
const service = (lines: readonly string[]) =>
  effectiveUnit([parseUnitFile('x.service', ['[Service]', ...lines].join('\n'))]);

/** Entries that stand out from a set: `+name`, `+name:errno`, `-name`. */
function difference(filter: OwnSyscallFilter, from: readonly string[]): string[] {
  const base = new Set(from);
  const added = [...filter.entries].filter(([name, { errno }]) => !base.has(name) || errno !== undefined);
  return [
    ...added.map(([name, { errno }]) => (errno === undefined ? `+${name}` : `+${name}:${errno}`)),
    ...from.filter((name) => !filter.entries.has(name)).map((name) => `-${name}`),
  ].sort();
}

/** Lines, systemd, mode, what differs from @default (allow) or from nothing (deny). */
const cases: [string, string[], number, 'allow' | 'deny', string[]][] = [
  ['an allow list has @default', ['ptrace'], 255, 'allow', ['+ptrace']],
  ['an allow list can lose what @default has', ['ptrace', '~execve'], 255, 'allow', ['+ptrace', '-execve']],
  [
    '@default comes only with the first line',
    ['ptrace', '~exit', 'pause'],
    255,
    'allow',
    ['+ptrace', '-exit'],
  ],
  ['a deny list has nothing else', ['~ptrace mount:EPERM'], 255, 'deny', ['+mount:1', '+ptrace']],
  [
    'a later allow line only takes away',
    ['~ptrace mount', 'mount @system-service'],
    255,
    'deny',
    ['+ptrace'],
  ],
  ['a lone tilde makes a deny list', ['~', 'ptrace'], 255, 'deny', []],
  ['a tilde counts in front of the line only', ['~ptrace ~mount', '~ ~setns'], 255, 'deny', ['+ptrace']],
  ['an empty line resets', ['~ptrace', '', 'ptrace'], 255, 'allow', ['+ptrace']],
  [
    'the last word about a call wins',
    ['~uname:ENOENT uname:EILSEQ', '~ptrace:1 ptrace'],
    255,
    'deny',
    ['+ptrace', '+uname:84'],
  ],
  [
    'a refusal with an errno stays in an allow list',
    ['ptrace', '~ptrace:EPERM pause:kill'],
    255,
    'allow',
    ['+pause:kill', '+ptrace:1'],
  ],
  ['allowing again drops the errno', ['ptrace', '~ptrace:EPERM', 'ptrace'], 255, 'allow', ['+ptrace']],
  ['before 248 an errno took the call out of an allow list', ['ptrace', '~ptrace:EPERM'], 247, 'allow', []],
  ['sets and sets within', ['~@sandbox:0'], 255, 'deny', set('@sandbox').map((n) => `+${n}:0`)],
  [
    'errnos in every notation',
    ['~mount:0x10 setns:010 ptrace:0b11 pause:0o17 uname:+5 exit:4095'],
    255,
    'deny',
    ['+exit:4095', '+mount:16', '+pause:15', '+ptrace:3', '+setns:8', '+uname:5'],
  ],
  ['backslashes make plain', ['~p\\trace moun\\t'], 255, 'deny', ['+mount', '+ptrace']],
  ['write passes an allow list from 256 on', ['ptrace'], 256, 'allow', ['+ptrace', '+write']],
  ['write passes a deny list from 256 on', ['~write:EPERM ptrace'], 256, 'deny', ['+ptrace']],
  [
    'write passes even if it is refused with an errno',
    ['ptrace', '~write:EPERM'],
    256,
    'allow',
    ['+ptrace', '+write'],
  ],
  ['write is refused before 256', ['~write'], 255, 'deny', ['+write']],
];

for (const [name, lines, systemd, mode, expected] of cases) {
  test(`system call filters: ${name}`, () => {
    const filter = ownSyscallFilter(service(lines.map((line) => `SystemCallFilter=${line}`)), sets, systemd)!;
    assert.equal(filter.mode, mode);
    assert.deepEqual(difference(filter, mode === 'allow' ? set('@default') : []), expected.sort());
  });
}

test('words that systemd skips are named', () => {
  const lines = [
    'SystemCallFilter=~nonsense @nonsense ptrace:NOPE ptrace:4096 ptrace:-1 :EPERM ptrace: mount\\ ',
    'SystemCallFilter=ptrace:EPERM "mount"',
  ];
  const filter = ownSyscallFilter(service(lines), sets, 257)!;
  assert.deepEqual([...filter.entries], []);
  assert.deepEqual(filter.at, { file: 'x.service', line: 2, column: 1, length: 16 });
  const skipped = (line: number, word: string, hint?: string) => ({
    severity: 'warning',
    code: 'own-filter-word-ignored',
    message: `systemd ignores '${word}' in SystemCallFilter=`,
    at: { file: 'x.service', line, column: 1, length: 16 },
    ...(hint ? { hint } : {}),
  });
  assert.deepEqual(filter.ignored, [
    ...[
      'ptrace:NOPE',
      'ptrace:4096',
      'ptrace:-1',
      ':EPERM',
      'ptrace:',
      'mount\\',
      'nonsense',
      '@nonsense',
    ].map((w) => skipped(2, w)),
    skipped(3, 'ptrace:EPERM'),
    skipped(3, '"mount"', "did you mean 'mount'?"),
  ]);
});

test('a unit without filter lines, or with a reset at the end, has no filter', () => {
  assert.equal(ownSyscallFilter(service([]), sets, 257), undefined);
  assert.equal(
    ownSyscallFilter(service(['SystemCallFilter=ptrace', 'SystemCallFilter=']), sets, 257),
    undefined,
  );
  assert.deepEqual(ownArchitectures(service([])), []);
  assert.equal(ownErrorNumber(service([])), 'kill');
});

const numbers: [string[], number | 'kill'][] = [
  [['EPERM'], 1],
  [['EWOULDBLOCK'], 11],
  [['0x26'], 38],
  [['4095'], 4095],
  [['EPERM', '0', '4096', 'nonsense', '-1', 'log', '1x', '08', '0x'], 1],
  [['EPERM', ''], 'kill'],
  [['EPERM', 'kill'], 'kill'],
];

for (const [lines, expected] of numbers) {
  test(`the error number after ${JSON.stringify(lines)} is ${expected}`, () => {
    assert.equal(ownErrorNumber(service(lines.map((line) => `SystemCallErrorNumber=${line}`))), expected);
  });
}

test('architectures are unquoted, known and named once', () => {
  const lines = ['x86', '', 'native "x86-64" x\\32', 'native nonsense arm64', 'arm "x86'];
  const unit = service(lines.map((line) => `SystemCallArchitectures=${line}`));
  assert.deepEqual(ownArchitectures(unit), ['native', 'x86-64', 'x32', 'arm64', 'arm']);
});

test('a long filter line is read in time', () => {
  const filter = ownSyscallFilter(service([`SystemCallFilter=~${'@known '.repeat(140_000)}`]), sets, 257)!;
  assert.equal(filter.entries.size, set('@known').length - 1);
});

test('a long line of words that systemd skips is read in time', () => {
  const filter = ownSyscallFilter(service([`SystemCallFilter=~${'a: '.repeat(300_000)}`]), sets, 257)!;
  assert.equal(filter.ignored.length, 300_000);
});
