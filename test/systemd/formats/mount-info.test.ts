import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { mountOf, parseMountInfo, writableExecutable } from '../../../src/systemd/formats/mount-info.js';

const TEXT = `22 1 0:21 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
23 22 0:22 / /run rw,nosuid,nodev,noexec,relatime shared:2 - tmpfs tmpfs rw,mode=755
24 23 0:23 / /run/a\\040b\\134c rw,relatime - tmpfs tmpfs rw,noexec
25 22 0:24 / /twice ro,noexec - tmpfs tmpfs rw
26 25 0:25 / /twice rw - tmpfs tmpfs rw
`;

test('a line is read with its place, its file system, and the options of both', () => {
  const [, , third] = parseMountInfo(TEXT);
  assert.deepEqual(third, {
    ...{ id: '24', parent: '23', device: '0:23', root: '/', path: '/run/a b\\c', type: 'tmpfs' },
    ...{ options: ['rw', 'relatime'], superOptions: ['rw', 'noexec'] },
  });
  assert.deepEqual([parseMountInfo(''), parseMountInfo('no mount\n')], [[], []]);
});

test('a path is on the innermost mount above it, the last of several', () => {
  const on = (path: string) => mountOf(parseMountInfo(TEXT), path);
  const paths = ['/etc/x', '/run', '/run/x/y', '/running', '/run/a b\\c/x', '/twice/x'];
  const found = paths.map((path) => on(path)?.path);
  assert.deepEqual(found, ['/', '/run', '/run', '/', '/run/a b\\c', '/twice']);
  assert.deepEqual(on('/twice')?.options, ['rw']);
  assert.equal(mountOf([], '/etc'), undefined);
});

test('the mounts of this machine are read', () => {
  const mounts = parseMountInfo(readFileSync('/proc/self/mountinfo', 'utf8'));
  assert.ok(mountOf(mounts, '/proc/self/mountinfo'));
});

test('places to write and execute are on mounts that are neither read-only nor without execution', () => {
  assert.deepEqual(writableExecutable(TEXT), ['/', '/run/a b\\c']);
  const hardened = `22 1 0:21 / / ro,relatime shared:1 - ext4 /dev/sda1 rw
23 22 0:22 / /proc rw - proc proc rw
24 22 0:23 / /srv rw - ext4 /dev/sdb1 ro
25 22 0:24 / /var rw master:3 - ext4 /dev/sdc1 rw
26 25 0:24 / /var/lib rw - ext4 /dev/sdc1 rw
27 25 0:24 / /var/cache ro - ext4 /dev/sdc1 rw
28 27 0:24 / /var/cache/demo rw - ext4 /dev/sdc1 rw
`;
  assert.deepEqual(writableExecutable(hardened), ['/var', '/var/cache/demo']);
  assert.deepEqual(writableExecutable('no mount\n'), []);
});
