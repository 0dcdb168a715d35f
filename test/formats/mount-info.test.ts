import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { type Mount, mountOf, parseMountInfo, writableExecutable } from '../../src/formats/mount-info.js';

const TEXT = `22 1 0:21 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
23 22 0:22 / /run rw,nosuid,nodev,noexec,relatime shared:2 - tmpfs tmpfs rw,mode=755
24 23 0:23 / /run/a\\040b\\134c rw,relatime - tmpfs tmpfs rw,noexec
25 22 0:24 / /twice ro,noexec - tmpfs tmpfs rw
26 25 0:25 / /twice rw - tmpfs tmpfs rw
`;

test('mounts are read with their place and whether anything may be executed and written', () => {
  assert.deepEqual(parseMountInfo(TEXT), [
    { path: '/', noexec: false, readOnly: false },
    { path: '/run', noexec: true, readOnly: false },
    { path: '/run/a b\\c', noexec: false, readOnly: false },
    { path: '/twice', noexec: true, readOnly: true },
    { path: '/twice', noexec: false, readOnly: false },
  ]);
  assert.deepEqual(parseMountInfo(''), []);
  assert.deepEqual(parseMountInfo('no mount\n'), []);
});

test('a path is on the innermost mount above it', () => {
  const on = (path: string) => mountOf(parseMountInfo(TEXT), path);
  const cases: readonly [path: string, mount: Mount][] = [
    ['/etc/x', { path: '/', noexec: false, readOnly: false }],
    ['/run', { path: '/run', noexec: true, readOnly: false }],
    ['/run/x/y', { path: '/run', noexec: true, readOnly: false }],
    ['/running', { path: '/', noexec: false, readOnly: false }],
    ['/run/a b\\c/x', { path: '/run/a b\\c', noexec: false, readOnly: false }],
    ['/twice/x', { path: '/twice', noexec: false, readOnly: false }],
  ];
  for (const [path, mount] of cases) assert.deepEqual(on(path), mount, path);
  assert.equal(mountOf([], '/etc'), undefined);
});

test('the mounts of this machine are read as well', () => {
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
