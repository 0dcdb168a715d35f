/** Calls that a policy lets through and has the kernel record. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { numbersOf } from '../../src/seccomp/syscalls/numbers.js';
import { answersOf, recordsObstacle, runUntilRecorded } from '../support/kernel-records.js';
import { machine } from '../support/machine.js';
import { buildLauncher, launcherObstacle, sharedFolder } from '../support/native.js';
import { run } from '../support/run.js';
import { apply, compile, defineProgram, exited, PROGRAMS, runToEnd } from '../support/service.js';
import { NATIVE } from '../support/service-calls.js';

/** A name of its own: the kernel's records are of the whole machine. */
const RECORDED = `recorded-${process.pid}`;

const { box, test } = machine('records', {
  programs: { [RECORDED]: ['test/booted/programs/myos.c', '-static'] },
});

const folder = sharedFolder();

const LET_THROUGH = `syscall=${numbersOf(NATIVE).get('uname')} code=0x7ffc0000`;

test('a call with the action log is let through, and the kernel records it', async (t) => {
  const obstacle = await recordsObstacle();
  if (obstacle) return t.skip(obstacle);
  const ran = async () =>
    assert.deepEqual(await runToEnd(box, 'log.service'), exited(0, 'My OS is Linux!\n'));
  await defineProgram(box, 'log.service', `Type=oneshot\nExecStart=${PROGRAMS}/${RECORDED}\n`);
  await ran();
  assert.deepEqual(await answersOf(RECORDED), [], 'without a policy there is none');
  for (const enforcer of ['auto', 'launcher']) {
    for (const policy of ['log = ["uname"]', 'deny = ["uname:log"]', 'deny = ["uname"]\naction = "log"']) {
      await apply(box, `[syscalls]\nenforcer = "${enforcer}"\n${policy}\n`, 'log.service');
      await runUntilRecorded(RECORDED, LET_THROUGH, ran);
    }
  }
});

test('SECCOMP_DEFAULT_ACTION=log: calls are recorded, by sandboxify and by libsandbox.so', {
  skip: launcherObstacle(),
}, async (t) => {
  const obstacle = await recordsObstacle();
  if (obstacle) return t.skip(obstacle);
  const name = `listed-${process.pid}`;
  await buildLauncher(folder);
  const program = join(folder, name);
  await compile(['test/booted/programs/myos.c'], program);
  const ways = [
    [join(folder, 'sandboxify')],
    ['/usr/bin/env', `LD_PRELOAD=${join(folder, 'libsandbox.so')}`],
  ];
  const log = { SECCOMP_DEFAULT_ACTION: 'log' };
  for (const way of ways) {
    const runs = (deny: string) => async () => {
      const { status, stdout } = await run([...way, program], {
        env: { ...log, SECCOMP_SYSCALL_DENY: deny },
      });
      assert.deepEqual([status, stdout], [0, 'My OS is Linux!\n']);
    };
    await runs('reboot')();
    await runUntilRecorded(name, LET_THROUGH, runs('uname'));
  }
});
