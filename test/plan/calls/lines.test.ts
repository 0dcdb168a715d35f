import assert from 'node:assert/strict';
import { test } from 'node:test';
import { leftToLauncher } from '../../../src/plan/calls/left-to-launcher.js';
import { callLines, unenforced } from '../../../src/plan/calls/lines.js';
import { LOST_TO_PREFIXES } from '../../../src/plan/launcher/exec-prefix.js';
import type { PlanLine } from '../../../src/plan/plan.js';
import { callContext, targetOf } from '../../support/planned.js';

const text = ({ at, subject, enforcedBy, how, reason }: PlanLine) =>
  `${at.line}: ${subject}: ${enforcedBy}${how && ` by ${how}`}${reason === undefined ? '' : ` (${reason})`}`;

function lines(syscalls: string, launched: boolean, own = '', target = targetOf(257)): string[] {
  const context = callContext(syscalls, own, target);
  return callLines(context, leftToLauncher(context), launched).map(text);
}

const EXECVE = 'systemd itself needs it to start the program';

test('an entry that systemd can refuse is enforced by systemd', () => {
  assert.deepEqual(lines('deny = ["uname:EPERM"]\nlog = ["ptrace"]', false), [
    '2: deny uname:EPERM: systemd by SystemCallFilter=',
    '3: log ptrace: systemd by SystemCallLog=',
  ]);
});

test("an entry that systemd can't refuse is the launcher's; without a launcher it is not enforced", () => {
  assert.deepEqual(lines('deny = ["execve"]', true), [`2: deny execve:kill: launcher by filter (${EXECVE})`]);
  assert.deepEqual(lines('deny = ["execve"]', false), [`2: deny execve:kill: nobody (${EXECVE})`]);
});

test('a partly enforced set names the calls left to the launcher, three at most; none if all are', () => {
  assert.deepEqual(lines('deny = ["@default"]', true), [
    `2: deny @default:kill: systemd and launcher by SystemCallFilter=, filter (execve: ${EXECVE})`,
  ]);
  const allow = 'allow = ["@system-service"]';
  const reason = "systemd 257 can't start a service with ENOSYS for a single call of an allow list";
  const [, mixed] = lines(`${allow}\ndeny = ["@mount:ENOSYS", "chroot:EPERM"]`, true);
  const [head, ...rest] = mixed!.split(' (');
  assert.equal(head, '3: deny @mount:ENOSYS: systemd and launcher by SystemCallFilter=, filter');
  assert.match(rest.join(' ('), new RegExp(`^\\w+, \\w+, \\w+ and \\d+ more: ${reason}\\)$`));
  const [, whole] = lines(`${allow}\ndeny = ["@swap:ENOSYS"]`, true);
  assert.equal(whole, `3: deny @swap:ENOSYS: launcher by filter (${reason})`);
});

test('a launcher that one entry needs enforces the others, too', () => {
  assert.deepEqual(
    lines('deny = ["execve", "uname"]', true)[1],
    '2: deny uname:kill: systemd and launcher by SystemCallFilter=, filter',
  );
});

test('an entry whose calls no open ABI has needs no enforcer', () => {
  assert.deepEqual(lines('deny = ["mmap2"]', false), [
    '2: deny mmap2:kill: not needed (no such call on x86-64)',
  ]);
  assert.deepEqual(lines('deny = ["mmap2"]\narchitectures = ["x86"]', false), [
    '2: deny mmap2:kill: systemd by SystemCallFilter=',
  ]);
});

const RULES = 'rules = [{ syscall = "socket", when = [{ arg = 0, eq = 1 }], action = "EPERM" }]';

test('a rule on arguments has its own line', () => {
  const reason = "systemd doesn't look at arguments";
  assert.deepEqual(
    lines(RULES, true),
    [`2: rule socket:EPERM: launcher by filter (${reason})`].map((one) =>
      one.replace('socket:EPERM', 'socket: EPERM'),
    ),
  );
  assert.deepEqual(lines(RULES, false), [`2: rule socket: EPERM: nobody (${reason})`]);
});

test('a rule on a call that the unit refuses anyway is enforced by the unit', () => {
  const [line] = lines(RULES, false, 'SystemCallFilter=~socket');
  assert.match(line!, /^2: rule socket: EPERM: systemd by SystemCallFilter= \(refused by the unit's own/);
});

test('an extra line reports refusals that no entry names and systemd leaves', () => {
  const found = lines('allow = ["@system-service"]\nenforcer = "launcher"\nimplicit = false', true);
  assert.ok(
    found.includes('3: all of [syscalls]: launcher by filter (enforcer = "launcher")'),
    found.join('\n'),
  );
  const own = lines('deny = ["execve"]', true, 'SystemCallFilter=~uname\nSystemCallErrorNumber=EPERM');
  assert.deepEqual(own, [`2: deny execve:kill: launcher by filter (${EXECVE})`]);
});

test('lines of a unit whose main commands have no sandbox are not enforced, unless they need no enforcer', () => {
  const at = { file: 'p.toml', line: 1, column: 1 };
  const needless = { at, subject: 'deny mmap2', enforcedBy: 'not needed', how: '' } as const;
  const held = { at, subject: 'deny uname', enforcedBy: 'systemd', how: 'SystemCallFilter=' } as const;
  assert.deepEqual(unenforced([needless, held]), [
    needless,
    { at, subject: 'deny uname', enforcedBy: 'nobody', how: '', reason: LOST_TO_PREFIXES },
  ]);
});
