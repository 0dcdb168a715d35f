import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { errnoAction } from '../../src/seccomp/syscalls/action.js';
import { filterRefusing } from '../support/native.js';
import { oneCall } from './program32-arm.js';
import type { Tried } from './tried.js';

const YAMA = '/proc/sys/kernel/yama/ptrace_scope';
const DONE = { lines: ['paused', 'tightened 1 1', 'status 0', 'uname 100'], stderr: '' };
/** In arm's table. */
const PAUSE = 29;
/** Kinds of waiting that there are at least. */
const KINDS = 45;

/** What `tighten` does to a process of a kind, line by line, without numbers that differ from run to run. */
async function tightened({ machine, kernel }: Tried, kind: string, ...options: string[]) {
  const refused = kind === 'kinds' ? {} : { uname: errnoAction(100) };
  await kernel().write(
    '/ready',
    filterRefusing({ ...refused, getppid: errnoAction(77) }, { ready: true }, machine),
  );
  const words = ['--report', '--cgroup', '/sys/fs/cgroup/tightened', '--filter', '/ready', ...options];
  const { stdout, stderr } = await kernel().run(['/tighten-one', kind, '/tighten', ...words]);
  const shape = (text: string) => text.replace(/(paused) .*|(finding|thread) \d+/g, '$1$2');
  return { lines: shape(stdout).trimEnd().split('\n'), stderr: shape(stderr) };
}

/** Threads that are given one more filter while they are at work. */
export function tightenTests(tried: Tried): void {
  const { name, machine, kernel, test } = tried;
  const of = (kind: string, ...options: string[]) => tightened(tried, kind, ...options);

  describe('tighten', () => {
    test("loads its filter into waiting processes, which don't notice", async () => {
      assert.deepEqual(await of('reads'), DONE);
      assert.deepEqual(await of('polls'), DONE);
    });

    if (machine === 'x86-64')
      test("loads it into an x32 program, which doesn't notice", async () => {
        for (const kind of ['reads', 'polls', 'sleeps'])
          assert.deepEqual(await of(`x32-${kind}`), DONE, kind);
      });

    test("changes nothing if it can't see what a thread is doing", async () => {
      // Linux 5.10 doesn't show a restartable sequence.
      const unseen = {
        lines: ['finding sequence', 'unchanged', 'status 1', 'uname 0'],
        stderr: 'tighten: thread may be in a restartable sequence, which Linux shows from 5.13 on\n',
      };
      assert.deepEqual(await of('runs'), name.startsWith('linux-5.10-') ? unseen : DONE);
    });

    test('lets a signal interrupt a waiting call, if it arrives while all are stopped', async () => {
      const given = ['paused', 'tightened 2 1', 'status 0', 'uname 100'];
      const untouched = ['paused', 'fit 2 1', 'status 0', 'uname 0'];
      // It may come too late: when all is over, or while the thread is let go.
      const broken = async (lines: readonly string[], kind: string, ...options: string[]) => {
        let result = await of(kind, ...options);
        for (let tries = 1; tries < 8 && !isDeepStrictEqual(result.lines, lines); tries++)
          result = await of(kind, ...options);
        assert.deepEqual(result, { lines, stderr: '' }, kind);
      };
      for (const kind of ['pause', 'poll']) {
        await broken(given, kind);
        await broken(untouched, kind, '--dry-run');
      }
    });

    if (machine === 'arm64')
      test('refuses a 32-bit program', async () => {
        await kernel().write('/pause32', oneCall(PAUSE, []), 0o755);
        assert.deepEqual(await of('compat'), {
          lines: ['finding compat', 'unchanged', 'status 1', 'uname -9'],
          stderr: "tighten: thread runs 32-bit code, which isn't given filters on arm64\n",
        });
      });

    // On x86-64 the machine's own kernel shows it, and Linux 5.10 doesn't take all kinds.
    const kindsTest = name === 'linux-6.12-arm64' ? test : () => {};
    kindsTest('disturbs no kind of waiting', async () => {
      const { lines } = await of('kinds');
      const kinds = lines.slice(lines.indexOf('status 0') + 1);
      assert.match(lines.join('\n'), /^fit \d+ \d+$[\s\S]*^tightened \d+ \d+\nstatus 0$/m);
      assert.ok(kinds.length >= KINDS, lines.join('\n'));
      const found = kinds.filter((line) => !line.endsWith(' ok'));
      assert.deepEqual(found, []);
    });

    for (const scope of [0, 1, 2])
      test(`works for root whatever Yama's scope is: ${scope}`, async () => {
        await kernel().write(YAMA, `${scope}`);
        assert.deepEqual(await of('reads'), DONE);
      });
  });
}

/** Where Yama lets nobody trace, behind {@link yamaTests}. */
export function tightenUnderYamaTests(tried: Tried): void {
  tried.test("tighten says so where Yama's scope is 3, and changes nothing", async () => {
    assert.equal((await tried.kernel().read(YAMA)).trim(), '3');
    const refused = {
      lines: ['finding untraceable 1', 'unchanged', 'status 1', 'uname 0'],
      stderr: "tighten: thread can't be traced: EPERM (operation not permitted)\n",
    };
    assert.deepEqual(await tightened(tried, 'reads'), refused);
  });
}
