import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { errnoAction, KILL } from '../../src/seccomp/syscalls/action.js';
import { entryFilterAllowing, filterRefusing, startRefusing } from '../support/native.js';
import type { Tried } from './tried.js';

const KINDS = ['/static', '/static-pie', '/dynamic', '/dynamic-pie', '/script'];
/** Beside exit_group: what printf does with a file, and where malloc gets its memory. */
const TALK_CALLS = ['uname', 'fstat', 'getrandom', 'brk', 'write', 'exit_group'];
const DOWN = 'uname failed: Network is down\n';
const SOME_CALLS = 12;
const YAMA = '/proc/sys/kernel/yama/ptrace_scope';

/** Stage `entry`. */
export function entryTests({ machine, launch, test }: Tried): void {
  const refusals = {
    uname: errnoAction(100),
    openat: errnoAction(100),
    mmap: KILL,
    execve: errnoAction(100),
  };
  const filter = filterRefusing(refusals, startRefusing(refusals, machine), machine);
  const ended = async (argv: readonly string[], options = {}) => {
    const { status, signal, stdout, stderr } = await launch(filter, argv, options);
    return { end: signal ?? status, stdout, line: stderr.replace('sandbox-unit-launcher: ', '') };
  };
  const early = (what: string, asNobody = false) =>
    ended(['/dynamic'], { env: { LD_PRELOAD: '/early.so', EARLY: what }, asNobody });

  describe('stage entry', () => {
    for (const program of machine === 'arm64' ? [...KINDS, '/bti'] : KINDS) {
      test(`applies to ${program} at its entry point, and not before`, async () => {
        for (const asNobody of [false, true])
          assert.deepEqual(await ended([program], { asNobody }), { end: 1, stdout: '', line: DOWN });
      });
    }

    test('works for the smallest possible program', async () => {
      assert.deepEqual(await ended(['/still']), { end: 7, stdout: '', line: '' });
    });

    test("the talk's program needs six calls, none of which can be left out", async () => {
      const endOf = async (calls: readonly string[]) => {
        const { signal, stdout } = await launch(entryFilterAllowing(calls, machine), ['/dynamic-pie']);
        return signal ?? stdout;
      };
      assert.equal(await endOf(TALK_CALLS), 'My OS is Linux!\n');
      for (const call of TALK_CALLS)
        assert.equal(await endOf(TALK_CALLS.filter((one) => one !== call)), 'SIGSYS', call);
    });

    test('lets signals and another exec before the entry point pass', async () => {
      const signals = { LD_PRELOAD: '/early.so', EARLY: 'signals', SIGNALS: '50' };
      assert.deepEqual(await ended(['/dynamic'], { env: signals }), {
        end: 1,
        stdout: 'handled=50\n',
        line: DOWN,
      });
      assert.deepEqual(await early('trap'), { end: 1, stdout: 'handled=1\n', line: DOWN });
      assert.deepEqual(await early('exit'), { end: 9, stdout: '', line: '' });
      const open = { uname: errnoAction(100) };
      const env = { LD_PRELOAD: '/early.so', EARLY: 'exec' };
      const twice = await launch(filterRefusing(open, startRefusing(open, machine), machine), ['/dynamic'], {
        env,
      });
      assert.deepEqual([twice.stdout, twice.stderr], ['', DOWN]);
    });

    for (const what of ['fork', 'vfork', 'thread', 'process']) {
      test(`stops a program that starts a ${what} before its entry point`, async () => {
        assert.deepEqual(await early(what), {
          end: 'SIGKILL',
          stdout: '',
          line: "a library of the program starts a thread or a process before the entry point; use stage 'exec'\n",
        });
      });
    }

    test('keeps its tracer out of reach of what runs before the entry point', async () => {
      const open = filterRefusing({}, startRefusing({}, machine), machine);
      const env = { LD_PRELOAD: '/early.so', EARLY: 'tracer' };
      const { stdout } = await launch(open, ['/dynamic'], { env, asNobody: true });
      assert.match(stdout, /^tracer seen: Permission denied\n/);
    });

    test('refuses a 32-bit program, and one that its user may not read', async () => {
      assert.deepEqual(await ended(['/program32', '/static']), {
        end: 'SIGKILL',
        stdout: '',
        line: "stage 'entry' can't serve a 32-bit program; use stage 'exec'\n",
      });
      const { end, stdout } = await ended(['/secret'], { asNobody: true });
      assert.deepEqual([end, stdout], ['SIGKILL', '']);
    });
  });
}

/** Whatever becomes of the tracer at whichever of its calls, the program never runs without the policy. */
export function tracerTests({ machine, kernel, test }: Tried): void {
  const refusals = { uname: errnoAction(100) };
  const disturbed = async (how: string, at: number) => {
    const argv = ['/fault', how, `${at}`, '/launcher', '--filter=/filter', '--', '/dynamic-pie'];
    const { status, stdout, stderr } = await kernel().run(argv);
    return { status, stdout, stderr, calls: Number(/^calls=(\d+)$/m.exec(stderr)?.[1]) };
  };
  for (const how of ['kill', 'fail']) {
    test(`with a tracer whose calls ${how}`, async () => {
      await kernel().write('/filter', filterRefusing(refusals, startRefusing(refusals, machine), machine));
      const { calls, status } = await disturbed('none', 0);
      assert.ok(calls > 30 && status === 1);
      // Every call takes long in an emulator: some of them, and all of the last.
      const step = Math.ceil(calls / SOME_CALLS);
      for (let at = 1; at <= calls; at += at > calls - SOME_CALLS ? 1 : step) {
        const end = await disturbed(how, at);
        assert.equal(end.stdout, '', `${how} ${at}`);
        const ran = end.stderr.includes(DOWN);
        assert.ok(ran ? end.status === 1 : [228, 137].includes(end.status), `${how} ${at}: ${end.status}`);
        // Past its detachment, which is among the last calls, the tracer doesn't count any more.
        assert.ok(!ran || how === 'fail' || at > calls - SOME_CALLS, `${how} ${at}: ${end.stderr}`);
      }
    });
  }
}

/** Stage `entry` where Yama restricts ptrace. The last scope can't be left again: these come last. */
export function yamaTests({ machine, kernel, launch, test }: Tried): void {
  const refusals = { uname: errnoAction(100) };
  const filter = filterRefusing(refusals, startRefusing(refusals, machine), machine);
  const ran = { status: 1, stdout: '', stderr: DOWN };
  const refused = {
    status: 228,
    stdout: '',
    stderr:
      "sandbox-unit-launcher: can't trace this process for stage 'entry': EPERM (operation not permitted); " +
      "ptrace is refused here, by kernel.yama.ptrace_scope or another filter; use stage 'exec'\n",
  };
  for (const [scope, root, nobody] of [
    [0, ran, ran],
    [1, ran, ran],
    [2, ran, refused],
    [3, refused, refused],
  ] as const) {
    test(`with Yama's scope ${scope}`, async () => {
      await kernel().write(YAMA, `${scope}`);
      for (const program of ['/static', '/dynamic-pie']) {
        assert.deepEqual(await launch(filter, [program]), root);
        assert.deepEqual(await launch(filter, [program], { asNobody: true }), nobody);
      }
    });
  }
}
