import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  isLauncherAlone,
  leftToLauncher,
  unlistedInAllowList,
} from '../../../src/plan/calls/left-to-launcher.js';
import { ALLOW, ENOSYS, errnoAction, KILL } from '../../../src/seccomp/syscalls/action.js';
import { formatAction } from '../../../src/seccomp/syscalls/action-text.js';
import { callContext, targetOf } from '../../support/planned.js';

interface Case {
  readonly syscalls: string;
  readonly systemd?: number;
  readonly own?: string;
  /** `call: reason → systemd's answer`, then the reasons about the policy as a whole. */
  readonly left: readonly string[];
  readonly tooStrict?: boolean;
}

const RULE = 'rules = [{ syscall = "socket", when = [{ arg = 0, eq = 1 }], action = "EPERM" }]';
const ALLOWING = 'allow = ["@system-service"]';

const CASES: readonly Case[] = [
  { syscalls: 'deny = ["uname", "ptrace:EPERM"]', left: [] },
  { syscalls: 'deny = ["execve"]', left: ['execve: systemd itself needs it to start the program → allow'] },
  { syscalls: 'deny = ["write"]', left: ['write: systemd 257 needs it itself, and lets it through → allow'] },
  { syscalls: 'deny = ["write"]', systemd: 252, left: [] },
  {
    syscalls: 'deny = ["write"]',
    systemd: 252,
    own: 'Type=exec',
    left: ['write: systemd 252 needs it itself, and lets it through → allow'],
  },
  { syscalls: 'log = ["uname"]', left: [] },
  { syscalls: RULE, left: ["socket: systemd doesn't look at arguments → allow"] },
  { syscalls: `${RULE}\ndeny = ["socket"]`, left: ["socket: systemd doesn't look at arguments → EPERM"] },
  // A call that only other machines have is nobody's to refuse.
  { syscalls: 'deny = ["mmap2"]', left: [] },
  {
    syscalls: 'deny = ["lsm_list_modules"]',
    systemd: 247,
    left: ["lsm_list_modules: systemd 247 doesn't know it → allow"],
  },
  // An allow list of systemd's refuses a call that it doesn't know by the action of unknown numbers.
  { syscalls: `${ALLOWING}\ndeny = ["lsm_list_modules"]`, systemd: 247, left: [] },
  {
    syscalls: 'allow = ["@system-service", "lsm_list_modules"]',
    systemd: 247,
    left: ["lsm_list_modules: systemd 247 doesn't know it → kill"],
    tooStrict: true,
  },
  { syscalls: `${ALLOWING}\ndeny = ["uname:EPERM"]`, systemd: 252, left: [] },
  {
    syscalls: `${ALLOWING}\ndeny = ["uname:EPERM"]`,
    systemd: 247,
    left: ["uname: systemd 247 can't set an errno for a single call of an allow list → allow"],
  },
  {
    syscalls: `${ALLOWING}\naction = "EACCES"\ndeny = ["uname:EPERM"]`,
    systemd: 247,
    left: ["uname: systemd 247 can't set an errno for a single call of an allow list → EACCES"],
  },
  {
    syscalls: `${ALLOWING}\ndeny = ["uname:ENOSYS"]`,
    left: ["uname: systemd 257 can't start a service with ENOSYS for a single call of an allow list → allow"],
  },
  {
    syscalls: `${ALLOWING}\nunknown = "EPERM"`,
    left: ["systemd's allow list answers unknown numbers with 'ENOSYS'"],
  },
  {
    syscalls: `${ALLOWING}\nunknown = "log"`,
    left: ["systemd's allow list answers unknown numbers with 'ENOSYS'"],
    tooStrict: true,
  },
  { syscalls: `${ALLOWING}\nunknown = "ENOSYS"`, left: [] },
  {
    syscalls: `${ALLOWING}\naction = "log"`,
    left: ['systemd has no allow list that only logs all other calls'],
  },
  { syscalls: 'deny = ["uname"]\nenforcer = "launcher"', left: ['enforcer = "launcher"'] },
  {
    syscalls: 'deny = ["uname"]\nstage = "entry"',
    left: ['stage = "entry": systemd\'s filters apply from the exec on'],
  },
];

for (const { syscalls, systemd = 257, own = '', left, tooStrict = false } of CASES) {
  const beside = own === '' ? '' : ` beside ${own}`;
  test(`systemd ${systemd} leaves of '${syscalls.replaceAll('\n', ', ')}'${beside} ${left.length === 0 ? 'nothing' : left.join('; ')}`, () => {
    const found = leftToLauncher(callContext(syscalls, own, targetOf(systemd)));
    const calls = [...found.calls].map(
      ([call, { reason, answer }]) => `${call}: ${reason} → ${formatAction(answer)}`,
    );
    assert.deepEqual([...calls, ...found.wholes.map(({ reason }) => reason)], left);
    assert.equal(found.tooStrict, tooStrict);
  });
}

test("a unit's own allow list is as strict as systemd's, so the policy's list can't be too strict", () => {
  const own = 'SystemCallFilter=@system-service';
  const context = callContext('allow = ["@system-service", "lsm_list_modules"]', own, targetOf(247));
  assert.equal(leftToLauncher(context).tooStrict, false);
});

test("if systemd loads no filter, the launcher gets all calls, with the target's reason", () => {
  const lack = { reason: 'built without seccomp', hint: 'another build' };
  const target = targetOf(257, { abilities: { lacks: new Map([['seccomp', lack]]), assumed: new Set() } });
  const context = callContext('deny = ["uname"]', '', target);
  assert.ok(isLauncherAlone(context));
  const found = leftToLauncher(context).wholes.map(({ reason }) => reason);
  assert.deepEqual(found, ['built without seccomp']);
  assert.ok(!isLauncherAlone(callContext('deny = ["uname"]')));
  assert.ok(isLauncherAlone(callContext('deny = ["uname"]\nstage = "entry"')));
});

test("unknown numbers get ENOSYS from 255 on, and the list's action before", () => {
  const found = [254, 255].map((systemd) => unlistedInAllowList(systemd, KILL));
  assert.deepEqual(found, [KILL, ENOSYS]);
  assert.equal(unlistedInAllowList(252, errnoAction(1)), errnoAction(1));
  assert.equal(unlistedInAllowList(252, ALLOW), ALLOW);
});

test('ENOSYS for one call stays ENOSYS for commands without the launcher, so that fallbacks work', () => {
  const answer = (own: string, systemd: number) =>
    leftToLauncher(
      callContext('allow = ["read"]\naction = "EPERM"\ndeny = ["clone3:ENOSYS"]', own, targetOf(systemd)),
    ).calls.get('clone3')?.answer;
  assert.equal(answer('', 257), ALLOW);
  assert.notEqual(answer('SystemCallFilter=~clone3\nSystemCallErrorNumber=EACCES', 257), ALLOW);
  assert.equal(answer('', 252), undefined);
});
