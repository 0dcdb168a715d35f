/** Calls that a policy lets through and has the kernel record. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { numbersOf } from '../../src/syscalls/numbers.js';
import type { Box } from '../support/box.js';
import { sharedFolder } from '../support/native.js';
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

const skip = servicesObstacle();
/** A name of its own: the kernel's records are of the whole machine. */
const RECORDED = `recorded-${process.pid}`;

let box: Box;
before(async () => {
  if (skip) return;
  box = await bootWithPrograms('records', { [RECORDED]: ['test/systemd/programs/myos.c', '-static'] });
});
after(() => box?.stop());

/** The kernel's records of a program's calls, as they come; undefined if this machine doesn't show them. */
async function listen(): Promise<{ records: string[]; stop: () => void } | undefined> {
  const program = join(sharedFolder(), 'seccomp-records');
  await compile(['test/systemd/programs/seccomp-records.c'], program);
  const listener = spawn(program, [RECORDED], { stdio: ['ignore', 'pipe', 'inherit'] });
  const records: string[] = [];
  const lines = createInterface({ input: listener.stdout });
  lines.on('line', (record) => records.push(record));
  const [first] = await Promise.race([once(lines, 'line'), once(lines, 'close')]);
  if (first !== 'listening') return undefined;
  records.length = 0;
  return { records, stop: () => listener.kill() };
}

test('a call that is to be recorded is let through, and the kernel says so', { skip }, async (t) => {
  const listening = await listen();
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
  const shown = records.map((record) => record.match(/syscall=\d+ |code=\w+/g)!.join(''));
  assert.deepEqual(shown, new Array(2 * policies.length).fill(`syscall=${uname} code=0x7ffc0000`));
});
