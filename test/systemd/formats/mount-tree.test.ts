import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileAt, mountAt, mountsBelow, parseMountTree } from '../../../src/systemd/formats/mount-tree.js';

/** A service's mounts, as Linux has them: its own /tmp lies over the host's, and over what is mounted there. */
const TEXT = `460 445 0:131 / / ro,relatime shared:28 - overlay overlay rw,workdir=/run/work
465 460 0:135 / /run rw,nosuid shared:72 - tmpfs tmpfs rw,mode=755
482 460 0:136 / /tmp rw,nosuid shared:130 - tmpfs tmpfs rw
483 482 254:0 /build /tmp/build ro,nosuid - ext4 /dev/vda rw
486 460 0:135 /systemd/inaccessible/dir /home ro,noexec - tmpfs tmpfs rw,mode=755
502 482 0:136 /systemd-private-1/tmp /tmp rw,nosuid - tmpfs tmpfs rw
494 460 0:145 / /proc rw,nosuid - proc proc rw,hidepid=invisible,subset=pid
510 465 0:150 / /run/a\\040b rw - tmpfs tmpfs ro
511 465 0:151 / /run/gone//deleted rw - tmpfs tmpfs rw
cut off
`;
const TREE = parseMountTree(TEXT);

test('a path is on the mount that the kernel reaches', () => {
  const rootOf = (path: string) => mountAt(TREE, path)?.root;
  assert.equal(rootOf('/home/me'), '/systemd/inaccessible/dir');
  assert.equal(rootOf('/tmp'), '/systemd-private-1/tmp');
  assert.equal(
    rootOf('/tmp/build/x'),
    '/systemd-private-1/tmp',
    'what lies under another mount is passed by',
  );
  assert.equal(mountAt(TREE, '/homely')?.path, '/');
  assert.equal(mountAt(parseMountTree(''), '/'), undefined);
});

test('options of a mount and of its file system count together', () => {
  assert.ok(mountAt(TREE, '/run/a b')!.options.has('ro'));
  assert.ok(mountAt(TREE, '/proc')!.options.has('hidepid=invisible'));
  assert.ok(!mountAt(TREE, '/run')!.options.has('ro'));
});

test('mounts below a path are those that can be reached', () => {
  const below = (path: string) => mountsBelow(TREE, path).map((mount) => mount.path);
  assert.deepEqual(below('/'), ['/run', '/home', '/tmp', '/proc', '/run/a b']);
  assert.deepEqual(below('/run'), ['/run/a b']);
  assert.deepEqual(below('/tmp'), []);
});

test('a file has one name, whatever path leads to it', () => {
  const host = parseMountTree('1 0 0:131 / / rw - overlay o rw\n2 1 0:136 / /tmp rw - tmpfs t rw\n');
  assert.deepEqual(fileAt(host, '/var/lib'), fileAt(TREE, '/var/lib'));
  assert.deepEqual(fileAt(host, '/tmp/systemd-private-1/tmp/x'), fileAt(TREE, '/tmp/x'));
  assert.notDeepEqual(fileAt(host, '/tmp/x'), fileAt(TREE, '/tmp/x'));
  assert.deepEqual(fileAt(host, '/'), { device: '0:131', root: '/' });
});
