/** Tests of learn/profile/policy/text/: a policy as a person would write it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ChecklistItem, ChecklistKind } from '../../../../src/learn/profile/checklist.js';
import type { PolicyRequest } from '../../../../src/learn/profile/policy/input.js';
import { policyText, serviceLines } from '../../../../src/learn/profile/policy/text/policy-text.js';
import { counted, span, thousands } from '../../../../src/learn/profile/policy/text/spans.js';
import { groupedList } from '../../../../src/policy/toml-text.js';
import { learned, paths, profile, request, withCalls } from '../../../support/learned.js';
import { NGINX } from '../../../support/learned-services.js';

test('a list without groups is empty', () => {
  assert.deepEqual(groupedList('log', [{ title: 'Files', words: [] }]), []);
  assert.deepEqual(groupedList('log', [{ title: 'Files', words: ['read'] }]), [
    ...['log = [', '  # Files', '  "read",', ']'],
  ]);
});

test('spans and numbers are written in words', () => {
  assert.deepEqual([20, 119, 120, 7200, 7 * 86_400, 86_400].map(span), [
    '20 s',
    '119 s',
    '2 min',
    '2 h',
    '7 d',
    '24 h',
  ]);
  assert.deepEqual([0, 999, 1000, 412_000, 1_234_567].map(thousands), [
    '0',
    '999',
    '1,000',
    '412,000',
    '1,234,567',
  ]);
  assert.deepEqual([counted(1, 'host'), counted(2, 'host')], ['1 host', '2 hosts']);
});

test('an omitted directive is a comment with the reason', () => {
  const lines = serviceLines({
    proved: [],
    unproved: [
      { name: 'UMask', wanted: '0077', reason: 'x' },
      { name: 'ReadWritePaths', wanted: 'the directories', reason: 'y' },
    ],
  });
  assert.deepEqual(lines.slice(-2), ['# UMask = "0077": x.', '# ReadWritePaths: y.']);
  assert.deepEqual(serviceLines({ proved: [], unproved: [] }), []);
});

test("a hostile path can't leave its comment or its list", () => {
  const path = '/home/x\n[syscalls]\n"]';
  const { policy } = learned(profile({ paths: paths('write', [path, '/var/lib/a"]\nb/c']) }));
  assert.deepEqual(policy.loosen, []);
});

test('the file says what was watched, and what proves each line', () => {
  const { text } = learned(NGINX, { reachable: new Set(['sysinfo', 'execve']) });
  const lines = text.split('\n');
  assert.ok(lines.every((line) => line.length <= 130));
  assert.match(
    lines[0]!,
    /^description = "nginx.service, learned from its work: 4 min, 2 recordings on 1 host"$/,
  );
  assert.match(text, /^# Dangerous calls, refused because they were not seen: execve\.$/m);
  assert.match(
    text,
    /^# Nothing below \/home, \/root and \/run\/user was used in 4 min \(240 uses of paths\)\.\nProtectHome = true$/m,
  );
  const stated = lines.indexOf('[service]');
  const directives = lines.slice(stated + 1).filter((line) => /^[A-Z]\w+ = /.test(line));
  for (const line of directives) assert.match(lines[lines.indexOf(line) - 1]!, /^# /, line);
});

test('logged calls have the reason above them', () => {
  const above = (more: Partial<PolicyRequest>) => {
    const lines = learned(profile(), more).text.split('\n');
    return lines[lines.indexOf('log = [') - 1];
  };
  const set = new Set(['sysinfo']);
  const known = '# Not seen, but the program or its libraries can make them: let through and logged';
  assert.equal(above({ reachable: set }), `${known}.`);
  assert.equal(
    above({ reachable: set, reachUnknown: '/bin/x loads others' }),
    `${known} (/bin/x loads others).`,
  );
  assert.equal(
    above({ reachable: 'unknown', reachUnknown: '/bin/x is a script' }),
    '# Not seen: let through and logged, as it is unknown which calls the program can make: /bin/x is a script.',
  );
});

test("the head says which events were seen, and which weren't", () => {
  const item = (what: ChecklistKind, seen: ChecklistItem['seen'], line?: string) => ({
    ...{ what, seen, count: 0 },
    ...(line === undefined ? {} : { line }),
  });
  const head = (...checklist: ChecklistItem[]) => {
    const lines = learned(profile(), { checklist }).text.split('\n');
    return lines.slice(1, lines.indexOf(''));
  };
  assert.deepEqual(head(), []);
  assert.deepEqual(head(item('start', 'yes'), item('reload', 'none')), ['# Seen: start.']);
  assert.deepEqual(
    head(
      item('start', 'yes'),
      item('stop', 'no'),
      item('log-rotation', 'no'),
      item('day', 'yes'),
      item('week', 'no'),
      item('command', 'yes', 'ExecStart=/usr/sbin/demod'),
      item('command', 'no', 'ExecStop=/bin/kill\t$MAINPID'),
    ),
    [
      '# Seen: start, a whole day.',
      '# Not seen, so these may fail: stop, log rotation (unless it left no trace), a whole week, ExecStop=/bin/kill\\x09$MAINPID.',
    ],
  );
});

test('no call is listed twice, or if a rule decides it', () => {
  const { policy } = learned(NGINX, { reachable: 'unknown' });
  const { allow = [], log, deny, rules } = policy.syscalls!;
  const names = [...allow, ...log, ...deny.filter(({ name }) => name !== 'socket')].map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
  const decided = rules
    .filter(({ action }) => action.value === 0x7fff0000)
    .map(({ syscall }) => syscall.value);
  const found = names.filter((name) => decided.includes(name));
  assert.deepEqual(found, []);
});

test('a rule for all other values says so', () => {
  const { text } = learned(NGINX, { reachable: new Set(['ioctl']) });
  const lines = text.split('\n').filter((line) => line.startsWith('when = ') && line.includes('ge = 0'));
  assert.deepEqual([...new Set(lines)], ['when = [{ arg = 1, ge = 0 }] # any other value']);
  assert.equal(text.split('# any other value').length, 2);
});

test('refused calls get the requested action', () => {
  for (const action of ['kill', 'EACCES', 'ENOSYS']) {
    const { policy, text } = learned(NGINX, { options: { action }, reachable: new Set(['ioctl']) });
    assert.ok(policy.syscalls!.action);
    assert.match(text, new RegExp(`^action = "${action}"$`, 'm'));
  }
});

test('a comment says what makes the list of calls incomplete', () => {
  const asked = request(withCalls('read', { lost: { misses: 3 }, nameless: ['x86-64 999'] }));
  const { calls, text } = learned(asked.profile);
  assert.ok(calls.length > 0);
  assert.match(text, /^# Calls may be missing here: 3 records of calls were lost\.$/m);
  assert.match(text, /^# Calls whose names are unknown get ENOSYS: x86-64 999\.$/m);
});

test('foreign ABIs are opened if they were used', () => {
  const of = withCalls('read');
  const through = [...of.calls, { ...of.calls[0]!, architecture: 'x86' }];
  const learnedFrom = learned({ ...of, calls: through });
  assert.deepEqual(learnedFrom.architectures, ['x86']);
  assert.match(learnedFrom.text, /^architectures = \["native", "x86"\]$/m);
  assert.match(
    learnedFrom.text,
    /^# Calls of x86 were seen\. Remove an architecture if no program of the service is built for it\.$/m,
  );
  assert.equal(policyText(learnedFrom, request({ ...of, calls: through })), learnedFrom.text);
});
