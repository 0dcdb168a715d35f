/** Calls that a policy lets through and has the kernel record. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { numbersOf } from '../../src/syscalls/numbers.js';
import type { Box } from '../support/box.js';
import { answersIn, listen } from '../support/kernel-records.js';
import { buildLauncher, launcherObstacle, sharedFolder } from '../support/native.js';
import { run } from '../support/run.js';
import {
  apply,
  bootWithPrograms,
  compile,
  defineProgram,
  exited,
  PROGRAMS,
  runToEnd,
  servicesObstacle,
} from '../support/service.js';
import { NATIVE } from '../support/service-calls.js';
import { until } from '../support/until.js';

const skip = servicesObstacle();
/** A name of its own: the kernel's records are of the whole machine. */
const RECORDED = `recorded-${process.pid}`;

let box: Box;
before(async () => {
  if (skip) return;
  box = await bootWithPrograms('records', { [RECORDED]: ['test/systemd/programs/myos.c', '-static'] });
});
after(() => box?.stop());

const folder = sharedFolder();

test('a call that is to be recorded is let through, and the kernel says so', { skip }, async (t) => {
  const listening = await listen(RECORDED);
  if (!listening) return t.skip("the kernel's records can't be seen here");
  const { records, stop } = listening;
  t.after(stop);
  const run = async () =>
    assert.deepEqual(await runToEnd(box, 'log.service'), exited(0, 'My OS is Linux!\n'));
  const program = `Type=oneshot\nExecStart=${PROGRAMS}/${RECORDED}\n`;

  await defineProgram(box, 'log.service', program);
  await run();
  const policies = ['log = ["uname"]', 'deny = ["uname:log"]', 'deny = ["uname"]\naction = "log"'];
  for (const enforcer of ['auto', 'launcher']) {
    for (const policy of policies) {
      await apply(box, `[syscalls]\nenforcer = "${enforcer}"\n${policy}\n`, 'log.service');
      const known = records.length;
      await run();
      await box.waitFor(`a record: ${policy}, ${enforcer}`, () => records.length > known);
    }
  }
  // Each run has left one record; the first one, that none asked for, has left none.
  assertRecorded(records, 2 * policies.length);
});

/** Records of uname(2), let through. */
function assertRecorded(records: readonly string[], count: number): void {
  const uname = numbersOf(NATIVE).get('uname')!;
  assert.deepEqual(answersIn(records), new Array(count).fill(`syscall=${uname} code=0x7ffc0000`));
}

test('as does SECCOMP_DEFAULT_ACTION=log, by sandboxify and by libsandbox.so', {
  skip: launcherObstacle(),
}, async (t) => {
  const name = `listed-${process.pid}`;
  const listening = await listen(name);
  if (!listening) return t.skip("the kernel's records can't be seen here");
  const { records, stop } = listening;
  t.after(stop);
  await buildLauncher(folder);
  const program = join(folder, name);
  await compile(['test/systemd/programs/myos.c'], program);
  const ways = [
    [join(folder, 'sandboxify')],
    ['/usr/bin/env', `LD_PRELOAD=${join(folder, 'libsandbox.so')}`],
  ];
  const log = { SECCOMP_DEFAULT_ACTION: 'log' };
  for (const env of [
    { ...log, SECCOMP_SYSCALL_DENY: 'reboot' },
    { ...log, SECCOMP_SYSCALL_DENY: 'uname' },
  ]) {
    for (const way of ways) {
      const known = records.length;
      const { status, stdout } = await run([...way, program], { env });
      assert.deepEqual([status, stdout], [0, 'My OS is Linux!\n']);
      if (env.SECCOMP_SYSCALL_DENY === 'uname') await until('a record', () => records.length > known);
    }
  }
  assertRecorded(records, ways.length);
});
