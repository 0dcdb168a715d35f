import assert from 'node:assert/strict';
import { constants as fileConstants } from 'node:fs';
import { constants as systemConstants } from 'node:os';
import { test } from 'node:test';
import { ABIS, type Abi } from '../../../src/seccomp/syscalls/abi.js';
import { constantNames, constantValue } from '../../../src/seccomp/syscalls/constants.js';

const abis = Object.keys(ABIS) as Abi[];

/** Values that are the same everywhere: manual pages and RFC numbers. */
const COMMON: Record<string, bigint> = {
  AF_UNIX: 1n,
  AF_INET: 2n,
  AF_INET6: 10n,
  AF_NETLINK: 16n,
  AF_VSOCK: 40n,
  PF_PACKET: 17n,
  SOCK_STREAM: 1n,
  SOCK_CLOEXEC: 0o2000000n,
  SOL_SOCKET: 1n,
  SO_ATTACH_FILTER: 26n,
  IPPROTO_ICMPV6: 58n,
  CLONE_NEWUSER: 0x10000000n,
  CLONE_NEWNS: 0x20000n,
  PROT_EXEC: 4n,
  MAP_ANONYMOUS: 0x20n,
  MADV_DONTNEED: 4n,
  PR_SET_SECCOMP: 22n,
  PR_SET_NO_NEW_PRIVS: 38n,
  O_CREAT: 0o100n,
  AT_FDCWD: 0xffff_ff9cn,
  AT_EMPTY_PATH: 0x1000n,
  S_ISUID: 0o4000n,
  FUTEX_WAIT: 0n,
  SECCOMP_SET_MODE_FILTER: 1n,
  PTRACE_TRACEME: 0n,
  PTRACE_SEIZE: 0x4206n,
  KEYCTL_JOIN_SESSION_KEYRING: 1n,
  SIGKILL: 9n,
  RLIMIT_NOFILE: 7n,
  F_ADD_SEALS: 1033n,
  TIOCSTI: 0x5412n,
  TIOCLINUX: 0x541cn,
  TIOCSCTTY: 0x540en,
  SIOCETHTOOL: 0x8946n,
  BPF_PROG_LOAD: 5n,
  LOCK_EX: 2n,
  POSIX_FADV_DONTNEED: 4n,
  SCHED_FIFO: 1n,
  MS_REMOUNT: 32n,
  MNT_DETACH: 2n,
  UMOUNT_NOFOLLOW: 8n,
  SHM_EXEC: 0o100000n,
  IPC_PRIVATE: 0n,
  IPC_RMID: 0n,
  ADDR_NO_RANDOMIZE: 0x40000n,
  PER_LINUX32: 8n,
  MREMAP_FIXED: 2n,
  MFD_EXEC: 0x10n,
  EPOLL_CTL_ADD: 1n,
  EFD_NONBLOCK: 0o4000n,
  SFD_CLOEXEC: 0o2000000n,
  TFD_TIMER_ABSTIME: 1n,
  IN_CREATE: 0x100n,
  RENAME_EXCHANGE: 2n,
  GRND_RANDOM: 2n,
  LANDLOCK_RULE_PATH_BENEATH: 1n,
  USERFAULTFD_IOC_NEW: 0xaa00n,
};

test('constants that all machines share have the same value in every ABI', () => {
  for (const [name, value] of Object.entries(COMMON)) {
    assert.deepEqual(
      abis.map((abi) => constantValue(abi, name)),
      abis.map(() => value),
      name,
    );
  }
});

/** In the order of `abis`: x86-64, x32, x86, arm64, arm, riscv64. */
const DIFFERING: Record<string, readonly (bigint | undefined)[]> = {
  O_DIRECTORY: [0x10000n, 0x10000n, 0x10000n, 0x4000n, 0x4000n, 0x10000n],
  O_NOFOLLOW: [0x20000n, 0x20000n, 0x20000n, 0x8000n, 0x8000n, 0x20000n],
  MAP_32BIT: [0x40n, 0x40n, 0x40n, undefined, undefined, undefined],
  PROT_MTE: [undefined, undefined, undefined, 0x20n, undefined, undefined],
  ARCH_SET_FS: [0x1002n, 0x1002n, 0x1002n, undefined, undefined, undefined],
  F_SETLK64: [undefined, 13n, 13n, undefined, 13n, undefined],
  FS_IOC_SETFLAGS: [0x40086602n, 0x40046602n, 0x40046602n, 0x40086602n, 0x40046602n, 0x40086602n],
  RLIM_INFINITY: [
    2n ** 64n - 1n,
    2n ** 32n - 1n,
    2n ** 32n - 1n,
    2n ** 64n - 1n,
    2n ** 32n - 1n,
    2n ** 64n - 1n,
  ],
};

for (const [name, values] of Object.entries(DIFFERING)) {
  test(`${name} has the value of each ABI`, () => {
    const found = abis.map((abi) => constantValue(abi, name));
    assert.deepEqual(found, values);
  });
}

const NATIVE: Partial<Record<NodeJS.Architecture, Abi>> = {
  x64: 'x86-64',
  arm64: 'arm64',
  riscv64: 'riscv64',
};
const native = NATIVE[process.arch];

test("Node's constants of files and signals have Node's values", {
  skip: !native && 'another machine',
}, () => {
  const files = Object.entries(fileConstants).filter(([name]) => /^(O|S|F|R|W|X)_/.test(name));
  const node = [...files, ...Object.entries(systemConstants.signals)];
  assert.ok(node.length > 60);
  const found = node.map(([name]) => [name, Number(constantValue(native!, name))]);
  assert.deepEqual(found, node);
});

test('every constant has a value in some ABI, and none is wider than 64 bits', () => {
  const names = [...constantNames()];
  assert.ok(names.length > 2000);
  for (const name of names) {
    const values = abis.map((abi) => constantValue(abi, name)).filter((value) => value !== undefined);
    assert.ok(values.length > 0, name);
    for (const value of values) assert.equal(BigInt.asUintN(64, value), value, name);
  }
});

for (const name of [
  'constructor',
  '__proto__',
  'af_unix',
  'AF_UNIX ',
  'x86-64=0x1',
  '0x1',
  '-',
  '',
  'SIGRTMIN',
]) {
  test(`'${name}' is no constant`, () => {
    const found = abis.map((abi) => constantValue(abi, name));
    assert.deepEqual(
      found,
      abis.map(() => undefined),
    );
  });
}
