/** Filters that running threads are given, while somebody interferes. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { describe, type TestContext } from 'node:test';
import { errnoAction } from '../../src/seccomp/syscalls/action.js';
import { filterRefusing } from '../support/native.js';
import { run } from '../support/run.js';
import { seed } from '../support/seed.js';
import { testsUnless } from '../support/tests-unless.js';
import { LONG, THOROUGH } from '../support/thorough.js';
import { filtersOf, startIn, threadsOf, tightening } from '../support/tightened.js';
import { until } from '../support/until.js';

const setting = tightening();
const { skip, group, program, filter } = setting;
const test = testsUnless(skip);

const KILLS = THOROUGH ? 500 : 80;

test('killed at any moment, tighten leaves all remaining threads alike', async (t) => {
  const words = ['--cgroup', group(t), '--filter', program('refusing')];
  const argv = [program('kill-tighten'), words[1]!, `${KILLS}`, `${seed}`, program('tighten'), ...words];
  const { status, stdout, stderr } = await run(argv);
  assert.deepEqual([status, stderr], [0, '']);
  t.diagnostic(stdout.replaceAll('\n', ' '));
  const seen = Object.fromEntries(
    [...stdout.matchAll(/(\w+) (\d+)/g)].map(([, word, n]) => [word, Number(n)]),
  );
  assert.deepEqual([seen.mixed, seen.held], [0, 0], stdout);
  // Where the life of some processes alone is bound to its own, only they end.
  assert.ok(seen.parted! >= 2, stdout);
  // Neither all before it has begun, nor all behind its end.
  assert.ok(seen.plain! > 0 && seen.filtered! + seen.ended! > 0, `seed ${seed}: ${stdout}`);
});

test('a process that joins the group meanwhile gets the filter, too', async (t) => {
  let given = 0;
  for (let times = 0; times < 60 && given === 0; times++) {
    const path = group(t);
    const { pid } = await startIn(t, path, [program('hard-to-stop'), 'many']);
    await until('all are there', () => threadsOf(path).length === 100, 60_000, 5);
    const intruder = spawn(program('intrude'), [path, `${pid}`], { stdio: ['ignore', 'pipe', 'inherit'] });
    t.after(() => intruder.kill('SIGKILL'));
    const said: string[] = [];
    intruder.stdout.on('data', (bytes) => said.push(...`${bytes}`.split('\n').filter(Boolean)));
    await until('it watches', () => said.length > 0, 60_000, 5);
    const { status } = await setting.tighten(path);
    assert.equal(status, 0);
    await until('it has come', () => said.length > 1, 60_000, 5);
    given += /^Seccomp:\t2$/m.test(readFileSync(`/proc/${said[1]}/status`, 'utf8')) ? 1 : 0;
    intruder.kill('SIGKILL');
    await setting.empty(path);
  }
  assert.ok(given > 0, 'it never came in time');
});

/** How often processes are killed meanwhile, and the microseconds between two kills. */
const PICKED = THOROUGH ? 24 : 8;
const INTERVALS = [100, 300, 1000, 3000];

test("processes killed by others don't make tighten kill the rest", async (t) => {
  const endings: number[] = [];
  for (let times = 0; times < PICKED; times++) {
    const path = group(t);
    await startIn(t, path, [program('hard-to-stop'), 'many']);
    await until('all are there', () => threadsOf(path).length === 100, 60_000, 5);
    const interval = INTERVALS[times % INTERVALS.length]!;
    const killer = spawn(program('pick-off'), [path, `${seed + times}`, `${interval}`], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    t.after(() => killer.kill('SIGKILL'));
    await once(killer.stdout, 'data');
    const ended = once(killer, 'close');
    const { status, stdout } = await setting.tighten(path);
    const why = `seed ${seed + times}, ${interval}: ${stdout}`;
    assert.equal(status, 0, why);
    await ended;
    const filters = await filtersOf(setting, path);
    assert.ok(filters.length > 0, why);
    assert.ok(
      filters.every(({ isWanted }) => isWanted),
      why,
    );
    endings.push(filters.length);
    await setting.empty(path);
  }
  t.diagnostic(`left: ${endings.join(' ')}`);
});

/** A filter that takes a while to be brought into a process. */
const longFilter = () => {
  const long = Object.fromEntries(
    [
      'getppid',
      'mkdir',
      'rmdir',
      'link',
      'unlink',
      'symlink',
      'chmod',
      'chown',
      'mount',
      'swapon',
      'reboot',
    ].map((call, index) => [call, errnoAction(index + 1)]),
  );
  return filter('long', filterRefusing(long, { ready: true }));
};

/** Whether the newest filter of a process is that of a file. */
const hasFilter = async (pid: number, path: string) => {
  const { stdout } = await run([program('read-filters'), `${pid}`]);
  return stdout.includes(`filter ${Buffer.from(readFileSync(path).subarray(36)).toString('hex')}\n`);
};

test('a process that overwrites the filter is found, and all are killed', async (t) => {
  const bytes = longFilter();
  let detected = 0;
  for (let times = 0; times < 60 && detected === 0; times++) {
    const path = group(t);
    const { pid } = await startIn(t, path, ['/usr/bin/sleep', '1000']);
    await until('it sleeps', () => readFileSync(`/proc/${pid}/comm`, 'utf8') === 'sleep\n', 60_000, 2);
    const attacker = spawn(program('overwrite'), [`${pid}`], { stdio: ['ignore', 'pipe', 'ignore'] });
    t.after(() => attacker.kill('SIGKILL'));
    await once(attacker.stdout, 'data');
    const { status, stdout } = await setting.tighten(path, '--filter', bytes);
    attacker.kill('SIGKILL');
    if (status === 0) {
      assert.ok(await hasFilter(pid!, bytes), 'the filter is the wanted one');
      continue;
    }
    // A program that the kernel refuses, since a part of it was written over, is no filter: nothing was changed.
    assert.ok(status === 3 || /^finding \d+ refused \d+\nunchanged\n$/.test(stdout), stdout);
    if (status !== 3) continue;
    detected++;
    assert.match(stdout, /^finding \d+ missing\nkilled\n$/);
    assert.deepEqual(threadsOf(path), []);
  }
  assert.ok(detected > 0, 'the writer was never in time');
});

describe("read-only memory with the filter can't be written,", () => {
  const EFAULT = '14';

  /** Has one who writes tell its attempts until one came in time, and gives the victim the filter each time. */
  const refuses = async (t: TestContext, attack: (path: string) => Promise<[ChildProcess, number]>) => {
    const bytes = longFilter();
    let tried = 0;
    for (let times = 0; times < 60 && tried === 0; times++) {
      const path = group(t);
      const [attacker, pid] = await attack(path);
      t.after(() => attacker.kill('SIGKILL'));
      let said = '';
      attacker.stdout!.on('data', (chunk) => {
        said += chunk;
      });
      await until('it watches', () => said.includes('ready\n'), 60_000, 2);
      const { status, stdout } = await setting.tighten(path, '--filter', bytes);
      assert.equal(status, 0, stdout);
      assert.ok(await hasFilter(pid, bytes), said);
      await setting.empty(path);
      attacker.kill('SIGKILL');
      const attempts = said.split('\n').filter((line) => line !== 'ready' && line !== '');
      const found = [...new Set(attempts)].filter((line) => line !== EFAULT);
      assert.deepEqual(found, []);
      tried = said.slice(said.indexOf('ready')).split(EFAULT).length - 1;
    }
    assert.ok(tried > 0, 'the writer was never in time');
  };

  test('by process_vm_writev', async (t) => {
    await refuses(t, async (path) => {
      const { pid } = await startIn(t, path, ['/usr/bin/sleep', '1000']);
      await until('it sleeps', () => readFileSync(`/proc/${pid}/comm`, 'utf8') === 'sleep\n', 60_000, 2);
      return [spawn(program('overwrite'), [`${pid}`, 'vm'], { stdio: ['ignore', 'pipe', 'ignore'] }), pid!];
    });
  });

  test("by io_uring, which can't write code either", async (t) => {
    await refuses(t, async (path) => {
      const child = await startIn(t, path, [program('ring-writes'), group(t)]);
      return [child, child.pid!];
    });
  });
});

test("tighten doesn't wait for a page that the service itself provides", async (t) => {
  const path = group(t);
  const attacker = spawn(program('late-pages'), [path], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => attacker.kill('SIGKILL'));
  const [said] = await once(attacker.stdout, 'data');
  if (`${said}` === 'none\n') return t.skip('no file system of a process can be mounted here');
  const { status, stdout } = await setting.tighten(path);
  assert.deepEqual([status, /^tightened 2 2$/m.test(stdout)], [0, true], stdout);
});

// Each try takes the time after which a thread counts as one that doesn't run.
test('no call is made past the loaded filters', { skip: skip ?? LONG }, async (t) => {
  for (let tried = false, times = 0; !tried; times++) {
    assert.ok(times < 10, 'no process came to the call in time');
    const path = group(t);
    const attacker = spawn(program('late-call'), [path], { stdio: ['ignore', 'pipe', 'inherit'] });
    t.after(() => attacker.kill('SIGKILL'));
    let said = '';
    attacker.stdout.on('data', (bytes) => {
      said += bytes;
    });
    await until('all wait', () => said.includes('ready'), 60_000, 5);
    const { status } = await setting.tighten(path);
    // Status 0: it was too late for every process, and still waits for one.
    const closed = once(attacker, 'close');
    if (status === 0) attacker.kill('SIGKILL');
    else assert.ok(status === 1 || status === 3, `status ${status}`);
    await closed;
    assert.doesNotMatch(said, /made/);
    tried = said.includes('tried');
    await setting.empty(path);
  }
});
