import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nameOfArgument } from '../../../../src/learn/profile/policy/value-names.js';

/** Numbers are those of Linux's headers: linux/sched.h, asm-generic/mman-common.h, linux/net.h, linux/prctl.h. */
const VALUES: readonly [call: string, place: number, value: bigint, name: string | undefined][] = [
  ['socket', 0, 1n, 'AF_UNIX'],
  ['socket', 0, 16n, 'AF_NETLINK'],
  ['socket', 0, 200n, undefined],
  ['socket', 1, 2n, 'SOCK_DGRAM'],
  ['socketpair', 1, 0x80801n, 'SOCK_STREAM|SOCK_NONBLOCK|SOCK_CLOEXEC'],
  ['socket', 1, 0x80000n, 'SOCK_CLOEXEC'],
  ['socket', 1, 0x40000001n, undefined],
  ['socket', 2, 6n, undefined],
  ['prctl', 0, 15n, 'PR_SET_NAME'],
  ['ioctl', 1, 0x5401n, 'TCGETS'],
  ['ioctl', 0, 0x5401n, undefined],
  // TCP_SYNCNT and TIOCPKT_START have these values, and are no requests.
  ['ioctl', 1, 7n, undefined],
  ['ioctl', 1, 8n, undefined],
  ['personality', 0, 0n, 'PER_LINUX'],
  ['clone', 0, 0x1200011n, 'SIGCHLD|CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID'],
  ['clone', 0, 17n, 'SIGCHLD'],
  ['clone', 0, 0x900n, 'CLONE_VM|CLONE_SIGHAND'],
  ['clone', 0, 0x1_0000_0000n, 'CLONE_CLEAR_SIGHAND'],
  ['clone', 0, 0x80n, undefined],
  ['clone', 0, 0n, undefined],
  ['unshare', 0, 0x20080n, 'CLONE_NEWTIME|CLONE_NEWNS'],
  ['setns', 1, 0n, undefined],
  ['mmap', 2, 0n, 'PROT_NONE'],
  ['mmap', 2, 7n, 'PROT_READ|PROT_WRITE|PROT_EXEC'],
  ['mprotect', 2, 0x800001n, undefined],
  ['umask', 0, 18n, undefined],
];

for (const [call, place, value, name] of VALUES) {
  test(`${call}, argument ${place}: 0x${value.toString(16)} is ${name}`, () => {
    assert.equal(nameOfArgument(call, place, value), name);
  });
}
