/** Calls that a policy lets through and has the kernel record. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { numbersOf } from '../../src/syscalls/numbers.js';
import type { Box } from '../support/box.js';
import { answersIn, listen } from '../support/kernel-records.js';
import {
  apply,
  bootWithPrograms,
  defineProgram,
  exited,
  PROGRAMS,
  runToEnd,
  servicesObstacle,
} from '../support/service.js';
import { NATIVE } from '../support/service-calls.js';

const skip = servicesObstacle();
/** A name of its own: the kernel's records are of the whole machine. */
const RECORDED = `recorded-${process.pid}`;

let box: Box;
before(async () => {
  if (skip) return;
  box = await bootWithPrograms('records', { [RECORDED]: ['test/systemd/programs/myos.c', '-static'] });
});
after(() => box?.stop());

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
  const uname = numbersOf(NATIVE).get('uname')!;
  assert.deepEqual(
    answersIn(records),
    new Array(2 * policies.length).fill(`syscall=${uname} code=0x7ffc0000`),
  );
});
