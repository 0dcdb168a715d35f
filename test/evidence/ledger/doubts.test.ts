import assert from 'node:assert/strict';
import { test } from 'node:test';
import { doubts, ledgerDiagnostics } from '../../../src/evidence/ledger/doubts.js';
import { makeLedger } from '../../../src/evidence/ledger/make-ledger.js';
import type { Recording } from '../../../src/evidence/recording/recording.js';
import { hostNamed, recording } from '../../support/recordings.js';

const ledger = (...recordings: Recording[]) => makeLedger('demo.service', recordings, 'x86-64');
const said = (...recordings: Recording[]) =>
  ledgerDiagnostics(ledger(...recordings)).map(
    ({ severity, code, message }) => `${severity} ${code}: ${message}`,
  );

const LATER = { begin: '2026-11-21T10:00:00Z', end: '2026-11-21T10:10:00Z' };

test('recordings that go together and lack nothing give no word', () => {
  assert.deepEqual(said(recording(), recording({ ...LATER, host: hostNamed('two') })), []);
});

test('a loss is told with its watch, and the lines that it concerns', () => {
  const other = { ...LATER, host: hostNamed('two'), blind: ['capabilities'], truncated: true };
  assert.deepEqual(said(recording({ lost: { paths: 3, misses: 1 } }), recording(other)), [
    "warning recording-lost: the watch on one until 2026-11-20T10:10:00.000Z has lost 3 records of paths: it can't vouch for directives about paths and devices",
    "warning recording-lost: the watch on one until 2026-11-20T10:10:00.000Z has lost 1 record of misses: it can't vouch for every line",
    "warning recording-blind: the watch on two until 2026-11-21T10:10:00Z was blind for capabilities: it can't vouch for CapabilityBoundingSet=",
    "warning recording-truncated: the watch on two until 2026-11-21T10:10:00Z ended early: it can't vouch for all that the service does when it stops",
  ]);
  assert.deepEqual(doubts(ledger(recording({ lost: { calls: 2 } }))), [
    { host: 'one', end: '2026-11-20T10:10:00.000Z', table: 'calls', lost: 2, lines: '[syscalls]' },
  ]);
});

test('processes that left the control group are nobody to vouch for', () => {
  const [warning] = ledgerDiagnostics(ledger(recording({ lost: { leavers: 2 } })));
  assert.equal(warning!.code, 'recording-leavers');
  assert.match(
    warning!.message,
    /: 2 processes were moved out of its control group, .* vouch for every line$/,
  );
});

test('values of arguments that had no room concern the rules on their call', () => {
  const ioctl = {
    architecture: 'x86-64',
    name: 'ioctl',
    arguments: [1],
    values: [['1']],
    phases: ['start'] as const,
  };
  assert.deepEqual(
    doubts(
      ledger(
        recording({
          arguments: [
            { ...ioctl, lost: 9 },
            { ...ioctl, name: 'prctl', lost: 0 },
          ],
        }),
      ),
    ),
    [{ host: 'one', end: '2026-11-20T10:10:00.000Z', table: 'arguments', lost: 9, lines: 'rules on ioctl' }],
  );
});

test('a tracepoint that is missing concerns the lines of its table', () => {
  const [blind] = doubts(ledger(recording({ blind: ['cap_capable'] })));
  const [capabilities] = doubts(ledger(recording({ lost: { capabilities: 1 } })));
  assert.equal(blind!.lines, capabilities!.lines);
});

test('other machines, other programs and watches at one time are notes', () => {
  const program = (hash: string | null) => ({
    programs: [{ path: '/usr/sbin/demod', hash, phases: ['start'] as const }],
  });
  const arm = recording({ host: { ...hostNamed('arm'), architecture: 'arm64' }, calls: [] });
  assert.deepEqual(said(recording(), arm), [
    "note other-machine: recordings of other machines don't count for x86-64: 1 of arm64",
  ]);
  assert.deepEqual(said(recording(), recording({ ...LATER, ...program('cd'.repeat(32)) })), [
    'note programs-differ: not the same in all recordings, and counted together: /usr/sbin/demod',
  ]);
  assert.deepEqual(said(recording(), recording({ ...LATER, ...program(null) })), [
    "note programs-unread: whether they are the same in all recordings isn't known: /usr/sbin/demod",
  ]);
  assert.deepEqual(said(recording(program(null))), []);
  assert.deepEqual(said(recording(), recording({ lives: 2 })), [
    'note watches-overlap: 1 of 2 watches took place during others of their host: counts are too high',
  ]);
});

test('names of hosts and programs are harmless', () => {
  const host = { ...hostNamed('one'), name: 'a\u202eb' };
  assert.match(said(recording({ host, lost: { calls: 1 } })).join(), /on a\\u202eb until/);
});
