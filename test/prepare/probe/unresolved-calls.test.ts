import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemCallDirectives } from '../../../src/plan/calls/systemd-filter.js';
import { findLibraries } from '../../../src/prepare/probe/abilities.js';
import { unresolvedCalls } from '../../../src/prepare/probe/unresolved-calls.js';
import { EVERY_ARCHITECTURE } from '../../../src/seccomp/syscalls/abi.js';
import { ALLOW, errnoAction, KILL } from '../../../src/seccomp/syscalls/action.js';
import { always } from '../../../src/seccomp/syscalls/resolve.js';
import type { SyscallSets } from '../../../src/seccomp/syscalls/sets.js';
import { FakeSystem } from '../../support/fake-system.js';

const FOLDER = '/usr/lib/x86_64-linux-gnu';
const SETS: SyscallSets = {
  source: 'target',
  systemd: '257',
  members: new Map([
    ['@default', ['read']],
    ['@files', ['openat2', 'file_getattr', 'file_setattr', 'uretprobe']],
    ['@both', ['@files', 'mount']],
  ]),
};

const unresolved = async (library: string | undefined, more = {}) => {
  const files = {
    [`${FOLDER}/libc.so.6`]: '',
    ...(library === undefined ? {} : { [`${FOLDER}/libseccomp.so.2`]: library }),
  };
  const system = new FakeSystem({ files, ...more });
  return [...(await unresolvedCalls(system, await findLibraries(system, 'x86-64'), SETS))];
};

const KNOWN = ['', 'faccessat2', 'read', 'openat2', 'mount', 'x_uretprobe', ''].join('\0');

test('a call is unresolved if its name is no string of the library, nor the end of one', async () => {
  assert.deepEqual(await unresolved(KNOWN), ['file_getattr', 'file_setattr']);
  assert.deepEqual(await unresolved(`${KNOWN}file_getattr\0`), ['file_setattr']);
});

test('a file that is no libseccomp, is missing or unreadable gives no result', async () => {
  assert.deepEqual(await unresolved(''), []);
  assert.deepEqual(await unresolved('\x7fELF\0read\0'), []);
  assert.deepEqual(await unresolved(undefined), []);
  assert.deepEqual(await unresolved(KNOWN, { unreadable: [`${FOLDER}/libseccomp.so.2`] }), []);
});

const section = { deny: [], log: [], rules: [] } as never;
const EPERM = errnoAction(1);

/** The lines of SystemCallFilter=. */
function linesOf(mode: 'allow' | 'deny', passing: string[], refused: string[]): readonly string[] {
  const refusal = mode === 'allow' ? EPERM : KILL;
  const filter = {
    ...{ mode, unnamed: mode === 'allow' ? KILL : ALLOW, unnamedLimit: ALLOW, unlisted: ALLOW },
    ...{ architectures: EVERY_ARCHITECTURE, recordedArchitectures: [] },
    verdicts: new Map([
      ...passing.map((call) => [call, always(ALLOW)] as const),
      ...refused.map((call) => [call, always(refusal)] as const),
    ]),
  };
  const sets = { ...SETS, unresolved: new Set(['file_getattr', 'file_setattr']) };
  const directives = systemCallDirectives(filter, section, { sets, version: '257' }, false);
  assert.equal(directives[1]!.name, 'SystemCallFilter');
  return directives[1]!.values;
}

test('an allow list leaves unresolved calls out, whether they pass or get an errno', () => {
  assert.deepEqual(linesOf('allow', ['read', 'mount', 'file_getattr'], ['file_setattr', 'openat2']), [
    '',
    '@default mount',
    '~openat2:EPERM',
  ]);
});

test('a deny list keeps unresolved calls: the read-back finds what systemd skips', () => {
  assert.deepEqual(linesOf('deny', ['read'], ['mount', 'file_setattr']), ['', '~file_setattr mount']);
});
