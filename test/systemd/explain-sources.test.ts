/** Core dumps as systemd-coredump itself keeps them, handed to it as the kernel does. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { numbersOf } from '../../src/syscalls/numbers.js';
import type { Box } from '../support/box.js';
import { coreFile } from '../support/core-file.js';
import {
  apply,
  bootWithPrograms,
  defineProgram,
  mainPid,
  sandboxUnit,
  servicesObstacle,
} from '../support/service.js';
import { NATIVE } from '../support/service-calls.js';

const skip = servicesObstacle();
const UNIT = 'dumped.service';
const SIGSYS = '31';

let box: Box;
before(async () => {
  if (!skip) box = await bootWithPrograms('coredump');
});
after(() => box?.stop());

/** The kernel's part: hands a core file over. What the kernel does with it is the same for all the machine, and stays. */
async function dump(pid: number, core: Uint8Array): Promise<void> {
  const time = (await box.succeed(['date', '+%s'])).trim();
  const words = ['/usr/lib/systemd/systemd-coredump', `${pid}`, '0', '0', SIGSYS, time, '1073741824', 'box'];
  const { status, stderr } = await box.exec(words, { input: core });
  assert.equal(status, 0, stderr);
}

test('a core dump tells the call and its arguments', {
  skip: skip ?? (NATIVE !== 'x86-64' && 'the core file is of x86-64'),
}, async () => {
  await defineProgram(box, UNIT, 'Type=exec\nExecStart=/usr/bin/sleep infinity');
  await box.succeed(['systemctl', 'start', UNIT]);
  await apply(box, '[syscalls]\ndeny = ["ptrace"]\n', UNIT);
  const nr = numbersOf(NATIVE).get('ptrace')!;
  await dump(await mainPid(box, UNIT), coreFile({ machine: 62, arch: 0xc000003e, nr }));
  let found: { call: string; args?: string[]; certain: boolean; got: string }[] = [];
  await box.waitFor('the core dump', async () => {
    const { stdout } = await sandboxUnit(box, 'explain', '--json', UNIT);
    found = JSON.parse(stdout).refusals;
    return found.length > 0;
  });
  assert.deepEqual(
    found.map(({ call, args, certain, got }) => [call, args?.[0], certain, got]),
    [['ptrace', '0x11', true, 'killed']],
  );
});
