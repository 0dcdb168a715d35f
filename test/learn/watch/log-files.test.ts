import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LogFiles } from '../../../src/learn/watch/watched-service.js';
import { FakeSystem } from '../../support/fake-system.js';
import { unitState } from '../../support/unit-state.js';

const GROUP = '/sys/fs/cgroup/system.slice/demo.service';
const state = unitState({ ControlGroup: '/system.slice/demo.service' });

/** Files that process 7 has open: path, inode. */
type Open = readonly [path: string, inode: number];

/** Looks at a service that has other files open each time. */
async function looks(...times: readonly (readonly Open[])[]): Promise<boolean[]> {
  const system = new FakeSystem({
    files: {
      '/proc/self/mountinfo': '25 1 0:24 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n',
      [`${GROUP}/cgroup.procs`]: '0\n7\n',
    },
  });
  const found: boolean[] = [];
  const logs = new LogFiles();
  for (const open of times) {
    const paths = new Map(open.map(([path], i) => [String(i), path]));
    system.links = async (folder) => (folder === '/proc/7/fd' ? paths : new Map());
    for (const [i, [, inode]] of open.entries()) {
      const text = `pos:\t0\nflags:\t02102001\nmnt_id:\t27\nino:\t${inode}\n`;
      await system.replace(`/proc/7/fdinfo/${i}`, new TextEncoder().encode(text), { mode: 0o400 });
    }
    found.push(await logs.isRotated(system, state));
  }
  return found;
}

const LOG = '/var/log/demo/access.log';

test('a log that is reopened after its file was renamed is a rotation', async () => {
  assert.deepEqual(await looks([[LOG, 1]], [[LOG, 1]], [[LOG, 2]], [[LOG, 2]]), [false, false, true, false]);
  assert.deepEqual(await looks([[LOG, 1]], [[`${LOG}.1`, 1]], [[LOG, 2]]), [false, false, true]);
  assert.deepEqual(await looks([['/srv/own.log', 1]], [['/srv/own.log', 2]]), [false, true]);
});

test("a file that isn't reopened, isn't a log or is gone is no rotation", async () => {
  const others = (inode: number): Open[] => [
    ['/var/lib/demo/data', inode],
    ['socket:[1]', inode],
  ];
  const both: Open[] = [
    [LOG, 1],
    [LOG, 2],
  ];
  assert.deepEqual(await looks(others(1), others(2)), [false, false]);
  assert.deepEqual(await looks([[LOG, 1]], [[`${LOG} (deleted)`, 1]], [[LOG, 1]]), [false, false, false]);
  assert.deepEqual(await looks([], both), [false, false]);
});

test('a service that does not run has no logs open', async () => {
  const system = new FakeSystem();
  assert.equal(await new LogFiles().isRotated(system, unitState({ ControlGroup: '' })), false);
});
