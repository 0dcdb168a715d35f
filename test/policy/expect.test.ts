import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkExpectations, checkReadyExpectations, type ResolvedFilter } from '../../src/policy/expect.js';
import { MACHINES, type Machine } from '../../src/seccomp/syscalls/abi.js';
import { withOwnSets } from '../../src/seccomp/syscalls/own-sets.js';
import { readyCalls } from '../../src/seccomp/syscalls/ready.js';
import { resolve, resolveCalls } from '../../src/seccomp/syscalls/resolve.js';
import type { SyscallsSection } from '../../src/seccomp/syscalls/section.js';
import { bundledSets } from '../../src/seccomp/syscalls/sets.js';
import { policyFrom } from '../support/policy.js';

const LISTS = `
[syscalls]
deny = ["execve:EACCES", "uname"]
log = ["keyctl"]
architectures = ["native", "x86", "arm"]
[[syscalls.rules]]
syscall = "socket"
when = [{ arg = 0, eq = "AF_PACKET" }]
action = "EPERM"
[[syscalls.rules]]
syscall = "lseek"
when = [{ arg = 1, gt = "0xffffffff", width = 64 }]
action = "EINVAL"
[[syscalls.rules]]
syscall = "fallocate"
when = [{ arg = 3, gt = "0x100000", width = 64 }]
action = "EFBIG"
[[syscalls.rules]]
syscall = "pread64"
when = [{ arg = 3, ge = "0x100000000", width = 64 }]
action = "EINVAL"
[[syscalls.rules]]
syscall = "mmap"
when = [{ arg = 2, bits-set = "PROT_WRITE|PROT_EXEC" }]
action = "EPERM"
[[expect]]
`;

const messages = (expectation: string, machine: Machine = 'x86-64') => {
  const policy = policyFrom(LISTS + expectation);
  return checkExpectations(policy, meaningOf(policy.syscalls!, [machine])).map(
    ({ code, message }) => `${code}: ${message}`,
  );
};

function meaningOf(
  section: SyscallsSection,
  machines: readonly Machine[],
  sets = bundledSets(),
): ResolvedFilter {
  const named = resolveCalls(section, sets);
  return { section, sets, named, machines: machines.map((machine) => resolve(named, machine)) };
}

/** What each machine says: nothing where it holds, or does not concern the machine. */
const CASES: readonly [expectation: string, byMachine: Partial<Record<Machine, string>>][] = [
  ['syscall = "execve"\naction = "EACCES"', {}],
  ['syscall = "execve"\naction = 13', {}],
  ['syscall = "uname"\naction = "kill"', {}],
  ['syscall = "read"\naction = "allow"', {}],
  ['syscall = "keyctl"\naction = "log"', {}],
  [
    'syscall = "keyctl"\naction = "allow"',
    {
      'x86-64': "keyctl on x86-64 gets 'log', not 'allow'",
      arm64: "keyctl on arm64 gets 'log', not 'allow'",
      riscv64: "keyctl on riscv64 gets 'log', not 'allow'",
    },
  ],
  ['syscall = "socket"\nargs = ["AF_PACKET"]\naction = "EPERM"', {}],
  ['syscall = "socket"\nargs = ["AF_INET", 1, 0, 0, 0, 0]\naction = "allow"', {}],
  ['syscall = "socket"\naction = "allow"', {}],
  ['syscall = "lseek"\nargs = [0, "0x100000000"]\naction = "EINVAL"', {}],
  ['syscall = "lseek"\nargs = [0, -1]\naction = "EINVAL"', {}],
  [
    'syscall = "open"\naction = "kill"',
    {
      'x86-64': "open on x86-64 gets 'allow', not 'kill'",
      arm64: "there is no call 'open' on arm64",
      riscv64: "there is no call 'open' on riscv64",
    },
  ],
  // Of another machine's ABI nothing is said.
  ['syscall = "send"\narchitecture = "arm"\naction = "allow"', {}],
  ['syscall = "uname"\narchitecture = "native"\naction = "kill"', {}],
  ['syscall = "uname"\narchitecture = "x86"\naction = "kill"', {}],
  ['syscall = "read"\narchitecture = "x86"\naction = "allow"', {}],
  ['syscall = "socketcall"\nargs = [1]\narchitecture = "x86"\naction = "EPERM"', {}],
  ['syscall = "socketcall"\nargs = [2]\narchitecture = "x86"\naction = "allow"', {}],
  // An offset is extended by its sign.
  ['syscall = "lseek"\nargs = [0, -1]\narchitecture = "x86"\naction = "EINVAL"', {}],
  ['syscall = "lseek"\nargs = [0, "0x7fffffff"]\narchitecture = "x86"\naction = "allow"', {}],
  // A 64-bit argument is where each ABI has it.
  ['syscall = "fallocate"\nargs = [3, 0, 0, "0x800000"]\narchitecture = "x86"\naction = "EFBIG"', {}],
  ['syscall = "fallocate"\nargs = [3, 0, 0, "0x100000000"]\narchitecture = "x86"\naction = "EFBIG"', {}],
  ['syscall = "fallocate"\nargs = [3, 0, "0x800000", 1]\narchitecture = "x86"\naction = "allow"', {}],
  ['syscall = "pread64"\nargs = [3, 0, 1, "0x100000000"]\narchitecture = "x86"\naction = "EINVAL"', {}],
  ['syscall = "pread64"\nargs = [3, 0, 1, "0xffffffff"]\narchitecture = "x86"\naction = "allow"', {}],
  ['syscall = "pread64"\nargs = [3, 0, 1, "0x100000000"]\narchitecture = "arm"\naction = "EINVAL"', {}],
  ['syscall = "pread64"\nargs = [3, 0, 1, "0xffffffff"]\narchitecture = "arm"\naction = "allow"', {}],
  ['syscall = "mmap"\nargs = [0, 0, "PROT_READ"]\naction = "allow"', {}],
  ['syscall = "mmap"\nargs = [0, 0, "PROT_WRITE|PROT_EXEC"]\narchitecture = "x86"\naction = "EPERM"', {}],
  [
    'syscall = "mmap"\nargs = [0, 0, "PROT_READ"]\narchitecture = "x86"\naction = "allow"',
    { 'x86-64': "mmap on x86 gets 'EPERM', not 'allow'" },
  ],
  // x32 isn't opened, arm is.
  ['syscall = "read"\narchitecture = "x32"\naction = "kill"', {}],
  [
    'syscall = "read"\narchitecture = "x32"\naction = "allow"',
    { 'x86-64': "read on x32 gets 'kill', not 'allow'" },
  ],
  [
    'syscall = "read"\narchitecture = "arm"\naction = "kill"',
    { arm64: "read on arm gets 'allow', not 'kill'" },
  ],
  ['syscall = "read"\narchitecture = "x86-64"\naction = "allow"', {}],
  [
    'syscall = "read"\narchitecture = "riscv64"\naction = "kill"',
    { riscv64: "read on riscv64 gets 'allow', not 'kill'" },
  ],
];

for (const [expectation, byMachine] of CASES) {
  for (const machine of ['x86-64', 'arm64', 'riscv64'] as const) {
    const says = byMachine[machine];
    test(`on ${machine} '${expectation.replaceAll('\n', ', ')}' ${says ? 'fails' : 'is met'}`, () => {
      assert.deepEqual(messages(expectation, machine), says ? [`expectation-failed: ${says}`] : []);
    });
  }
}

test('an expectation on a call is for the machines that have it, if any', () => {
  const policy = (call: string) =>
    policyFrom(`[syscalls]\ndeny = ["uname"]\n[[expect]]\n${call}\naction = "allow"`);
  const found = (call: string) =>
    checkExpectations(policy(call), meaningOf(policy(call).syscalls!, MACHINES)).map(({ message, hint }) => [
      message,
      hint,
    ]);
  assert.deepEqual(found('syscall = "open"'), []);
  assert.deepEqual(found('syscall = "send"'), [
    ["there is no call 'send' on x86-64, arm64, riscv64", "did you mean 'sendto'?"],
  ]);
});

const BOTH = `[syscalls]
deny = ["mount:EACCES", "@clock:ENOSYS"]
[[syscalls.rules]]
syscall = "socket"
when = [{ arg = 0, eq = "AF_PACKET" }]
action = "EACCES"
[ready]
deny = ["mount", "execve", "adjtimex:kill"]
[[ready.rules]]
syscall = "socket"
when = [{ arg = 0, eq = "AF_NETLINK" }]
action = "EPERM"
`;

/** What is said of an expectation of a service that serves, and the hint. */
function whileServing(lists: string, expectation: string): string[] {
  const policy = policyFrom(`${lists}[[expect]]\nphase = "ready"\n${expectation}`);
  const { syscalls, ready } = policy;
  const sets = withOwnSets(bundledSets());
  const before = syscalls && meaningOf(syscalls, ['x86-64']);
  const serving = meaningOf(readyCalls(ready!), ['x86-64'], sets);
  assert.deepEqual(before ? checkExpectations(policy, before) : [], []);
  const found = checkReadyExpectations(policy, before, serving);
  return found.map(({ message, hint }) => `${message}; ${hint}`);
}

test('after readiness both tables answer, the stricter one first, and the newer filter of two alike', () => {
  const HOLD = [
    'syscall = "execve"\naction = "EPERM"',
    'syscall = "mount"\naction = "EPERM"',
    'syscall = "adjtimex"\naction = "kill"',
    'syscall = "clock_settime"\naction = "ENOSYS"',
    'syscall = "socket"\nargs = ["AF_PACKET"]\naction = "EACCES"',
    'syscall = "socket"\nargs = ["AF_NETLINK"]\naction = "EPERM"',
    'syscall = "socket"\nargs = ["AF_INET"]\naction = "allow"',
    'syscall = "read"\naction = "allow"',
  ];
  for (const expectation of HOLD) assert.deepEqual(whileServing(BOTH, expectation), [], expectation);
});

test('a failed expectation after readiness has the line that decides, of either table', () => {
  const failing = (call: string) => whileServing(BOTH, `syscall = "${call}"\naction = "allow"`);
  assert.deepEqual(failing('execve'), [
    "execve on x86-64 gets 'EPERM' once it serves, not 'allow'; it comes from 'deny': line 8",
  ]);
  assert.deepEqual(failing('clock_settime'), [
    "clock_settime on x86-64 gets 'ENOSYS' once it serves, not 'allow'; it comes from 'deny': line 2",
  ]);
  assert.deepEqual(whileServing('[ready]\nallow = ["accept4"]\n', 'syscall = "bind"\naction = "allow"'), [
    "bind on x86-64 gets 'EPERM' once it serves, not 'allow'; 'allow' of [ready] doesn't name it",
  ]);
});

test('an expectation of the start ignores [ready]', () => {
  const policy = policyFrom(
    `${BOTH}[[expect]]\nsyscall = "execve"\naction = "allow"\n[[expect]]\nsyscall = "execve"\nphase = "start"\naction = "kill"`,
  );
  const found = checkExpectations(policy, meaningOf(policy.syscalls!, ['x86-64'])).map(({ at }) => at?.line);
  assert.deepEqual(found, [17]);
});
