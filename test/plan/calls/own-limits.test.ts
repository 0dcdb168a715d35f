import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ownLimits } from '../../../src/plan/calls/own-limits.js';
import { EVERY_ARCHITECTURE } from '../../../src/seccomp/syscalls/abi.js';
import { formatAction } from '../../../src/seccomp/syscalls/action-text.js';
import { limitBy } from '../../../src/seccomp/syscalls/resolve.js';
import { bundledSets } from '../../../src/seccomp/syscalls/sets.js';
import { unitWith } from '../../support/named-policies.js';

const limits = (lines: string, systemd = 257) => ownLimits(unitWith(lines), bundledSets(), systemd);

interface Case {
  readonly says: string;
  readonly lines: string;
  readonly systemd?: number;
  readonly limits: Readonly<Record<string, string>>;
  readonly unnamed: string;
  readonly unlisted: string;
  readonly architectures?: readonly string[];
}

const CASES: readonly Case[] = [
  {
    says: 'an allow list refuses what it omits, and names that systemd has never heard of with ENOSYS',
    lines: 'SystemCallFilter=read',
    limits: { read: 'allow', brk: 'allow', mount: 'kill', write: 'allow' },
    unnamed: 'kill',
    unlisted: 'ENOSYS',
  },
  {
    says: 'older systemd refuses unknown numbers as all others',
    lines: 'SystemCallFilter=read\nSystemCallErrorNumber=EPERM',
    systemd: 252,
    limits: { read: 'allow', mount: 'EPERM', write: 'EPERM' },
    unnamed: 'EPERM',
    unlisted: 'EPERM',
  },
  {
    says: 'a deny list refuses what it names',
    lines: 'SystemCallFilter=~@mount read:EIO\nSystemCallErrorNumber=EPERM',
    limits: { mount: 'EPERM', read: 'EIO', write: 'allow' },
    unnamed: 'allow',
    unlisted: 'allow',
  },
  {
    says: 'write in a deny list has no effect since 256',
    lines: 'SystemCallFilter=~write uname',
    limits: { write: 'allow', uname: 'kill' },
    unnamed: 'allow',
    unlisted: 'allow',
  },
  {
    says: 'write in a deny list had an effect before 256',
    lines: 'SystemCallFilter=~write',
    systemd: 255,
    limits: { write: 'kill' },
    unnamed: 'allow',
    unlisted: 'allow',
  },
  {
    says: 'an exception of an allow list has its own errno',
    lines: 'SystemCallFilter=@system-service\nSystemCallFilter=~uname:EILSEQ @resources',
    limits: { uname: 'EILSEQ', setpriority: 'kill', read: 'allow' },
    unnamed: 'kill',
    unlisted: 'ENOSYS',
  },
  {
    says: 'an errno of 0 is a refusal',
    lines: 'SystemCallFilter=~fsync:0',
    limits: { fsync: '0' },
    unnamed: 'allow',
    unlisted: 'allow',
  },
  {
    says: 'architectures limit without a filter',
    lines: 'SystemCallArchitectures=native x86',
    limits: { read: 'allow' },
    unnamed: 'allow',
    unlisted: 'allow',
    architectures: ['native', 'x86'],
  },
];

for (const { says, lines, systemd, ...wanted } of CASES) {
  test(says, () => {
    const found = limits(lines, systemd)!;
    const answers = Object.keys(wanted.limits).map((call) => [call, formatAction(limitBy(found, call))]);
    assert.deepEqual(Object.fromEntries(answers), wanted.limits);
    assert.equal(formatAction(found.unnamed), wanted.unnamed);
    assert.equal(formatAction(found.unlisted), wanted.unlisted);
    assert.deepEqual(found.architectures, wanted.architectures ?? EVERY_ARCHITECTURE);
  });
}

test('a unit without a filter has no limits', () => {
  assert.equal(limits(''), undefined);
  assert.equal(limits('SystemCallErrorNumber=EPERM'), undefined);
  assert.equal(limits('SystemCallFilter=read\nSystemCallFilter=\nSystemCallArchitectures='), undefined);
});

test("a unit's limits are the calls that its lines name", () => {
  assert.deepEqual([...limits('SystemCallFilter=~uname ptrace')!.verdicts.keys()].sort(), [
    'ptrace',
    'uname',
  ]);
  assert.deepEqual([...limits('SystemCallArchitectures=native')!.verdicts.keys()], []);
});
