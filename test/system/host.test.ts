/** Tests of system/host.ts and system/processes.ts: programs that hang, are none, or run meanwhile. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Host } from '../../src/system/host.js';

const host = new Host({ address: 'unix:path=/nowhere', hint: 'none' });

test('a program that hangs is ended with all that it started, and that is said', async () => {
  const hangs = ['/bin/sh', '-c', 'sleep 1000 & sleep 1000'];
  const { status, late } = await host.run(hangs, { timeout: 200 });
  assert.deepEqual([status, late], [137, true]);
  assert.equal((await host.run(['/bin/true'])).late, false);
});

test('a program that ends is not waited for by what it leaves in another process group', async () => {
  // What is left lives until the test ends it, and holds the pipes.
  const leaves = ['/bin/sh', '-c', 'setsid sleep 1000 & echo $!'];
  const { status, stdout } = await host.run(leaves);
  assert.equal(status, 0);
  process.kill(Number(stdout));
});

test('of a program that can not be started it is said why', async () => {
  const started = async (program: string) => {
    const { status, unstartable, stderr } = await host.run([program]);
    return [status, unstartable, stderr];
  };
  assert.deepEqual(await started('/no/such'), [127, true, 'no such file']);
  assert.deepEqual(await started('/etc/passwd'), [127, true, "it isn't executable"]);
});

describe('a program that runs meanwhile', () => {
  const shell = (script: string) => ['/bin/sh', '-c', script];

  test('is ready when it has said a line, and ends with its input', async () => {
    const running = await host.start(shell('echo ready; cat; echo end'));
    assert.equal(running.ready, true);
    assert.deepEqual(await running.stop(), { status: 0, late: false, stdout: 'ready\nend\n', stderr: '' });
  });

  test('is not ready where it has ended, or could not be started', async () => {
    const ended = await host.start(shell('echo why >&2; exit 3'));
    assert.equal(ended.ready, false);
    assert.deepEqual(await ended.stop(), { status: 3, late: false, stdout: '', stderr: 'why\n' });
    const absent = await host.start(['/nowhere']);
    assert.equal(absent.ready, false);
    assert.equal((await absent.stop()).unstartable, true);
  });

  test('ends with what it was started by', async () => {
    const own = new Host({ address: 'unix:path=/nowhere', hint: '' });
    const running = await own.start(shell('echo ready; sleep 1000'));
    await own.close();
    assert.equal((await running.stop()).status, 128 + 9);
  });
});
