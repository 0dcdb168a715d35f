/** Tests of machine/host.ts and machine/processes.ts: programs that hang, or are none. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Host } from '../../src/machine/host.js';
import { temporaryFolder } from '../support/temporary.js';
import { until } from '../support/until.js';

const host = new Host({ address: 'unix:path=/nowhere', hint: 'none' });

test('a program that hangs is killed with all its children, and that is reported', async () => {
  const hangs = ['/bin/sh', '-c', 'sleep 1000 & sleep 1000'];
  const { status, late } = await host.run(hangs, { timeout: 200 });
  assert.deepEqual([status, late], [137, true]);
  assert.equal((await host.run(['/bin/true'])).late, false);
});

test('a program that ends is not waited for because of children in another process group', async () => {
  // What is left lives until the test ends it, and holds the pipes.
  const leaves = ['/bin/sh', '-c', 'setsid sleep 1000 & echo $!'];
  const { status, stdout } = await host.run(leaves);
  assert.equal(status, 0);
  process.kill(Number(stdout));
});

test("a program that can't be started has a reason", async () => {
  const started = async (program: string) => {
    const { status, unstartable, stderr } = await host.run([program]);
    return [status, unstartable, stderr];
  };
  assert.deepEqual(await started('/no/such'), [127, true, 'no such file']);
  assert.deepEqual(await started('/etc/passwd'), [127, true, "it isn't executable"]);
});

test('a running program is killed when its caller closes it', async (t) => {
  const own = new Host({ address: 'unix:path=/nowhere', hint: '' });
  const started = join(temporaryFolder(t), 'started');
  const running = own.run(['/bin/sh', '-c', 'echo >"$0"; sleep 1000', started]);
  await until('the program', () => existsSync(started));
  await own.close();
  assert.equal((await running).status, 128 + 9);
});
