import assert from 'node:assert/strict';
import { test } from 'node:test';
import { equivalentCalls } from '../../src/policy/equivalent-calls.js';
import { ABIS, type Abi } from '../../src/seccomp/syscalls/abi.js';
import { bundledSets } from '../../src/seccomp/syscalls/sets.js';
import { policyFrom } from '../support/policy.js';

const IO_URING = 'io_uring does the same without the call';

/** What is said, and the column of the line at which it is. */
const CASES: readonly [lines: string, messages: readonly string[]][] = [
  ['deny = ["chroot"]', []],
  ['deny = ["execve", "execveat"]', []],
  ['deny = ["execve"]', ["9: 'execve' is refused, but 'execveat' does the same"]],
  ['deny = ["chroot", "execveat"]', ["19: 'execveat' is refused, but 'execve' does the same"]],
  ['deny = ["execve:log"]', []],
  ['deny = ["execve"]\naction = "log"', []],
  ['deny = ["execve", "execveat:log"]', ["9: 'execve' is refused, but 'execveat' does the same"]],
  [
    'deny = ["@known", "execveat:log", "open_tree_attr"]',
    ["9: 'execve' is refused, but 'execveat' does the same"],
  ],
  [
    'allow = ["@system-service"]\ndeny = ["execve"]',
    ["9: 'execve' is refused, but 'execveat' does the same"],
  ],
  ['allow = ["@default"]\ndeny = ["execve"]', []],
  ['deny = ["fork"]', ["9: 'fork' is refused, but 'vfork' and 'clone' and 'clone3' do the same"]],
  ['deny = ["clone3:ENOSYS"]', []],
  ['deny = ["clone3"]\naction = "ENOSYS"', []],
  ['deny = ["clone3"]', ["9: 'clone3' is refused, but 'fork' and 'vfork' and 'clone' do the same"]],
  ['deny = ["execve"]\naction = "ENOSYS"', ["9: 'execve' is refused, but 'execveat' does the same"]],
  ['deny = ["write"]', [`9: 'write' is refused, but ${IO_URING}`]],
  ['deny = ["chroot", "read", "write"]', [`19: 'read' is refused, but ${IO_URING}`]],
  ['deny = ["write", "io_uring_setup:ENOSYS"]', []],
  ['allow = ["read"]\ndeny = ["write"]', []],
  [
    'rules = [{ syscall = "clone", when = [{ arg = 0, eq = 1 }], action = "kill" }]',
    ["10: 'clone' is refused, but 'clone3' does the same"],
  ],
  [
    'deny = ["clone3:ENOSYS"]\nrules = [{ syscall = "clone", when = [{ arg = 0, eq = 1 }], action = "kill" }]',
    [],
  ],
  [
    'rules = [{ syscall = "execve", when = [{ arg = 0, eq = 1 }], action = "kill" },' +
      '{ syscall = "execveat", when = [{ arg = 1, eq = 1 }], action = "kill" }]',
    [],
  ],
  ['rules = [{ syscall = "clone", when = [{ arg = 0, eq = 1 }], action = "log" }]\naction = "log"', []],
  ['rules = [{ syscall = "execve", when = [{ arg = 0, ge = 0 }], action = "allow" }]', []],
  ['rules = [{ syscall = "execve", when = [{ arg = 0, ge = 0 }], action = "log" }]', []],
  [
    'deny = ["execve"]\nrules = [{ syscall = "execveat", when = [{ arg = 0, ge = 0 }], action = "log" }]',
    ["9: 'execve' is refused, but 'execveat' does the same"],
  ],
  [
    'rules = [{ syscall = "execve", when = [{ arg = 0, eq = 1 }], action = "log" }]',
    ["10: 'execve' is refused, but 'execveat' does the same"],
  ],
  [
    'rules = [{ syscall = "socket", when = [{ arg = 0, eq = 1 }], action = "allow" }]',
    [`10: 'socket' is refused, but ${IO_URING}`],
  ],
];

const found = (lines: string, abis: readonly Abi[]) => {
  const { syscalls, service } = policyFrom(`[syscalls]\n${lines}`);
  return equivalentCalls(syscalls!, service, bundledSets(), abis);
};
const columns = (lines: string, abis: readonly Abi[]) =>
  found(lines, abis).map(({ at, message }) => `${at!.column}: ${message}`);

for (const [lines, messages] of CASES) {
  test(`'${lines.replaceAll('\n', ', ')}' leaves ${messages.length} equivalent calls open`, () => {
    assert.deepEqual(columns(lines, Object.keys(ABIS) as Abi[]), messages);
    for (const { severity, code, hint } of found(lines, Object.keys(ABIS) as Abi[])) {
      assert.deepEqual([severity, code], ['warning', 'open-door']);
      assert.match(hint!, /^deny ['"]/);
    }
  });
}

const SIGNALLING =
  "'pidfd_send_signal' and 'rt_sigqueueinfo' and 'rt_tgsigqueueinfo' and 'tgkill' and 'tkill' do";

const onProtection = (call: string) =>
  `rules = [{ syscall = "${call}", when = [{ arg = 2, bits-set = "PROT_EXEC" }], action = "EPERM" }]`;

/** Calls that are open beside the one that is refused, on x86-64 alone, and where x86 is opened besides. */
const OTHER_NAMES: readonly [lines: string, native: string, withX86: string][] = [
  ['deny = ["uname"]', '', "'oldolduname' and 'olduname' do"],
  ['deny = ["olduname"]', '', "'oldolduname' and 'uname' do"],
  ['deny = ["umount2"]', '', "'umount' does"],
  ['deny = ["setuid"]', '', "'setuid32' does"],
  ['deny = ["setuid:ENOSYS"]', '', ''],
  ['deny = ["ppoll"]', '', "'ppoll_time64' does"],
  ['deny = ["stat"]', '', "'oldstat' and 'stat64' do"],
  ['deny = ["newfstatat"]', '', "'fstatat64' does"],
  ['deny = ["lseek"]', '', "'_llseek' does"],
  ['deny = ["select"]', '', "'_newselect' does"],
  ['deny = ["getdents"]', "'getdents64' does", "'getdents64' and 'readdir' do"],
  ['deny = ["@clock"]', '', "'stime' does"],
  ['deny = ["mprotect"]', "'pkey_mprotect' does", "'pkey_mprotect' does"],
  ['deny = ["@pkey"]', '', ''],
  ['deny = ["open", "openat", "openat2"]', "'creat' does", "'creat' does"],
  ['deny = ["creat", "open", "openat"]', "'openat2' does", "'openat2' does"],
  ['deny = ["chmod", "fchmod", "fchmodat"]', "'fchmodat2' does", "'fchmodat2' does"],
  ['deny = ["kill"]', SIGNALLING, SIGNALLING],
  ['deny = ["setxattr", "lsetxattr", "fsetxattr"]', "'setxattrat' does", "'setxattrat' does"],
  ['deny = ["getxattr", "lgetxattr", "fgetxattr"]', "'getxattrat' does", "'getxattrat' does"],
  ['deny = ["listxattr", "llistxattr", "flistxattr"]', "'listxattrat' does", "'listxattrat' does"],
  ['deny = ["removexattr", "lremovexattr", "fremovexattr"]', "'removexattrat' does", "'removexattrat' does"],
  ['deny = ["open_tree"]', "'open_tree_attr' does", "'open_tree_attr' does"],
  ['deny = ["mount_setattr"]', "'open_tree_attr' does", "'open_tree_attr' does"],
  ['deny = ["open_tree_attr"]', '', ''],
  ['deny = ["rt_sigaction"]', '', ''],
  ['deny = ["@obsolete"]', '', ''],
  ['allow = ["@default"]\ndeny = ["uname"]', '', ''],
  ['allow = ["@default"]\ndeny = ["futex"]', '', "'futex_time64' does"],
  [
    onProtection('mmap'),
    "'mprotect' and 'pkey_mprotect' and 'shmat' do",
    "'mmap2' and 'mprotect' and 'pkey_mprotect' and 'shmat' do",
  ],
  [`deny = ["shmat", "pkey_mprotect"]\n${onProtection('mprotect')}`, "'mmap' does", "'mmap' and 'mmap2' do"],
  [onProtection('mmap').replace('arg = 2', 'arg = 3'), '', "'mmap2' does"],
];

for (const [lines, native, withX86] of OTHER_NAMES) {
  test(`'${lines}' leaves other names of a call open on ABIs that have them`, () => {
    const open = (abis: readonly Abi[]) =>
      found(lines, abis)
        .filter(({ message }) => !/io_uring|personality/.test(message))
        .map(({ message }) => message.replace(/^'\w+' is refused, but (.*) the same$/, '$1'))
        .join();
    assert.deepEqual([open(['x86-64']), open(['x86-64', 'x86'])], [native, withX86]);
  });
}

test('an equivalent for memory stays open, with no further warning', () => {
  const [door] = found(onProtection('mmap'), ['x86']);
  assert.equal(
    door!.hint,
    "deny 'mmap2' and 'mprotect' and 'pkey_mprotect' and 'shmat' too, or write the same rule for each",
  );
});

test('without clone3, ENOSYS makes libraries use clone', () => {
  const rules = 'rules = [{ syscall = "clone", when = [{ arg = 0, eq = 1 }], action = "kill" }]';
  const hints = (lines: string) => found(lines, ['x86-64']).map(({ hint }) => hint);
  assert.deepEqual(hints(rules), ["deny 'clone3:ENOSYS' too"]);
  assert.deepEqual(hints('deny = ["fork", "vfork"]'), [
    "deny 'clone3:ENOSYS' too, and refuse 'clone' with a rule for calls without CLONE_THREAD: threads need it",
  ]);
});

const PERSONALITY = "'mmap' is refused, but 'personality' can make all readable memory executable";

test('memory is executable after personality, unless that is refused, too', () => {
  const said = (lines: string) =>
    found(lines, ['x86-64']).filter(({ message }) => message.includes('personality'));
  const [door, ...more] = said(onProtection('mmap'));
  assert.deepEqual([door!.message, more], [PERSONALITY, []]);
  assert.equal(door!.hint, "deny 'personality' too, or set LockPersonality = true in [service]");
  const rule = '{ syscall = "personality", when = [{ arg = 0, ne = 0 }], action = "EPERM" }';
  for (const shut of [
    `deny = ["personality"]\n${onProtection('mmap')}`,
    onProtection('mmap').replace('rules = [', `rules = [${rule}, `),
    `${onProtection('mmap')}\n[service]\nLockPersonality = true`,
    `${onProtection('mmap')}\n[service]\nLockPersonality = "on"`,
    `action = "log"\n${onProtection('mmap').replace('EPERM', 'log')}`,
    onProtection('mmap').replace('arg = 2', 'arg = 3'),
  ]) {
    assert.deepEqual(said(shut), [], shut);
  }
  assert.equal(said(`${onProtection('mmap')}\n[service]\nLockPersonality = false`).length, 1);
});

test('io_uring does with files, sockets, pipes and waiting whatever the calls do', () => {
  const calls =
    'setsockopt getsockopt pipe pipe2 pread64 pwrite64 preadv preadv2 pwritev pwritev2 unlink rename mkdir symlink ' +
    'link epoll_ctl epoll_wait waitid futex close fsync fdatasync sync_file_range madvise fadvise64 sendmmsg';
  for (const call of calls.split(' ')) {
    const messages = found(`deny = ["${call}"]`, ['x86-64']).map(({ message }) => message);
    assert.ok(messages.includes(`'${call}' is refused, but ${IO_URING}`), call);
  }
  assert.deepEqual(found('deny = ["swapon"]', ['x86-64']), []);
});
