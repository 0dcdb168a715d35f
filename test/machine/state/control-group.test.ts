import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isInUnit, processesOf, unitGroups } from '../../../src/machine/state/control-group.js';
import { unitWith } from '../../support/apply-in-memory.js';
import { FakeSystem } from '../../support/fake-system.js';

const GROUP = '/system.slice/demo.service';
const UNIFIED = '25 1 0:24 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n';
const LEGACY = '26 1 0:25 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd\n';

const folders = async (mountinfo: string, procs: readonly string[], group = GROUP) => {
  const files = Object.fromEntries(procs.map((folder) => [`${folder}/cgroup.procs`, '7\n']));
  const system = new FakeSystem({ files: { '/proc/self/mountinfo': mountinfo, ...files } });
  return unitGroups(system, await unitWith({ ControlGroup: group }));
};

test('a unit has a folder in each hierarchy that systemd keeps it in', async () => {
  const [unified, legacy] = [`/sys/fs/cgroup${GROUP}`, `/sys/fs/cgroup/systemd${GROUP}`];
  assert.deepEqual(await folders(UNIFIED, [unified]), [unified]);
  assert.deepEqual(await folders(UNIFIED, []), []);
  assert.deepEqual(await folders(LEGACY, [legacy]), [legacy]);
});

test('a unit without a group has no folder, not even the whole tree', async () => {
  assert.deepEqual(await folders(UNIFIED, ['/sys/fs/cgroup'], ''), []);
  assert.deepEqual(await folders(UNIFIED, ['/sys/fs/cgroup'], '/'), []);
});

const isIn = async (line: string, options = {}, group = GROUP) => {
  const system = new FakeSystem({ files: { '/proc/7/cgroup': line }, ...options });
  return isInUnit(system, await unitWith({ ControlGroup: group }), 7);
};

test('a process is in a unit if its group is that of the unit or below', async () => {
  assert.equal(await isIn(`0::${GROUP}\n`), true);
  assert.equal(await isIn(`0::${GROUP}/inner\n`), true);
  assert.equal(await isIn(`1:name=systemd:${GROUP}\n0::/\n`), true);
  assert.equal(await isIn(`0::${GROUP}2\n`), false);
  assert.equal(await isIn('0::/system.slice\n'), false);
  assert.equal(await isIn(''), false);
  assert.equal(await isIn(`0::${GROUP}\n`, {}, ''), false);
  assert.equal(await isIn('0::/anything\n', {}, '/'), false);
});

test("a group whose name the kernel can't tell belongs to no unit", async () => {
  assert.equal(await isIn(`0::${GROUP}\n`, { unreadable: ['/proc/7/cgroup'] }), false);
});

test('the processes of a unit are its main process and those of its group', async () => {
  const folder = `/sys/fs/cgroup${GROUP}`;
  const of = async (pids: string, properties: object) => {
    const files = { '/proc/self/mountinfo': UNIFIED, [`${folder}/cgroup.procs`]: pids };
    return processesOf(new FakeSystem({ files }), await unitWith({ ...properties }));
  };
  assert.deepEqual(await of('7\n8\n0\n', { ControlGroup: GROUP, MainPID: 8 }), ['8', '7']);
  assert.deepEqual(await of('7\n', { ControlGroup: '', MainPID: 0 }), []);
});
