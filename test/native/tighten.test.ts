/** Filters that running threads are given, on a real kernel. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, type TestContext } from 'node:test';
import { errnoAction } from '../../src/seccomp/syscalls/action.js';
import { GROUPS_ROOT } from '../support/control-groups.js';
import { filterRefusing } from '../support/native.js';
import { runIn } from '../support/observer.js';
import { run } from '../support/run.js';
import { testsUnless } from '../support/tests-unless.js';
import { THOROUGH } from '../support/thorough.js';
import { filtersOf, REFUSING, startIn, threadsOf, tightening } from '../support/tightened.js';
import { until } from '../support/until.js';

const setting = tightening();
const { skip, group, unit, mark, program, tighten, filter } = setting;
const test = testsUnless(skip);

/** Kinds of waiting that there are at least. */
const KINDS = 49;

/** Starts a process of each kind of waiting. @returns what ends the waits, and tells what was odd about any */
async function startWaits(t: TestContext, path: string) {
  const child = spawn(program('waits'), [path], { stdio: ['pipe', 'pipe', 'inherit'] });
  t.after(() => child.kill('SIGKILL'));
  const lines: string[] = [];
  createInterface({ input: child.stdout! }).on('line', (line) => lines.push(line));
  await until('all wait', () => lines.some((line) => line.startsWith('ready ')) || child.exitCode !== null);
  return async (word: 'filtered' | 'plain') => {
    child.stdin!.end(`${word}\n`);
    await once(child, 'close');
    const told = lines.slice(1);
    assert.ok(told.length >= KINDS, lines.join('\n'));
    const found = told.filter((line) => !line.endsWith(' ok'));
    assert.deepEqual(found, []);
  };
}

/** What `tighten` has printed, with numbers that differ from run to run left out. */
const shapeOf = (stdout: string) => stdout.replace(/^(paused|tightened|fit) .*\n/gm, '$1\n');

const refuse = async (path: string, ...words: string[]) => {
  const { status, stdout, stderr } = await tighten(path, ...words);
  assert.equal(status, 1, stdout + stderr);
  assert.match(stdout, /\nunchanged\n$/);
  assert.match(stderr, /^(?:tighten: [^\n]+\n)+$/);
  return stdout.split('\n').slice(0, -2);
};

const own = () => [program('tighten'), '--cgroup', 'self', '--filter', program('refusing')];
const napping = (t: TestContext, path: string) => startIn(t, path, ['/usr/bin/sleep', '1000']);
const field = (tid: number, key: string) =>
  new RegExp(`^${key}:\t(\\S+)`, 'm').exec(readFileSync(`/proc/${tid}/status`, 'utf8'))?.[1];

describe('tighten of waiting threads', () => {
  test('all have the filter, and none notices', async (t) => {
    const path = group(t);
    const end = await startWaits(t, path);
    const { status, stdout, stderr } = await tighten(path);
    assert.deepEqual([status, stderr], [0, ''], stdout);
    assert.match(stdout, /^paused \d+\ntightened \d+ \d+\n$/);
    await end('filtered');
  });

  test('a dry run changes nothing', async (t) => {
    const path = group(t);
    const end = await startWaits(t, path);
    const { status, stdout, stderr } = await tighten(path, '--dry-run');
    assert.deepEqual([status, shapeOf(stdout), stderr], [0, 'paused\nfit\n', '']);
    await end('plain');
  });

  test('reading their filters disturbs none', async (t) => {
    const path = group(t);
    const end = await startWaits(t, path);
    const { status, stdout } = await run([program('read-filters'), path]);
    assert.equal(status, 0, stdout);
    await end('plain');
  });
});

describe('tighten of threads that are hard to stop', () => {
  for (const kind of ['chain', 'chains', 'untraced', 'exec', 'crowd']) {
    test(`${kind}: none is left out`, async (t) => {
      const path = group(t);
      await startIn(t, path, [program('hard-to-stop'), kind]);
      const { status, stdout, stderr } = await tighten(path);
      assert.deepEqual([status, shapeOf(stdout), stderr], [0, 'paused\ntightened\n', '']);
      const filters = await filtersOf(setting, path);
      const found = filters.filter(({ isWanted, count }) => !isWanted || count !== 1);
      assert.deepEqual(found, []);
    });
  }

  test('a thread that execs while others are stopped is stopped after it', async (t) => {
    const path = group(t);
    const other = spawn(program('late-exec'), [path], { stdio: ['ignore', 'pipe', 'inherit'] });
    t.after(() => other.kill('SIGKILL'));
    const [said] = await once(other.stdout, 'data');
    if (`${said}` === 'none\n') return t.skip('no process can bring its own memory here');
    const { status, stdout, stderr } = await tighten(path);
    assert.deepEqual([status, stdout.split('\n')[1], stderr], [0, 'tightened 1 1', '']);
    const found = await filtersOf(setting, path);
    assert.deepEqual(
      found.map(({ tid, isWanted }) => [isWanted, readFileSync(`/proc/${tid}/comm`, 'utf8')]),
      [[true, 'sleep\n']],
    );
  });

  test('a traced thread is reported, and nothing is changed', async (t) => {
    const path = group(t);
    await startIn(t, path, [program('hard-to-stop'), 'traced']);
    await until('it is traced', () => threadsOf(path).some((tid) => field(tid, 'TracerPid') !== '0'));
    const [line, ...others] = await refuse(path);
    assert.match(line!, /^finding \d+ traced \d+$/);
    assert.deepEqual(others, []);
    for (const { count } of await filtersOf(setting, path)) assert.equal(count, 0);
  });
});

describe('tighten changes nothing if', () => {
  const unchanged = async (path: string) => {
    for (const tid of threadsOf(path))
      assert.deepEqual([field(tid, 'Seccomp'), field(tid, 'TracerPid')], ['0', '0']);
  };

  test('a thread waits in a call that the filter refuses', async (t) => {
    const path = group(t);
    const { pid } = await napping(t, path);
    await until('it sleeps', () => field(pid!, 'State') === 'S');
    const bytes = filterRefusing({ restart_syscall: errnoAction(1) }, { ready: true });
    const lines = await refuse(path, '--filter', filter('no-restart', bytes));
    assert.deepEqual(lines, [`finding ${pid} waits 219 ${0xc000003e}`]);
    await unchanged(path);
  });

  test('a thread has no right to load', async (t) => {
    const path = group(t);
    const { pid } = await startIn(t, path, [
      'setpriv',
      '--reuid=65534',
      '--clear-groups',
      '/usr/bin/sleep',
      '1000',
    ]);
    await until('it sleeps', () => readFileSync(`/proc/${pid}/comm`, 'utf8') === 'sleep\n');
    const bytes = filterRefusing(REFUSING, { ready: true, noNewPrivileges: false });
    assert.deepEqual(await refuse(path, '--filter', filter('no-rights', bytes)), [
      `finding ${pid} privileges`,
    ]);
    await unchanged(path);
    const { status } = await tighten(path);
    assert.deepEqual([status, field(pid!, 'NoNewPrivs'), field(pid!, 'Seccomp')], [0, '1', '2']);
  });

  test("threads are in a PID namespace that it can't see", async (t) => {
    const path = group(t);
    await napping(t, path);
    const inside = ['unshare', '--pid', '--fork', '--mount-proc', program('tighten'), '--report'];
    const { status, stdout } = await run([...inside, '--cgroup', path, '--filter', program('refusing')]);
    assert.deepEqual([status, stdout], [1, 'finding 0 foreign 1\nunchanged\n']);
    await unchanged(path);
  });

  test('tighten has no CAP_SYS_ADMIN', async (t) => {
    const path = group(t);
    const { pid } = await napping(t, path);
    const without = [
      'setpriv',
      '--bounding-set=-sys_admin',
      '--inh-caps=-sys_admin',
      program('tighten'),
      '--report',
    ];
    const { status, stdout, stderr } = await run([
      ...without,
      ...['--cgroup', path, '--filter', program('refusing')],
    ]);
    assert.deepEqual([status, stdout], [1, `finding ${pid} unreadable 13\nunchanged\n`]);
    assert.equal(stderr, `tighten: thread ${pid} can't be read: EACCES (permission denied)\n`);
    await unchanged(path);
  });

  for (const [kind, reason, name] of [
    ['dispatched', 'dispatched', 'a thread has its calls handed back to it'],
    ['no-vdso', 'no-call', 'a thread has no instruction for a call'],
    ...(THOROUGH ? ([['fault', 'stuck', 'a thread waits for memory']] as const) : []),
  ] as const)
    test(name, async (t) => {
      const path = group(t);
      const { pid } = await startIn(t, path, [program('hard-to-stop'), kind]);
      const isReady = () => readFileSync(`/proc/${pid}/comm`, 'utf8') === 'ready\n';
      await until('it is ready', () => isReady() && (kind !== 'fault' || field(pid!, 'State') === 'S'));
      // A thread that waits for memory takes the time of its listings, and a busy machine may leave too little of it.
      const isLeftOut = (line: string) => kind === 'fault' && line === 'finding 0 unsettled';
      const lines = (await refuse(path)).filter((line) => !isLeftOut(line));
      assert.deepEqual(lines, [`finding ${pid} ${reason}`]);
      await unchanged(path);
    });

  test('there is no thread', async (t) => {
    assert.deepEqual(await refuse(group(t)), ['finding 0 empty']);
  });

  test('it has a filter itself', async (t) => {
    const path = group(t);
    const { pid } = await napping(t, path);
    const other = filter('other', filterRefusing({ mkdir: errnoAction(1) }));
    const launched = [program('launcher'), `--filter=${other}`, '--', program('tighten'), '--report'];
    const { status, stdout } = await run([...launched, '--cgroup', path, '--filter', program('refusing')]);
    assert.equal(status, 1, stdout);
    assert.match(stdout, new RegExp(`^finding ${pid} unreadable (?:1|13)\nunchanged\n$`));
    await unchanged(path);
  });

  if (THOROUGH)
    test('the control group is frozen', async (t) => {
      const path = group(t);
      const { pid } = await napping(t, path);
      writeFileSync(join(path, 'cgroup.freeze'), '1');
      assert.deepEqual(await refuse(path), [`finding ${pid} unmoving`]);
      writeFileSync(join(path, 'cgroup.freeze'), '0');
      await unchanged(path);
    });
});

test('tighten adds a second filter, and none that is there already', async (t) => {
  const path = group(t);
  const { pid } = await napping(t, path);
  for (let times = 0; times < 2; times++) assert.equal((await tighten(path)).status, 0);
  assert.equal(field(pid!, 'Seccomp_filters'), '1');
  const other = filter('on-top', filterRefusing({ mkdir: errnoAction(1) }, { ready: true }));
  assert.equal((await tighten(path, '--filter', other)).status, 0);
  assert.equal(field(pid!, 'Seccomp_filters'), '2');
});

test('tighten leaves itself out of its own control group', async (t) => {
  const path = unit(t);
  const { pid } = await napping(t, path);
  const { status, stdout, stderr } = await runIn(path, own());
  assert.deepEqual([status, stdout, stderr], [0, '', ''], "the service's output is not its own");
  assert.equal(field(pid!, 'Seccomp_filters'), '1');
});

test('tighten covers all of a unit that has moved it into a group below its own', async (t) => {
  const path = unit(t);
  const { pid } = await napping(t, path);
  const below = join(path, 'below');
  mkdirSync(below);
  t.after(() => rmdirSync(below));
  assert.equal((await runIn(below, ['/usr/bin/env', `MAINPID=${pid}`, ...own()])).status, 0);
  assert.equal(field(pid!, 'Seccomp_filters'), '1');
});

test("tighten never covers a group above its unit's, whatever its environment says", async (t) => {
  const above = unit(t);
  const { pid } = await napping(t, above);
  const path = join(above, 'inner');
  mkdirSync(path);
  t.after(() => rmdirSync(path));
  mark(path);
  assert.equal((await runIn(path, ['/usr/bin/env', 'INVOCATION_ID=0123', ...own()])).status, 0);
  assert.equal(field(pid!, 'Seccomp_filters'), '0');
});

test("tighten refuses a group that isn't marked as a unit's, or is a slice", async (t) => {
  const slice = join(unit(t), 'x.slice');
  mkdirSync(slice);
  t.after(() => rmdirSync(slice));
  mark(slice);
  for (const path of [group(t), slice]) {
    const { status, stderr } = await runIn(path, own());
    assert.equal(status, 1);
    assert.match(stderr, /^tighten: systemd hasn't marked this process's control group as that of a service/);
  }
});

test('tighten waits until no more threads come and go', async (t) => {
  const path = group(t);
  const started = startIn(t, path, [
    '/bin/sh',
    '-c',
    'for i in 1 2 3 4 5 6 7 8; do sleep 0.1; done; exec sleep 1000',
  ]);
  const { pid } = await started;
  const { status, stdout } = await tighten(path, '--settle', '1000');
  assert.deepEqual([status, shapeOf(stdout)], [0, 'paused\ntightened\n']);
  assert.equal(readFileSync(`/proc/${pid}/comm`, 'utf8'), 'sleep\n');
});

test('tighten waits for no longer than its option says', async (t) => {
  const path = group(t);
  await startIn(t, path, ['/bin/bash', '-c', 'while :; do sleep 0.05; done']);
  // The first words would wait for half a minute: so long the second ones can't have taken.
  const { status, stdout } = await tighten(path, '--settle', '20000', '--within', '300');
  assert.deepEqual([status, shapeOf(stdout)], [0, 'restless\npaused\ntightened\n']);
});

describe("a mistake in tighten's command line changes no thread:", () => {
  const CASES: readonly [string, readonly string[], number, RegExp][] = [
    ['no word', [], 2, /--cgroup and --filter are missing/],
    ['an unknown option', ['--cgroup', '/x', '--force'], 2, /unknown option.*'--force'/],
    ['a further word', ['--cgroup', '/x', '--filter', '/y', 'z'], 2, /unknown word: 'z'/],
    ['a relative folder', ['--cgroup', 'x', '--filter', '/y'], 2, /takes the path of a folder, or self/],
    ['no number', ['--cgroup', '/x', '--filter', '/y', '--settle', '-1'], 2, /takes milliseconds/],
    [
      'too large a number',
      ['--cgroup', '/x', '--filter', '/y', '--settle', '600001'],
      2,
      /takes milliseconds/,
    ],
    ['no longest wait', ['--cgroup', '/x', '--filter', '/y', '--within', '1s'], 2, /takes milliseconds/],
    ['no filter', ['--cgroup', '/x', '--filter', '/none'], 1, /can't be opened: ENOENT/],
  ];
  for (const [name, words, status, line] of CASES) {
    test(name, async () => {
      const result = await run([program('tighten'), ...words]);
      assert.deepEqual([result.status, result.stdout], [status, '']);
      assert.match(result.stderr, /^tighten: [^\n]+\n$/);
      assert.match(result.stderr, line);
    });
  }

  /** In a PID namespace of its own, whose first process is the only one that could stand still. */
  const refusesGroup = async (path: string, line: RegExp, before = '') => {
    const script = `${before} "$0" --cgroup "$1" --filter "$2"; exit $?`;
    const words = [program('tighten'), path, program('refusing')];
    const { status, stdout, stderr } = await run([
      ...['unshare', '--pid', '--fork', '--mount-proc', '/bin/sh', '-c', script],
      ...words,
    ]);
    assert.deepEqual([status, stdout], [2, ''], stderr);
    assert.match(stderr, line);
  };

  test('the root of all control groups', async () => {
    await refusesGroup(GROUPS_ROOT!, /not the root of all: '[^\n]+'; see tighten --help\n$/);
  });

  test('the control group of PID 1, or one above it', async (t) => {
    const path = group(t);
    const into = `echo 1 >"$1/cgroup.procs";`;
    await refusesGroup(path, /without PID 1, which is in '[^\n]+'; see tighten --help\n$/, into);
    await refusesGroup(dirname(path), /without PID 1/, into.replace('$1', path));
  });

  const refusesFilter = async (t: TestContext, path: string, line: RegExp) => {
    const { status, stdout, stderr } = await tighten(group(t), '--filter', path);
    assert.deepEqual([status, stdout], [1, '']);
    assert.match(stderr, line);
  };

  test('a filter of another stage', async (t) => {
    await refusesFilter(t, filter('exec', filterRefusing(REFUSING)), /is not of stage 'ready'/);
  });

  test('a filter that others may write', async (t) => {
    const path = filter('writable', filterRefusing(REFUSING, { ready: true }));
    await run(['chmod', 'g+w', path]);
    await refusesFilter(t, path, /isn't root's alone/);
  });

  test('a filter that is cut', async (t) => {
    const bytes = filterRefusing(REFUSING, { ready: true }).slice(0, -8);
    await refusesFilter(t, filter('cut', bytes), /is not as long as its header says/);
  });
});
