/** The talk "Sandboxing in Linux with zero lines of code": its program, its policies, and its examples. */
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { machine } from '../support/machine.js';
import {
  apply,
  defineProgram,
  type Ending,
  exited,
  KILLED,
  PROGRAMS,
  revert,
  runToEnd,
} from '../support/service.js';

const SOURCE = 'test/booted/programs/myos.c';
/** The program as the talk has it, and linked statically. */
const UNITS = ['myos.service', 'myos-static.service'];
const { box, test } = machine('talk', {
  programs: { myos: [SOURCE], 'myos-static': [SOURCE, '-static'] },
  prepare: async () => {
    await defineProgram(box, 'myos.service', `Type=exec\nExecStart=${PROGRAMS}/myos`);
    await defineProgram(box, 'myos-static.service', `Type=exec\nExecStart=${PROGRAMS}/myos-static`);
  },
});

async function assertEndings(expected: Ending): Promise<void> {
  for (const unit of UNITS) assert.deepEqual(await runToEnd(box, unit), expected, unit);
}

const LINUX = exited(0, 'My OS is Linux!\n');
const DOWN = exited(1, 'uname failed: Network is down\n');

test("without a policy the talk's program runs", () => assertEndings(LINUX));

test('with SystemCallFilter=~execve alone systemd starts nothing', async () => {
  const alone = (lines: string) =>
    `Type=exec\nExecStart=${PROGRAMS}/myos\nSystemCallFilter=~execve\n${lines}`;
  await defineProgram(box, 'alone.service', alone(''));
  assert.deepEqual(await runToEnd(box, 'alone.service'), KILLED);
  await defineProgram(box, 'alone.service', alone('SystemCallErrorNumber=EPERM'));
  assert.deepEqual(await runToEnd(box, 'alone.service'), exited(203, ''));
});

/** The talk's 13 calls but uname and write; the last three are for other C libraries and machines than its own. */
const START =
  'access arch_prctl brk close exit_group fstat mmap mprotect munmap openat read pread64 readlinkat faccessat';
/** What these libraries call besides, and `@default` has. */
const IMPLICIT = 'set_tid_address set_robust_list rseq prlimit64 getrandom';
const allow = (calls: string) => `allow = ${JSON.stringify(calls.split(' '))}`;

const POLICIES: readonly [policy: string, ending: Ending][] = [
  ['deny = ["uname"]', KILLED],
  ['deny = ["uname"]\naction = "ENETDOWN"', DOWN],
  ['deny = ["uname"]\naction = "ENETDOWN"\nenforcer = "launcher"', DOWN],
  ['deny = ["uname"]\nenforcer = "launcher"', KILLED],
  ['deny = ["uname:ENETDOWN"]', DOWN],
  ['deny = ["uname"]\naction = "log"', LINUX],
  ['deny = ["execve", "execveat"]', LINUX],
  [`${allow(`${START} uname write`)}`, LINUX],
  [`${allow(`${START} write`)}\naction = "ENETDOWN"`, DOWN],
  [`${allow(`${START} uname write`)}\nenforcer = "launcher"`, LINUX],
  [`implicit = false\n${allow(`${START} ${IMPLICIT} uname write`)}`, LINUX],
  [`implicit = false\n${allow(`${START} ${IMPLICIT} write`)}\naction = "ENETDOWN"`, DOWN],
  ['deny = ["uname"]\naction = "ENETDOWN"\nstage = "entry"', DOWN],
];

/** What the program itself calls: the talk's four, and where its C library gets memory and random numbers from. */
const OWN = 'uname write fstat exit_group brk getrandom';
const AT_ENTRY = 'implicit = false\nstage = "entry"';

for (const [policy, ending] of POLICIES) {
  test(`under ${policy.replaceAll('\n', ', ')} the service ${ending.output.trim() || ending.end}`, async () => {
    await apply(box, `[syscalls]\n${policy}\n`, ...UNITS);
    await assertEndings(ending);
  });
}

describe('at stage entry the dynamically linked program needs only its own calls', () => {
  const unit = 'myos.service';
  const under = (calls: string, more = '') =>
    apply(box, `[syscalls]\n${AT_ENTRY}\n${allow(calls)}\n${more}`, unit);
  test('its own calls are enough', async () => {
    await under(OWN);
    assert.deepEqual(await runToEnd(box, unit), LINUX);
  });
  test('uname can get any errno', async () => {
    // perror(3) reads the message's translation and writes to another file.
    await under(`${OWN} dup fcntl lseek close openat`.replace('uname ', ''), 'action = "ENETDOWN"');
    assert.deepEqual(await runToEnd(box, unit), DOWN);
  });
  for (const call of OWN.split(' ')) {
    test(`${call} is needed`, async () => {
      const left = OWN.split(' ').filter((one) => one !== call);
      await under(left.join(' '));
      const { end } = await runToEnd(box, unit);
      assert.equal(end, 'killed by signal 31');
    });
  }
});

test('after revert the program runs as before', async () => {
  await revert(box, ...UNITS);
  await assertEndings(LINUX);
});
