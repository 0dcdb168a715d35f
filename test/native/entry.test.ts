import assert from 'node:assert/strict';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe } from 'node:test';
import { errnoAction, KILL } from '../../src/seccomp/syscalls/action.js';
import { BARE, compiled } from '../support/compiled.js';
import {
  asNobody,
  compileProgram,
  entryFilterAllowing,
  filterRefusing,
  rootObstacle,
  startRefusing,
  writeFilter,
} from '../support/native.js';
import { inRepository } from '../support/repository.js';
import { run } from '../support/run.js';

const { folder, paths, skip, test } = compiled({ under: [], early: ['-shared', '-fPIC'], still: BARE });
const { launcher, under, early, still } = paths;

const refusals = { uname: errnoAction(100), openat: errnoAction(100), mmap: KILL, execve: errnoAction(100) };
const filterBytes = skip ? new Uint8Array() : filterRefusing(refusals, startRefusing(refusals));
const filter = writeFilter(folder, 'filter', filterBytes);
/** As it is to the program that names its system, whose uname is refused at the entry point. */
const REFUSED = { status: 1, stdout: '', stderr: 'uname failed: Network is down\n' };
const MYOS = inRepository('test/booted/programs/myos.c');
/** The talk's program, by how it is linked. */
const myos: Record<string, string> = {};

const LINKED: readonly [string, readonly string[]][] = [
  ['dynamic', ['-no-pie']],
  ['dynamic position-independent', ['-pie']],
  ['static', ['-static']],
  ['static position-independent', ['-static-pie']],
];

before(async () => {
  if (skip) return;
  for (const [kind, options] of LINKED) {
    myos[kind] = join(folder, kind);
    await run(['cc', '-o', myos[kind]!, MYOS, ...options]);
  }
});

const launch = (...argv: string[]) => [launcher, `--filter=${filter}`, '--', ...argv];
const preload = (what: string, ...argv: string[]) => ['env', `LD_PRELOAD=${early}`, `EARLY=${what}`, ...argv];

describe('every kind of program gets the policy at its entry point, and its start calls before', () => {
  for (const [kind] of LINKED) {
    test(kind, async () => {
      assert.deepEqual(await run(launch(myos[kind]!)), REFUSED);
    });
    test(`${kind}, as a user without any rights`, { skip: rootObstacle() }, async () => {
      assert.deepEqual(await run(asNobody(launch(myos[kind]!))), REFUSED);
    });
  }

  test('the smallest possible program', async () => {
    assert.equal((await run(launch(still))).status, 7);
  });

  test("the interpreter of a '#!' script", async () => {
    const script = join(folder, 'script');
    writeFilter(folder, 'script', Buffer.from(`#!${myos.dynamic}\n`));
    chmodSync(script, 0o755);
    assert.deepEqual(await run(launch(script)), REFUSED);
  });

  test('a program that executes another one before its entry point gets the policy there', async () => {
    const open = { uname: errnoAction(100) };
    const path = writeFilter(
      folder,
      'exec',
      filterRefusing(open, startRefusing({ uname: errnoAction(100) })),
    );
    const command = [launcher, `--filter=${path}`, '--', myos.dynamic!];
    assert.deepEqual(await run(preload('exec', ...command)), REFUSED);
  });

  test('before the entry point, a call that no start needs is refused', async () => {
    const sets = { uname: errnoAction(1), getpid: errnoAction(1) };
    const path = writeFilter(folder, 'start', filterRefusing(sets, { ...startRefusing({ pause: KILL }) }));
    const command = [launcher, `--filter=${path}`, '--', ...preload('uname', myos.dynamic!)];
    assert.match((await run(command)).stderr, /^uname failed: Operation not permitted\n$/);
  });
});

/** Beside exit_group: what printf does with a pipe, and where malloc gets its memory. */
const TALK_CALLS = ['uname', 'fstat', 'getrandom', 'brk', 'write', 'exit_group'];

describe("the talk's program needs six calls", () => {
  const runWith = (calls: readonly string[], kind: string) => {
    const path = writeFilter(folder, 'allow', entryFilterAllowing(calls));
    return run([launcher, `--filter=${path}`, '--', myos[kind]!]);
  };

  test('these calls are enough', async () => {
    for (const kind of ['dynamic', 'dynamic position-independent']) {
      assert.deepEqual(await runWith(TALK_CALLS, kind), {
        status: 0,
        stdout: 'My OS is Linux!\n',
        stderr: '',
      });
    }
  });

  for (const call of TALK_CALLS) {
    test(`${call} can't be left out`, async () => {
      const { signal } = await runWith(
        TALK_CALLS.filter((one) => one !== call),
        'dynamic',
      );
      assert.equal(signal, 'SIGSYS');
    });
  }
});

test('a launched program has no child, no zombie and no tracer, and saw no SIGCHLD', async () => {
  const state = await compileProgram('state', folder);
  const script = 'trap "echo SIGCHLD" CHLD; exec "$@"';
  const { stdout } = await run([
    'sh',
    '-c',
    script,
    'sh',
    ...launch('sh', '-c', 'read x </proc/self/status; :'),
  ]);
  assert.equal(stdout, '');
  // Blocked, so that one that was sent before the exec is still pending.
  const open = writeFilter(folder, 'open', filterRefusing({}, startRefusing({})));
  const waits = [under, '--block=17', '--', launcher, `--filter=${open}`, '--'];
  const lines = (await run([...waits, state])).stdout.split('\n');
  assert.ok(lines.includes('SigPnd:\t0000000000000000') && lines.includes('ShdPnd:\t0000000000000000'));
  const children = await run([
    ...waits,
    'sh',
    '-c',
    'cat /proc/$$/task/$$/children; grep TracerPid /proc/$$/status',
  ]);
  const own = /^\d+ TracerPid:\t0\n$/; // cat itself
  assert.match(children.stdout, own);
});

test('descriptors passed to a program are closed when it closes them', async () => {
  // `cat` ends at the end of the pipe: nobody else may hold its other end.
  const open = writeFilter(folder, 'open', filterRefusing({}, startRefusing({})));
  const command = [launcher, `--filter=${open}`, '--', 'sh', '-c', 'exec 5>&- 1>&-; read line; exit 0'];
  const script = '{ "$@" 5>&1 <&6 | cat; } 6<&0 <&-; echo "end"';
  const { stdout } = await run(['bash', '--norc', '-c', script, 'bash', ...command]);
  assert.equal(stdout, 'end\n');
});

describe('signals before the entry point', () => {
  test('are handled, all of them, and a blocked one stays pending', async () => {
    const { stdout, stderr } = await run(preload('signals', ...launch(myos.dynamic!)));
    assert.deepEqual([stdout, stderr], ['handled=1000\n', REFUSED.stderr]);
  });

  test('that stop the program let it continue later', async () => {
    // It is told until it has ended: it may be seen before it stops.
    const script = `
      "$@" &
      until grep -q 'State:.[tT]' /proc/$!/status; do :; done
      while kill -CONT $!; do sleep 0.01; done 2>/dev/null
      wait $!`;
    assert.deepEqual(
      await run(['bash', '--norc', '-c', script, 'bash', ...preload('stop', ...launch(myos.dynamic!))]),
      REFUSED,
    );
  });

  test('that a breakpoint raises, too, are handled', async () => {
    const { stdout, stderr } = await run(preload('trap', ...launch(myos.dynamic!)));
    assert.deepEqual([stdout, stderr], ['handled=1\n', REFUSED.stderr]);
  });

  for (const [name, number] of Object.entries({
    SIGUSR1: 10,
    SIGTERM: 15,
    SIGCHLD: 17,
    SIGCONT: 18,
    SIGSTOP: 19,
  })) {
    test(`pass, however many ${name} there are`, async () => {
      const storm = await compileProgram('storm', folder);
      for (let round = 0; round < 60; round++) {
        assert.deepEqual(await run([storm, `${number}`, ...launch(myos.dynamic!)]), REFUSED);
      }
    });
  }

  test('end the program as without the launcher', async () => {
    const state = await compileProgram('state', folder);
    for (let delay = 0; delay < 40; delay++) {
      const line = `"$@" & i=0; while [ $i -lt ${delay * 40} ]; do i=$((i+1)); done; kill -TERM $!; wait $!; echo $? >&2`;
      const { stderr } = await run(['bash', '--norc', '-c', line, 'bash', ...launch(state)]);
      assert.match(stderr, /^(0|1|143)\n$/m);
      assert.doesNotMatch(stderr, /sandbox-unit/);
    }
  });
});
