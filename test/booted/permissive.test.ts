/** Permissive units: refused calls are let through and recorded, until the policy is enforced. */
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { numbersOf } from '../../src/seccomp/syscalls/numbers.js';
import { recordsObstacle, runUntilRecorded } from '../support/kernel-records.js';
import { machine } from '../support/machine.js';
import { defineProgram, exited, KILLED, PROGRAMS, policyPath, runToEnd } from '../support/service.js';
import { NATIVE } from '../support/service-calls.js';

/** A name of its own: the kernel's records are of the whole machine. */
const RECORDED = `lenient-${process.pid}`;
const RUNS = exited(0, 'My OS is Linux!\n');
const UNAME = `syscall=${numbersOf(NATIVE).get('uname')} code=0x7ffc0000`;

const { box, run, test } = machine('permissive', {
  programs: { [RECORDED]: ['test/booted/programs/myos.c', '-static'] },
});

async function output(...words: string[]): Promise<string> {
  const { stdout, stderr } = await run(0, ...words);
  return stdout + stderr;
}

const POLICIES: Readonly<Record<string, string>> = {
  'a deny list, which systemd would enforce': 'deny = ["uname"]',
  "a deny list, the launcher's": 'deny = ["uname", "execve", "execveat"]',
  'an allow list': 'allow = ["@system-service"]\ndeny = ["uname"]\nunknown = "kill"',
  'an argument rule': '[[syscalls.rules]]\nsyscall = "uname"\nwhen = [{ arg = 1, ge = 0 }]\naction = "kill"',
  'stage entry': 'stage = "entry"\ndeny = ["uname"]',
};

describe('a program dies enforced, runs and is recorded when permissive, and dies enforced again:', () => {
  for (const [index, [what, lines]] of Object.entries(POLICIES).entries()) {
    test(what, async (t) => {
      const unit = `lenient-${index}.service`;
      await defineProgram(box, unit, `Type=oneshot\nExecStart=${PROGRAMS}/${RECORDED}`);
      await box.writeFile(policyPath(unit), `[syscalls]\n${lines}\n`);
      await output('apply', unit);
      assert.deepEqual(await runToEnd(box, unit), KILLED);

      const obstacle = await recordsObstacle();
      if (obstacle) return t.skip(obstacle);
      const said = await output('apply', '--permissive', unit);
      assert.match(said, new RegExp(`^${unit}: applied, permissive$`, 'm'));
      assert.match(said, /note\[permissive\]/);
      await runUntilRecorded(RECORDED, UNAME, async () => assert.deepEqual(await runToEnd(box, unit), RUNS));
      assert.match(
        await output('apply', '--permissive', unit),
        new RegExp(`^${unit}: unchanged, permissive$`, 'm'),
      );

      await output('apply', unit);
      assert.deepEqual(await runToEnd(box, unit), KILLED);
    });
  }
});

test("a permissive policy doesn't allow what the unit itself refuses", async () => {
  const unit = 'own.service';
  const own = 'SystemCallFilter=~uname\nSystemCallErrorNumber=ENETDOWN';
  await defineProgram(box, unit, `Type=oneshot\nExecStart=${PROGRAMS}/${RECORDED}\n${own}`);
  await box.writeFile(policyPath(unit), '[syscalls]\ndeny = ["uname", "execve", "execveat"]\n');
  await output('apply', '--permissive', unit);
  assert.deepEqual(await runToEnd(box, unit), exited(1, 'uname failed: Network is down\n'));
});

describe('verify of a running service', () => {
  for (const stage of ['exec', 'entry']) {
    test(`its permissive policy of stage ${stage} is in force in the kernel`, async () => {
      const unit = `runs-${stage}.service`;
      await defineProgram(box, unit, 'Type=exec\nExecStart=/usr/bin/sleep infinity');
      await box.writeFile(
        policyPath(unit),
        `[syscalls]\nstage = "${stage}"\ndeny = ["execve", "execveat", "mount"]\n[service]\nNoNewPrivileges = true\n`,
      );
      await output('apply', '--permissive', unit);
      await box.succeed(['systemctl', 'start', unit]);
      const verified = JSON.parse(await output('verify', '--permissive', '--json', unit));
      assert.ok(verified.enforced);
      const found = verified.groups.map(({ calls }: { calls: string }) => calls);
      assert.deepEqual(found, ['equal']);
      const { stderr } = await run(1, 'verify', unit);
      assert.match(
        stderr,
        /error\[not-applied\]: runs-.* is permissive\n.*'sandbox-unit verify --permissive /,
      );
      // Being permissive is all that is wrong, and no restart ends it.
      assert.doesNotMatch(stderr, /not-in-force|error\[looser\]/);
      const back = await output('apply', unit);
      assert.match(back, /^Restarted, and verified\.$/m);
      assert.ok(JSON.parse(await output('verify', '--json', unit)).enforced);
    });
  }
});
