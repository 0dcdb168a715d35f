/** Hostile code between the exec and the entry point (stage `entry`): LD_PRELOAD brings it in. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe } from 'node:test';
import { errnoAction } from '../../src/seccomp/syscalls/action.js';
import { compiled } from '../support/compiled.js';
import { filterRefusing, MACHINE, type Refusals, startRefusing, writeFilter } from '../support/native.js';
import { inRepository } from '../support/repository.js';
import { run } from '../support/run.js';

const { folder, paths, skip, test } = compiled({ hostile: ['-shared', '-fPIC'] });
const { launcher, hostile } = paths;

const onX86 = { skip: skip ?? (MACHINE === 'x86-64' ? undefined : 'an attack of x86-64') };
/** A start may ask for the system's name, and open files for reading. */
const REFUSALS: Refusals = { uname: errnoAction(100), openat: errnoAction(100), execve: errnoAction(100) };
const REFUSED = 'uname failed: Network is down\n';
const file = join(folder, 'file');
let myos: string;

before(async () => {
  if (skip) return;
  myos = join(folder, 'myos');
  await run(['cc', '-o', myos, inRepository('test/booted/programs/myos.c')]);
});

interface End {
  readonly end: number | NodeJS.Signals;
  readonly stdout: string;
  readonly stderr: string;
}

async function attack(how: string, command: readonly string[], refusals = REFUSALS, at = file): Promise<End> {
  const filter = writeFilter(folder, 'filter', filterRefusing(refusals, startRefusing(refusals)));
  const inside = ['env', `LD_PRELOAD=${hostile}`, `HOSTILE=${how}`, `FILE=${at}`];
  const { status, signal, stdout, stderr } = await run([
    ...inside,
    ...[launcher, `--filter=${filter}`, '--', ...command],
  ]);
  return { end: signal ?? status, stdout, stderr };
}

const killed = (what: string, stdout = ''): End => ({
  end: 'SIGKILL',
  stdout,
  stderr: `sandbox-unit-launcher: ${what} before the entry point; use stage 'exec'\n`,
});
const STARTS = 'a library of the program starts a thread or a process';
const FILTERS = 'a library of the program loads a filter';
const LEAVES = 'a library of the program begins asynchronous input or output';
const FOREIGN = 'a library of the program makes a 32-bit call';

describe('a call that would pass the entry point without the policy ends the process:', () => {
  for (const how of ['clone', 'clone3']) {
    test(how, async () => assert.deepEqual(await attack(how, [myos]), killed(STARTS)));
  }
  for (const how of ['filter', 'filter-prctl']) {
    test(how, async () => assert.deepEqual(await attack(how, [myos]), killed(FILTERS)));
  }
  for (const how of ['aio', 'io_uring', 'io_uring-enter']) {
    test(how, async () => assert.deepEqual(await attack(how, [myos]), killed(LEAVES)));
  }
  test('aio-x32', onX86, async () => assert.deepEqual(await attack('aio-x32', [myos]), killed(LEAVES)));
  test('clone-x32', onX86, async () => assert.deepEqual(await attack('clone-x32', [myos]), killed(STARTS)));
  test('filter-x32', onX86, async () =>
    assert.deepEqual(await attack('filter-x32', [myos]), killed(FILTERS)),
  );
  for (const how of ['clone-i386', 'filter-i386']) {
    test(how, onX86, async (t) => {
      const { end, stdout, stderr } = await attack(how, [myos]);
      if (end === 'SIGSEGV') return t.skip('this kernel has no 32-bit calls');
      assert.deepEqual({ end, stdout, stderr }, killed(FOREIGN));
    });
  }

  test("libsandbox.so's load of a filter, which therefore needs stage 'exec'", async () => {
    const filter = writeFilter(folder, 'filter', filterRefusing(REFUSALS, startRefusing(REFUSALS)));
    const preload = ['env', `LD_PRELOAD=${join(folder, 'libsandbox.so')}`, 'SECCOMP_SYSCALL_DENY=reboot'];
    const { signal, stdout, stderr } = await run([...preload, launcher, `--filter=${filter}`, '--', myos]);
    assert.deepEqual(
      [signal, stdout, stderr.split('\n').slice(1).join('\n')],
      ['SIGKILL', '', killed(FILTERS).stderr],
    );
  });
});

describe("a program that doesn't stop at its entry point", () => {
  const past = 'hostile: overwrite: done\n';

  test('gets the calls of a start, and none that the policy refuses beside it', async () => {
    assert.deepEqual(await attack('overwrite', [myos]), {
      end: 0,
      stdout: `${past}My OS is Linux!\n`,
      stderr: '',
    });
    const script = `: <${file}; : >${file}.new`;
    writeFileSync(file, '');
    const { end, stdout, stderr } = await attack('overwrite', ['sh', '-c', script]);
    assert.deepEqual([end, stdout], [2, past]);
    assert.match(stderr, /^sh: 1: cannot create .*\.new: Network is down\n$/);
    assert.ok(!existsSync(`${file}.new`));
  });

  test('can start no program, even if the policy permits it', async () => {
    const script = 'echo before; /bin/echo child; echo after';
    assert.deepEqual(
      await attack('overwrite', ['sh', '-c', script], { uname: errnoAction(100) }),
      killed(STARTS, `${past}before\n`),
    );
  });

  test("can't execute another program if the policy refuses that", async () => {
    const { end, stdout, stderr } = await attack('overwrite', ['sh', '-c', 'exec /bin/echo other']);
    assert.deepEqual([end, stdout], [126, past]);
    assert.match(stderr, /\/bin\/echo: Network is down/);
  });

  test('executes another program with the policy at its entry point', async () => {
    const open = { uname: errnoAction(100) };
    assert.deepEqual(await attack('overwrite', ['sh', '-c', `exec ${myos}`], open), {
      end: 1,
      stdout: past,
      stderr: REFUSED,
    });
  });
});

describe('only the kernel answers the call that loads the policy:', () => {
  test('a handler that runs in its place is refused its own filter', onX86, async (t) => {
    const { end, stdout, stderr } = await attack('rseq', [myos]);
    if (end === 77) return t.skip('the C library has no restartable sequences');
    assert.deepEqual([end, stdout, stderr], [1, 'hostile: rseq: done\n', REFUSED]);
  });

  test('signals in its place end the process', async (t) => {
    const { end, stdout, stderr } = await attack('dispatch', [myos]);
    if (/Invalid argument/.test(stdout)) return t.skip('this kernel dispatches no calls');
    assert.deepEqual([end, stdout, stderr], ['SIGSYS', 'hostile: dispatch: done\n', '']);
  });
});

describe('before the entry point, without permission of the policy, files', () => {
  test("can't be created", async () => {
    const fresh = join(folder, 'fresh');
    const { end, stdout, stderr } = await attack('create', [myos], REFUSALS, fresh);
    assert.deepEqual([end, stdout, stderr], [1, 'hostile: create: Network is down\n', REFUSED]);
    assert.ok(!existsSync(fresh));
  });

  test("can't be written", async () => {
    writeFileSync(file, 'as it was');
    const { end, stdout, stderr } = await attack('write', [myos]);
    assert.deepEqual([end, stdout, stderr], [1, 'hostile: write: Network is down\n', REFUSED]);
    assert.equal(readFileSync(file, 'utf8'), 'as it was');
  });
});
