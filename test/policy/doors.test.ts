import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openDoors } from '../../src/policy/doors.js';
import { ABIS, type Abi } from '../../src/syscalls/abi.js';
import { bundledSets } from '../../src/syscalls/sets.js';
import { syscallsFrom } from '../support/policy.js';

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
  ['deny = ["@known", "execveat:log"]', ["9: 'execve' is refused, but 'execveat' does the same"]],
  [
    'allow = ["@system-service"]\ndeny = ["execve"]',
    ["9: 'execve' is refused, but 'execveat' does the same"],
  ],
  ['allow = ["@default"]\ndeny = ["execve"]', []],
  ['deny = ["fork"]', ["9: 'fork' is refused, but 'vfork' and 'clone' and 'clone3' do the same"]],
  ['deny = ["clone3:ENOSYS"]', []],
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
  [
    'rules = [{ syscall = "socket", when = [{ arg = 0, eq = 1 }], action = "allow" }]',
    [`10: 'socket' is refused, but ${IO_URING}`],
  ],
];

const found = (lines: string, abis: readonly Abi[]) => openDoors(syscallsFrom(lines), bundledSets(), abis);
const columns = (lines: string, abis: readonly Abi[]) =>
  found(lines, abis).map(({ at, message }) => `${at!.column}: ${message}`);

for (const [lines, messages] of CASES) {
  test(`'${lines.replaceAll('\n', ', ')}' leaves ${messages.length} doors open`, () => {
    assert.deepEqual(columns(lines, Object.keys(ABIS) as Abi[]), messages);
    for (const { severity, code, hint } of found(lines, Object.keys(ABIS) as Abi[])) {
      assert.deepEqual([severity, code], ['warning', 'open-door']);
      assert.match(hint!, /^deny ['"]/);
    }
  });
}

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
  ['deny = ["mprotect"]', '', ''],
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
  test(`'${lines}' leaves other names of a call open where an ABI has them`, () => {
    const open = (abis: readonly Abi[]) =>
      found(lines, abis)
        .filter(({ message }) => !message.includes('io_uring'))
        .map(({ message }) => message.replace(/^'\w+' is refused, but (.*) the same$/, '$1'))
        .join();
    assert.deepEqual([open(['x86-64']), open(['x86-64', 'x86'])], [native, withX86]);
  });
}

test('an open door to memory is not to be shut for good', () => {
  const [door] = found(onProtection('mmap'), ['x86']);
  assert.equal(
    door!.hint,
    "deny 'mmap2' and 'mprotect' and 'pkey_mprotect' and 'shmat' too, or write such a rule for each",
  );
});
