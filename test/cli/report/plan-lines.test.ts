import assert from 'node:assert/strict';
import { test } from 'node:test';
import { linesText } from '../../../src/cli/report/plan-lines.js';
import type { Plan, PlanLine } from '../../../src/plan/plan.js';

const FILE = '/etc/p.toml';

const denied = (name: string, line: number, more: Partial<PlanLine> = {}): PlanLine => ({
  at: { file: FILE, line, column: 1 },
  subject: `deny ${name}:EPERM`,
  entry: { list: 'deny', name, action: 'EPERM' },
  enforcedBy: 'systemd',
  how: 'SystemCallFilter=',
  ...more,
});

const shown = (lines: readonly PlanLine[], verbose = false): string[] =>
  linesText({ policyFile: FILE, lines } as unknown as Plan, { verbose })
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) => line.trim().replace(/ {2,}/g, ' | '));

const CALLS = ['bpf', 'kexec_load', 'mount', 'reboot', 'swapon'];

test('entries of one list with the same enforcer share a row', () => {
  const lines = CALLS.map((name, i) => denied(name, 3 + i));
  assert.deepEqual(shown(lines), [
    '3-7 | deny:EPERM bpf, kexec_load, mount and 2 more | systemd | SystemCallFilter=',
  ]);
  assert.deepEqual(
    shown(lines, true),
    CALLS.map((name, i) => `${3 + i} | deny ${name}:EPERM | systemd | SystemCallFilter=`),
  );
});

test('a single further entry is named', () => {
  const [row] = shown(CALLS.slice(0, 4).map((name) => denied(name, 3)));
  assert.match(row!, /deny:EPERM bpf, kexec_load, mount, reboot \|/);
});

test('an entry with another answer, enforcer, means or reason has its own row', () => {
  const others: Partial<PlanLine>[] = [
    { entry: { list: 'deny', name: 'b', action: 'kill' }, subject: 'deny b:kill' },
    { entry: { list: 'log', name: 'b' }, subject: 'log b' },
    { enforcedBy: 'nobody' },
    { how: 'filter' },
    { reason: 'it must' },
  ];
  for (const other of others) {
    const rows = shown([denied('a', 3), denied('b', 3, other), denied('c', 3)]);
    assert.equal(rows.length, 2, JSON.stringify(other));
    assert.match(rows[0]!, /^3 \| deny:EPERM a, c \|/);
    assert.match(rows[1]!, other.reason ? /\(it must\)$/ : /\bb\b/);
  }
});

test('rows follow the file, each at the place of its first entry', () => {
  const { entry: _, ...rule } = denied('socket', 9, { subject: 'rule socket: allow' });
  const allowed = { entry: { list: 'allow', name: 'read' }, subject: 'allow read' } as const;
  const lines = [denied('read', 12, allowed), denied('bpf', 3), denied('mount', 20), rule];
  const numbers = (verbose: boolean) => shown(lines, verbose).map((row) => row.split(' ')[0]);
  assert.deepEqual(numbers(false), ['3-20', '9', '12']);
  assert.deepEqual(numbers(true), ['3', '9', '12', '20']);
});

test('lines that are no entries of a list are never joined', () => {
  const { entry: _, ...rule } = denied('a', 4, { subject: 'rule socket: allow' });
  assert.equal(shown([rule, { ...rule, at: { ...rule.at, line: 5 } }]).length, 2);
});

test('lines of several files are grouped by file; one other file is named', () => {
  const base = { file: '/usr/lib/base\u001b.toml', line: 1, column: 1 };
  const lines = [denied('a', 3), denied('b', 1, { at: base }), denied('c', 4)];
  const rows = shown(lines);
  const found = rows.map((row) => row.split(' | ').slice(0, 2).join(' '));
  assert.deepEqual(found, [FILE, '3-4 deny:EPERM a, c', '/usr/lib/base\\x1b.toml', '1 deny b:EPERM']);
  assert.equal(shown([denied('b', 1, { at: base })])[0], '/usr/lib/base\\x1b.toml');
  assert.equal(shown([denied('a', 3)]).length, 1);
});
