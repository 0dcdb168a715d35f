import assert from 'node:assert/strict';
import { test } from 'node:test';
import { incompleteTables, profileDiagnostics } from '../../../src/learn/profile/incomplete-tables.js';
import { makeProfile } from '../../../src/learn/profile/make-profile.js';
import type { Recording } from '../../../src/observe/recording/recording.js';
import { hostNamed, recording } from '../../support/recordings.js';

const profile = (...recordings: Recording[]) => makeProfile('demo.service', recordings, 'x86-64');
const said = (...recordings: Recording[]) =>
  profileDiagnostics(profile(...recordings)).map(
    ({ severity, code, message }) => `${severity} ${code}: ${message}`,
  );

const LATER = { begin: '2026-11-21T10:00:00Z', end: '2026-11-21T10:10:00Z' };

test('matching, complete recordings give no warning', () => {
  assert.deepEqual(said(recording(), recording({ ...LATER, host: hostNamed('two') })), []);
});

test('a loss is reported with its watch, and the lines that it affects', () => {
  const other = { ...LATER, host: hostNamed('two'), blind: ['capabilities'], truncated: true };
  const [misses, refused, blind, ...rest] = said(
    recording({ lost: { misses: 1, refused: 3 } }),
    recording(other),
  );
  assert.match(
    blind!,
    /^warning recording-incomplete: the watch on two until 2026-11-21T10:10:00Z could not see capabilities; it may be incomplete for .*CapabilityBoundingSet=/,
  );
  assert.deepEqual(
    [misses, refused, ...rest],
    [
      'warning recording-incomplete: the watch on one until 2026-11-20T10:10:00.000Z lost 1 record of misses; it may be incomplete for every line',
      'warning recording-incomplete: the watch on one until 2026-11-20T10:10:00.000Z lost 3 records of refused; it may be incomplete for calls that filters refused',
      'warning recording-incomplete: the watch on two until 2026-11-21T10:10:00Z was cut short; it may be incomplete for everything the service does when it stops',
    ],
  );
  const [{ lines } = {}] = incompleteTables(profile(recording({ lost: { calls: 2 } })));
  assert.deepEqual(lines!.slice(0, 1), ['[syscalls]']);
  assert.deepEqual(incompleteTables(profile(recording({ lost: { calls: 2 } }))), [
    { host: 'one', end: '2026-11-20T10:10:00.000Z', table: 'calls', lost: 2, lines: lines! },
  ]);
});

test('an incomplete table affects the directives that its evidence proves, and no others', () => {
  const lost = { refused: 1, calls: 1, peers: 1, capabilities: 1, paths: 1 };
  const of = new Map(
    incompleteTables(profile(recording({ lost }))).map(({ table, lines }) => [table, lines]),
  );
  assert.deepEqual(of.get('refused'), ['calls that filters refused']);
  for (const [table, name] of [
    ['calls', 'ProtectClock='],
    ['calls', 'NoNewPrivileges='],
    ['peers', 'ProtectSystem='],
    ['peers', 'SocketBindAllow='],
    ['capabilities', 'CapabilityBoundingSet='],
    ['paths', 'ProtectProc='],
  ] as const)
    assert.ok(of.get(table)!.includes(name), `${table} ${name}`);
  assert.ok(!of.get('peers')!.includes('[syscalls]') && !of.get('paths')!.includes('UMask='));
});

test('processes that left the control group are a warning without a table', () => {
  const [warning] = profileDiagnostics(profile(recording({ lost: { leavers: 2 } })));
  assert.equal(warning!.code, 'recording-leavers');
  assert.match(
    warning!.message,
    /: 2 processes were moved out of the service's control group, .* it may be incomplete for every line$/,
  );
});

test('lost values of arguments affect the rules on their call', () => {
  const ioctl = {
    architecture: 'x86-64',
    name: 'ioctl',
    arguments: [1],
    values: [['1']],
    phases: ['start'] as const,
  };
  assert.deepEqual(
    incompleteTables(
      profile(
        recording({
          arguments: [
            { ...ioctl, lost: 9 },
            { ...ioctl, name: 'prctl', lost: 0 },
          ],
        }),
      ),
    ),
    [
      {
        host: 'one',
        end: '2026-11-20T10:10:00.000Z',
        table: 'arguments',
        lost: 9,
        lines: ['rules on ioctl'],
      },
    ],
  );
});

test('a missing tracepoint affects the lines of its table', () => {
  const [blind] = incompleteTables(profile(recording({ blind: ['capabilities'] })));
  const [capabilities] = incompleteTables(profile(recording({ lost: { capabilities: 1 } })));
  assert.deepEqual(blind!.lines, capabilities!.lines);
});

test('other machines, other programs and simultaneous watches are notes', () => {
  const program = (hash: string | null) => ({
    programs: [{ path: '/usr/sbin/demod', hash, phases: ['start'] as const }],
  });
  const arm = recording({ host: { ...hostNamed('arm'), architecture: 'arm64' }, calls: [] });
  assert.deepEqual(said(recording(), arm), [
    'note recordings-differ: recordings from other kinds of machines are ignored for x86-64: 1 of arm64',
  ]);
  assert.deepEqual(said(recording(), recording({ ...LATER, ...program('cd'.repeat(32)) })), [
    'note recordings-differ: programs differ between recordings, and the calls of all their versions count: /usr/sbin/demod',
  ]);
  assert.deepEqual(said(recording(), recording({ ...LATER, ...program(null) })), [
    'note recordings-differ: it is unknown whether these programs are the same in all recordings: /usr/sbin/demod',
  ]);
  assert.deepEqual(said(recording(program(null))), []);
  assert.deepEqual(said(recording(), recording({ lives: 2 })), [
    'note recording-incomplete: 1 of 2 watches overlap with others on the same host, so counts are too high',
  ]);
});

test('control characters in names of hosts and programs are escaped', () => {
  const host = { ...hostNamed('one'), name: 'a\u202eb' };
  assert.match(said(recording({ host, lost: { calls: 1 } })).join(), /on a\\u202eb until/);
});
