/** The reader of filters, on processes that the launcher has started. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { before, describe, type TestContext } from 'node:test';
import type { Instruction } from '../../src/seccomp/filter/bpf.js';
import { decodeFilterFile } from '../../src/seccomp/filter/filter-file.js';
import { isGuarded, withoutGuard } from '../../src/seccomp/filter/guard.js';
import { errnoAction } from '../../src/seccomp/syscalls/action.js';
import { parseFilters } from '../../src/verify/kernel/unit-filters.js';
import {
  asNobody,
  buildLauncher,
  filterRefusing,
  MACHINE,
  rootObstacle,
  sharedFolder,
  writeFilter,
} from '../support/native.js';
import { run } from '../support/run.js';
import { compile } from '../support/service.js';
import { testsUnless } from '../support/tests-unless.js';
import { until } from '../support/until.js';

const skip = rootObstacle();
const test = testsUnless(skip);
const folder = sharedFolder();
const EPERM = errnoAction(1);
let launcher: string;
let reader: string;

before(async () => {
  if (skip) return;
  launcher = await buildLauncher(folder);
  reader = join(dirname(launcher), 'read-filters');
});

/** A filter file, and the program in it. */
function filterOf(name: string, call: string): { file: string; program: readonly Instruction[] } {
  const bytes = filterRefusing({ [call]: EPERM });
  const decoded = decodeFilterFile(bytes);
  assert.ok('programs' in decoded);
  return { file: writeFilter(folder, name, bytes), program: decoded.programs.get(MACHINE!)! };
}

/** Starts a program that waits, and ends it with the test. */
async function waiting(t: TestContext, argv: readonly string[], comm = 'sleep'): Promise<number> {
  const child = spawn(argv[0]!, argv.slice(1), { stdio: 'ignore' });
  t.after(() => child.kill('SIGKILL'));
  const path = `/proc/${child.pid}/comm`;
  await until(`${comm} runs`, () => readFileSync(path, 'utf8') === `${comm}\n`, 10_000, 10);
  return child.pid!;
}

const SLEEP = ['/usr/bin/sleep', '1000'];
const launched = (file: string, argv: readonly string[]) => [launcher, `--filter=${file}`, '--', ...argv];

async function read(...words: (number | string)[]) {
  const { status, stdout, stderr } = await run([reader, ...words.map(String)]);
  assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
  return parseFilters(stdout) ?? assert.fail(stdout);
}

const stateOf = (pid: number) => /^State:\t(.)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
const tracerOf = (pid: number) =>
  /^TracerPid:\t(.*)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];

describe('read-filters', () => {
  test('shows what was loaded, the newest first, with the guard in front', async (t) => {
    const [outer, inner] = [filterOf('outer', 'uname'), filterOf('inner', 'mkdir')];
    const pid = await waiting(t, launched(outer.file, launched(inner.file, SLEEP)));
    const { threads, failed } = await read(pid);
    assert.deepEqual(failed, []);
    const [{ stack }] = threads as [(typeof threads)[0]];
    assert.ok(stack.every(isGuarded));
    assert.deepEqual(stack.map(withoutGuard), [inner.program, outer.program]);
  });

  test('reads several at once, and leaves them as they were', async (t) => {
    const { file } = filterOf('one', 'uname');
    const pids = [
      await waiting(t, launched(file, SLEEP)),
      await waiting(t, SLEEP),
      await waiting(t, asNobody(launched(file, SLEEP))),
    ];
    const { threads } = await read(...pids);
    const found = threads.map(({ stack }) => stack.length);
    assert.deepEqual(found, [1, 0, 1]);
    for (const pid of pids) {
      await until('it sleeps', () => stateOf(pid) === 'S', 10_000, 10);
      assert.equal(tracerOf(pid), '0');
    }
  });

  test('leaves a stopped process stopped', async (t) => {
    const pid = await waiting(t, launched(filterOf('stopped', 'uname').file, SLEEP));
    process.kill(pid, 'SIGSTOP');
    await until('it is stopped', () => stateOf(pid) === 'T', 10_000, 10);
    assert.equal((await read(pid)).threads[0]?.stack.length, 1);
    await until('it is stopped again', () => stateOf(pid) === 'T', 10_000, 10);
  });

  test('shows threads with the same filters once', async (t) => {
    const { file } = filterOf('threads', 'mkdir');
    const pid = await waiting(
      t,
      launched(file, [process.execPath, '-e', 'setInterval(() => 0, 1e6)']),
      'node',
    );
    const tasks = () => readdirSync(`/proc/${pid}/task`).map(Number);
    await until('it has threads', () => tasks().length > 4, 10_000, 10);
    const tids = tasks();
    const { threads, failed } = await read(...tids);
    assert.deepEqual(failed, []);
    assert.equal(new Set(threads.map(({ stack }) => stack)).size, 1);
    assert.equal(threads.length, tids.length);
    const other = await waiting(t, SLEEP);
    const apart = await read(tids[0]!, other, tids[1]!);
    assert.equal(apart.threads[0]!.stack, apart.threads[2]!.stack);
    assert.notEqual(apart.threads[0]!.stack, apart.threads[1]!.stack);
  });

  test('says which threads can not be read', async (t) => {
    const ended = spawn('true', { stdio: 'ignore' });
    await new Promise((resolve) => ended.on('exit', resolve));
    assert.deepEqual((await read(ended.pid!)).failed, [{ tid: ended.pid!, errno: 3 }]);
    const pid = await waiting(t, SLEEP);
    const { status, stdout } = await run(asNobody([reader, `${pid}`]));
    assert.deepEqual([status, stdout], [0, `failed ${pid} 1\n`]);
  });

  test("gives up on a parent of vfork, which has its child's filters", async (t) => {
    const program = join(folder, 'vfork-waits');
    await compile(['test/native/programs/vfork-waits.c'], program);
    const { file } = filterOf('vfork', 'mkdir');
    const parent = await waiting(t, launched(file, [program]), 'vfork-waits');
    const children = () => readFileSync(`/proc/${parent}/task/${parent}/children`, 'utf8').trim();
    await until('it has a child', () => children() !== '', 10_000, 10);
    const child = Number(children());
    t.after(() => process.kill(child, 'SIGKILL'));
    const { threads, failed } = await read(parent, child);
    assert.deepEqual(failed, [{ tid: parent, errno: 110 }]);
    const found = threads.map(({ tid, stack }) => [tid, stack.length]);
    assert.deepEqual(found, [[child, 1]]);
    for (const pid of [parent, child]) assert.equal(tracerOf(pid), '0');
  });

  test('fails for a thread with filters without CAP_SYS_ADMIN', async (t) => {
    const pid = await waiting(t, asNobody(launched(filterOf('nobody', 'uname').file, SLEEP)));
    const { stdout } = await run([
      'setpriv',
      '--bounding-set=-sys_admin',
      '--inh-caps=-sys_admin',
      reader,
      `${pid}`,
    ]);
    assert.equal(stdout, `failed ${pid} 13\n`);
  });

  test('examines no thread if a word is invalid', async () => {
    for (const words of [
      [],
      [''],
      ['0'],
      ['1x'],
      ['-1'],
      ['+1'],
      [' 1'],
      ['4194304'],
      ['99999999999'],
      ['1', 'self'],
    ]) {
      const { status, stdout, stderr } = await run([reader, ...words]);
      assert.deepEqual([status, stdout], [2, '']);
      assert.match(stderr, /^read-filters: (no ID of a thread: '.*'|there is no thread; .*)\n$/);
    }
  });

  test('reports that nothing can be printed', async (t) => {
    const pid = await waiting(t, SLEEP);
    const { status, stderr } = await run(['sh', '-c', `"$1" ${pid} >/dev/full`, 'sh', reader]);
    assert.deepEqual([status, stderr], [1, "read-filters: can't print: errno 28\n"]);
  });
});
