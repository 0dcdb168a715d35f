/** `tighten` as a service's start has it: what it says, and to whom; and services that have ended by then. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe } from 'node:test';
import { errnoAction } from '../../src/seccomp/syscalls/action.js';
import { filterRefusing } from '../support/native.js';
import { numberOf, runIn } from '../support/observer.js';
import { run } from '../support/run.js';
import { testsUnless } from '../support/tests-unless.js';
import { startIn, tightening } from '../support/tightened.js';
import { until } from '../support/until.js';

const { skip, group, unit, program, filter } = tightening();
const test = testsUnless(skip);

const own = () => [program('tighten'), '--cgroup', 'self', '--filter', program('refusing')];
const filtersOn = (pid: number) =>
  /^Seccomp_filters:\t(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];

describe('standard output of tighten', () => {
  const report = (path: string) => [
    ...[program('tighten'), '--cgroup', path],
    ...['--filter', program('refusing'), '--report'],
  ];

  test('is empty unless a report is requested', async (t) => {
    const path = group(t);
    const { pid } = await startIn(t, path, ['/usr/bin/sleep', '1000']);
    const silent = report(path).slice(0, -1);
    for (const [words, does] of [
      [['--dry-run'], 'could be loaded'],
      [[], 'is loaded'],
    ] as const) {
      const { status, stdout, stderr } = await run([...silent, ...words]);
      assert.deepEqual([status, stdout], [0, '']);
      const said = `^tighten: the filter ${does} into 1 thread of 1 process, which stood still for \\d+\\.\\d ms\n$`;
      assert.match(stderr, new RegExp(said));
    }
    assert.equal(filtersOn(pid!), '1');
    const { status, stdout, stderr } = await run([...silent.with(2, group(t))]);
    assert.deepEqual([status, stdout], [1, '']);
    assert.match(
      stderr,
      /^tighten: there is no thread to give the filter to\ntighten: nothing is changed: .*\n$/,
    );
  });

  for (const [name, script] of [
    ['full', '"$@" >/dev/full'],
    ['closed', '{ sleep 0.2; "$@"; echo $? >"$0"; } | :; exit "$(cat "$0")"'],
  ] as const)
    test(`that is ${name} has its own exit status`, async (t) => {
      const path = group(t);
      const { pid } = await startIn(t, path, ['/usr/bin/sleep', '1000']);
      const argv = ['/bin/sh', '-c', script, program(`status-${name}`), ...report(path)];
      assert.equal((await run(argv)).status, 4);
      assert.equal(filtersOn(pid!), '1');
    });
});

test('all threads continue before anything is printed, even to a blocked reader', async (t) => {
  const path = group(t);
  const { pid } = await startIn(t, path, ['/usr/bin/sleep', '1000']);
  const bytes = filterRefusing({ restart_syscall: errnoAction(1) }, { ready: true });
  const argv = [program('tighten'), '--cgroup', path, '--filter', filter('no-restart', bytes)];
  const full = `mkfifo "$0"; exec 3<>"$0"; dd if=/dev/zero of="$0" bs=4096 count=16 oflag=nonblock 2>&-; exec "$@" 2>&3`;
  const child = spawn('/bin/sh', ['-c', full, program('full'), ...argv], { stdio: 'ignore' });
  t.after(() => child.kill('SIGKILL'));
  const writes = `${numberOf('write')} 0x2 `;
  await until('it writes', () => readFileSync(`/proc/${child.pid}/syscall`, 'utf8').startsWith(writes));
  assert.match(readFileSync(`/proc/${pid}/status`, 'utf8'), /^TracerPid:\t0$/m);
  assert.equal(filtersOn(pid!), '0');
});

describe('a start with [ready]', () => {
  const startWith = (path: string, main: number | undefined) => {
    const argv = main === undefined ? own() : ['/usr/bin/env', `MAINPID=${main}`, ...own()];
    return runIn(path, argv);
  };

  test('without remaining processes has succeeded', async (t) => {
    const path = unit(t);
    assert.equal((await startWith(path, undefined)).status, 0);
    const { stdout } = await run(['/bin/sh', '-c', 'echo $$']);
    assert.equal((await startWith(path, Number(stdout))).status, 0, 'the main process has ended');
  });

  test('whose main process is in another group fails', async (t) => {
    const path = unit(t);
    const { pid } = await startIn(t, group(t), ['/usr/bin/sleep', '1000']);
    assert.equal((await startWith(path, pid)).status, 1);
    await startIn(t, path, ['/usr/bin/sleep', '1000']);
    assert.equal((await startWith(path, pid)).status, 1);
    assert.equal(filtersOn(pid!), '0');
  });

  test('loads the filter into the main process and the others', async (t) => {
    const path = unit(t);
    const { pid } = await startIn(t, path, ['/usr/bin/sleep', '1000']);
    assert.equal((await startWith(path, pid)).status, 0);
    assert.equal(filtersOn(pid!), '1');
  });
});

test('a process with more groups than fit into a page keeps its privileges', async (t) => {
  const path = group(t);
  const groups = Array.from({ length: 3000 }, (_, index) => 1_000_000 + index).join();
  const { pid } = await startIn(t, path, [
    ...['setpriv', '--reuid=65534', '--regid=65534', `--groups=${groups}`],
    ...['--no-new-privs', '/usr/bin/sleep', '1000'],
  ]);
  await until('it sleeps', () => readFileSync(`/proc/${pid}/comm`, 'utf8') === 'sleep\n');
  const bytes = filterRefusing({ getppid: errnoAction(77) }, { ready: true, noNewPrivileges: false });
  const argv = [program('tighten'), '--cgroup', path, '--filter', filter('as-it-is', bytes)];
  const { status, stderr } = await run(argv);
  assert.equal(status, 0, stderr);
  assert.equal(filtersOn(pid!), '1');
});
