import assert from 'node:assert/strict';
import { test } from 'node:test';
import { groupFolders, parseHierarchies } from '../../../src/systemd/formats/cgroup-mounts.js';

const UNIFIED = '30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n';
const HYBRID = `30 23 0:26 / /sys/fs/cgroup ro,nosuid - tmpfs tmpfs ro,mode=755
31 30 0:27 / /sys/fs/cgroup/unified rw shared:9 - cgroup2 cgroup2 rw
32 30 0:28 / /sys/fs/cgroup/systemd rw shared:10 - cgroup cgroup rw,xattr,name=systemd
33 30 0:29 / /sys/fs/cgroup/memory rw shared:11 - cgroup cgroup rw,memory
34 30 0:30 / /sys/fs/cgroup/other rw - cgroup cgroup rw,name=systemd2
`;
const GROUP = '/system.slice/nginx.service';
const folders = (mounts: string, group = GROUP) => groupFolders(parseHierarchies(mounts), group);

test('a control group is in version 2, or where systemd has mounted its own', () => {
  assert.deepEqual(folders(UNIFIED), [`/sys/fs/cgroup${GROUP}`]);
  assert.deepEqual(folders(HYBRID), [`/sys/fs/cgroup/unified${GROUP}`, `/sys/fs/cgroup/systemd${GROUP}`]);
  const [, , legacy] = HYBRID.split('\n');
  assert.deepEqual(folders(legacy!), [`/sys/fs/cgroup/systemd${GROUP}`]);
  assert.deepEqual(folders(''), []);
});

test('a mount may show a part of a hierarchy', () => {
  const part = (root: string) => folders(UNIFIED.replace(' / ', ` ${root} `));
  assert.deepEqual(part('/system.slice'), ['/sys/fs/cgroup/nginx.service']);
  assert.deepEqual(part(GROUP), ['/sys/fs/cgroup']);
  for (const other of ['/system', '/user.slice', '/../..']) assert.deepEqual(part(other), [], other);
});

test("escapes in places are decoded, and groups can't lead outside", () => {
  assert.deepEqual(folders('1 2 0:3 / /a\\040b rw - cgroup2 none rw\n'), [`/a b${GROUP}`]);
  for (const group of ['', '/', 'x', '/../x', '/x/../../y', '//x']) {
    assert.deepEqual(folders(UNIFIED, group), [], group);
  }
});
