import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { errnoAction } from '../../src/syscalls/action.js';
import { filterRefusing } from '../support/native.js';
import type { Tried } from './tried.js';

const YAMA = '/proc/sys/kernel/yama/ptrace_scope';
const TIGHTENED = ['paused', 'tightened 1 1', 'status 0', 'uname 100'];
const OTHER_MACHINE = { lines: ['status 1', 'uname 0'], stderr: 'tighten: this takes a machine of x86-64\n' };

/** What `tighten` does to a process of a kind, line by line, without numbers that differ from run to run. */
async function tightened({ machine, kernel }: Tried, kind: string) {
  await kernel().write('/ready', filterRefusing({ uname: errnoAction(100) }, { ready: true }, machine));
  const words = ['--cgroup', '/sys/fs/cgroup/tightened', '--filter', '/ready'];
  const { stdout, stderr } = await kernel().run(['/tighten-one', kind, '/tighten', ...words]);
  const shape = (text: string) => text.replace(/(paused) .*|(finding|thread) \d+/g, '$1$2');
  return { lines: shape(stdout).trimEnd().split('\n'), stderr: shape(stderr) };
}

/** Threads that are given one more filter while they are at work. */
export function tightenTests(tried: Tried): void {
  const { name, machine, kernel, test } = tried;
  const of = (kind: string) => tightened(tried, kind);
  const done = machine === 'arm64' ? OTHER_MACHINE : { lines: TIGHTENED, stderr: '' };

  describe('tighten', () => {
    test('gives its filter to what waits, which does not notice, or says why it can not', async () => {
      assert.deepEqual(await of('reads'), done);
      assert.deepEqual(await of('polls'), done);
    });

    test('changes nothing where it can not see what a thread is at', async () => {
      // Linux 5.10 doesn't show a restartable sequence.
      const unseen = {
        lines: ['finding sequence', 'unchanged', 'status 1', 'uname 0'],
        stderr: 'tighten: thread may be in a restartable sequence, which Linux shows from 5.13 on\n',
      };
      assert.deepEqual(await of('runs'), name === 'linux-5.10-x86-64' ? unseen : done);
    });

    for (const scope of [0, 1, 2])
      test(`is root's whatever Yama says of others: scope ${scope}`, async () => {
        await kernel().write(YAMA, `${scope}`);
        assert.deepEqual(await of('reads'), done);
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
    assert.deepEqual(await tightened(tried, 'reads'), tried.machine === 'arm64' ? OTHER_MACHINE : refused);
  });
}
