/** Tests of seccomp/syscalls/resolve.ts and seccomp/syscalls/named-policy.ts: the meaning of a policy for calls, by name and by number. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ownLimits } from '../../../src/plan/calls/own-limits.js';
import { COMPARISONS } from '../../../src/policy/schema.js';
import {
  ABIS,
  type Abi,
  abisOf,
  kernelNumber,
  MACHINES,
  type Machine,
} from '../../../src/seccomp/syscalls/abi.js';
import {
  type Action,
  ALLOW,
  errnoAction,
  KILL,
  LOG,
  permits,
  stricter,
} from '../../../src/seccomp/syscalls/action.js';
import { formatAction } from '../../../src/seccomp/syscalls/action-text.js';
import { MULTIPLEXED } from '../../../src/seccomp/syscalls/multiplex.js';
import { mayPass, type NamedPolicy } from '../../../src/seccomp/syscalls/named-policy.js';
import { numbersOf } from '../../../src/seccomp/syscalls/numbers.js';
import { evaluate, type SyscallPolicy } from '../../../src/seccomp/syscalls/policy.js';
import {
  callsOf,
  limitBy,
  refusal,
  resolve,
  resolveCalls,
  verdictOn,
} from '../../../src/seccomp/syscalls/resolve.js';
import type { CallEntry, SyscallsSection } from '../../../src/seccomp/syscalls/section.js';
import { bundledSets, expandSet } from '../../../src/seccomp/syscalls/sets.js';
import { CALLS, ownFilterLines, section, unitWith } from '../../support/named-policies.js';
import { value } from '../../support/policies.js';
import { syscallsFrom } from '../../support/policy.js';
import { inputs } from '../../support/thorough.js';

const SETS = bundledSets();

interface Asked {
  readonly abi?: Abi;
  readonly args?: readonly bigint[];
}

/** The answer to a call by its name. */
function answer(policy: SyscallPolicy, call: string, { abi, args = [] }: Asked = {}): string {
  const convention = abi ?? abisOf(policy.machine)[0]!;
  const nr = numbersOf(convention).get(call);
  assert.notEqual(nr, undefined, `${convention} has no ${call}`);
  return formatAction(evaluateNumber(policy, convention, nr!, args));
}

const evaluateNumber = (policy: SyscallPolicy, abi: Abi, nr: number, args: readonly bigint[] = []) =>
  evaluate(policy, {
    arch: ABIS[abi].arch,
    nr: kernelNumber(abi, nr),
    args: [...args, 0n, 0n, 0n, 0n, 0n, 0n].slice(0, 6),
  });

const resolved = (lines: string, own = '', machine: Machine = 'x86-64', systemd = 257) =>
  resolve(resolveCalls(syscallsFrom(lines), SETS, ownLimits(unitWith(own), SETS, systemd)), machine);

/** A number that no table has. */
const NOBODYS = 1000;

interface Case {
  readonly says: string;
  readonly lines: string;
  /** By call, or by call and arguments in parentheses. */
  readonly answers: Readonly<Record<string, string>>;
  /** For numbers that no table knows. */
  readonly unlisted: string;
}

const CASES: readonly Case[] = [
  {
    says: 'an empty section allows everything',
    lines: '',
    answers: { read: 'allow', execve: 'allow', mount: 'allow' },
    unlisted: 'allow',
  },
  {
    says: 'a deny list kills for what it names and allows the rest',
    lines: 'deny = ["uname", "@mount"]',
    answers: { uname: 'kill', mount: 'kill', umount2: 'kill', read: 'allow', reboot: 'allow' },
    unlisted: 'allow',
  },
  {
    says: 'refused calls get the action of the policy',
    lines: 'deny = ["uname"]\naction = "ENETDOWN"',
    answers: { uname: 'ENETDOWN', read: 'allow' },
    unlisted: 'allow',
  },
  {
    says: 'an entry has its own action',
    lines: 'deny = ["uname:EPERM", "mount", "ptrace:kill", "@swap:200", "bpf:log"]\naction = "EACCES"',
    answers: { uname: 'EPERM', mount: 'EACCES', ptrace: 'kill', swapon: '200', bpf: 'log' },
    unlisted: 'allow',
  },
  {
    says: 'an own name wins over a set before or behind it',
    lines: 'deny = ["mount:EPERM", "@mount:EACCES", "umount2:ENOSYS"]',
    answers: { mount: 'EPERM', umount2: 'ENOSYS', pivot_root: 'EACCES' },
    unlisted: 'allow',
  },
  {
    says: 'of two sets, and of two names, the later wins',
    lines: 'deny = ["@privileged:EPERM", "@mount:EACCES", "uname:EPERM", "uname:EIO"]',
    answers: { mount: 'EACCES', reboot: 'EPERM', uname: 'EIO' },
    unlisted: 'allow',
  },
  {
    says: 'a set that comes again counts at its last place',
    lines: 'deny = ["@mount:EPERM", "@privileged:EIO", "@mount:EACCES"]',
    answers: { mount: 'EACCES', reboot: 'EIO' },
    unlisted: 'allow',
  },
  {
    says: 'an allow list refuses what it omits, and has @default in it',
    lines: 'allow = ["write"]',
    answers: { write: 'allow', read: 'kill', execve: 'allow', brk: 'allow', mount: 'kill' },
    unlisted: 'ENOSYS',
  },
  {
    says: 'without implicit an allow list has what it names, and no more',
    lines: 'allow = ["write"]\nimplicit = false',
    answers: { write: 'allow', execve: 'kill', brk: 'kill', exit_group: 'kill' },
    unlisted: 'ENOSYS',
  },
  {
    says: 'implicit = true is the default',
    lines: 'allow = []\nimplicit = true',
    answers: { brk: 'allow', read: 'kill' },
    unlisted: 'ENOSYS',
  },
  {
    says: 'deny wins over allow',
    lines: 'allow = ["@system-service", "mount"]\ndeny = ["@mount", "read:EPERM"]',
    answers: { mount: 'kill', read: 'EPERM', write: 'allow' },
    unlisted: 'ENOSYS',
  },
  {
    says: 'deny of a set wins over the same name in allow',
    lines: 'allow = ["mount"]\ndeny = ["@mount"]',
    answers: { mount: 'kill' },
    unlisted: 'ENOSYS',
  },
  {
    says: 'log wins over allow, and lets through what an allow list omits',
    lines: 'allow = ["read"]\nlog = ["read", "keyctl", "@swap"]',
    answers: { read: 'log', keyctl: 'log', swapon: 'log', write: 'kill' },
    unlisted: 'ENOSYS',
  },
  {
    says: 'deny wins over log',
    lines: 'deny = ["keyctl"]\nlog = ["@keyring"]',
    answers: { keyctl: 'kill', add_key: 'log', read: 'allow' },
    unlisted: 'allow',
  },
  {
    says: 'numbers that no table knows get what unknown says',
    lines: 'allow = ["read"]\nunknown = "kill"',
    answers: { read: 'allow', write: 'kill' },
    unlisted: 'kill',
  },
  {
    says: 'unknown may be logged while known calls are refused',
    lines: 'allow = ["read"]\nunknown = "log"',
    answers: { write: 'kill' },
    unlisted: 'log',
  },
  {
    says: 'a policy that only logs refuses nothing that the list omits',
    lines: 'allow = ["read"]\naction = "log"',
    answers: { read: 'allow', write: 'log', mount: 'log', execve: 'allow' },
    unlisted: 'log',
  },
  {
    says: 'a policy that only logs still refuses where an entry or a rule says so',
    lines:
      'allow = ["read"]\naction = "log"\ndeny = ["ptrace:kill", "bpf"]\nunknown = "EPERM"\n' +
      'rules = [{ syscall = "socket", when = [{ arg = 0, eq = 17 }], action = "EACCES" }]',
    answers: { ptrace: 'kill', bpf: 'log', 'socket(17)': 'EACCES', 'socket(2)': 'log' },
    unlisted: 'EPERM',
  },
  {
    says: 'a rule comes before the lists',
    lines:
      'deny = ["uname"]\nrules = [\n' +
      '{ syscall = "uname", when = [{ arg = 0, eq = 1 }], action = "allow" },\n' +
      '{ syscall = "read", when = [{ arg = 0, eq = 1 }], action = "EPERM" }]',
    answers: { 'uname(1)': 'allow', 'uname(2)': 'kill', 'read(1)': 'EPERM', 'read(2)': 'allow' },
    unlisted: 'allow',
  },
  {
    says: 'of several rules the first that holds decides',
    lines:
      'rules = [\n{ syscall = "read", when = [{ arg = 0, ge = 5 }], action = "EPERM" },\n' +
      '{ syscall = "read", when = [{ arg = 0, ge = 3 }], action = "EIO" }]',
    answers: { 'read(6)': 'EPERM', 'read(4)': 'EIO', 'read(2)': 'allow' },
    unlisted: 'allow',
  },
  {
    says: 'all conditions of a rule must hold',
    lines:
      'rules = [{ syscall = "read", when = [{ arg = 0, eq = 1 }, { arg = 1, eq = 2 }], action = "EPERM" }]',
    answers: { 'read(1, 2)': 'EPERM', 'read(1, 3)': 'allow', 'read(2, 2)': 'allow' },
    unlisted: 'allow',
  },
  {
    says: 'a call with a rule that lets it through is refused where none holds',
    lines: 'rules = [{ syscall = "socket", when = [{ arg = 0, in = [1, 2] }], action = "allow" }]',
    answers: { 'socket(1)': 'allow', 'socket(2)': 'allow', 'socket(17)': 'kill', connect: 'allow' },
    unlisted: 'allow',
  },
  {
    says: 'such a call is refused although a list allows it, and allowed although no list does',
    lines:
      'allow = ["socket"]\naction = "EPERM"\nrules = [\n' +
      '{ syscall = "socket", when = [{ arg = 0, eq = 1 }], action = "allow" },\n' +
      '{ syscall = "ioctl", when = [{ arg = 1, eq = 2 }], action = "log" }]',
    answers: {
      'socket(1)': 'allow',
      'socket(2)': 'EPERM',
      'ioctl(0, 2)': 'log',
      'ioctl(0, 3)': 'EPERM',
    },
    unlisted: 'ENOSYS',
  },
  {
    says: 'a denied call with such a rule gets the action of its entry where none holds',
    lines:
      'deny = ["socket:EACCES"]\nrules = [{ syscall = "socket", when = [{ arg = 0, eq = 1 }], action = "allow" }]',
    answers: { 'socket(1)': 'allow', 'socket(2)': 'EACCES' },
    unlisted: 'allow',
  },
  {
    says: 'a call with rules that only refuse falls to the lists where none holds',
    lines:
      'allow = ["read"]\nlog = ["write"]\nrules = [\n' +
      '{ syscall = "read", when = [{ arg = 0, eq = 1 }], action = "EPERM" },\n' +
      '{ syscall = "write", when = [{ arg = 0, eq = 1 }], action = "EPERM" },\n' +
      '{ syscall = "mount", when = [{ arg = 0, eq = 1 }], action = "EPERM" }]',
    answers: {
      'read(1)': 'EPERM',
      'read(2)': 'allow',
      'write(2)': 'log',
      'mount(1)': 'EPERM',
      'mount(2)': 'kill',
    },
    unlisted: 'ENOSYS',
  },
];

for (const { says, lines, answers, unlisted } of CASES) {
  test(says, () => {
    const policy = resolved(lines);
    const got = Object.keys(answers).map((asked) => {
      const [, call = '', list = ''] = /^(\w+)(?:\((.*)\))?$/.exec(asked) ?? [];
      const args = list === '' ? [] : list.split(',').map((arg) => BigInt(arg.trim()));
      return [asked, answer(policy, call, { args })];
    });
    assert.deepEqual(Object.fromEntries(got), answers);
    assert.equal(formatAction(evaluateNumber(policy, 'x86-64', NOBODYS)), unlisted);
  });
}

/** What a unit has, what the policy says, and what comes of both. */
const COMPOSED: readonly {
  readonly says: string;
  readonly own: string;
  readonly lines: string;
  readonly answers: Readonly<Record<string, string>>;
  readonly unlisted: string;
  readonly systemd?: number;
}[] = [
  {
    says: 'two deny lists: what either refuses',
    own: 'SystemCallFilter=~mount uname',
    lines: 'deny = ["uname:EPERM", "ptrace"]',
    answers: { mount: 'kill', uname: 'kill', ptrace: 'kill', read: 'allow' },
    unlisted: 'allow',
  },
  {
    says: 'two allow lists: what both allow',
    own: 'SystemCallFilter=read mount\nSystemCallErrorNumber=EPERM',
    lines: 'allow = ["read", "chdir"]\naction = "EACCES"',
    answers: { read: 'allow', chdir: 'EPERM', mount: 'EACCES', ptrace: 'EACCES', brk: 'allow' },
    unlisted: 'ENOSYS',
  },
  {
    says: "the unit's allow list, the policy's deny list",
    own: 'SystemCallFilter=read write\nSystemCallErrorNumber=EPERM',
    lines: 'deny = ["read"]',
    answers: { read: 'kill', write: 'allow', mount: 'EPERM' },
    unlisted: 'ENOSYS',
  },
  {
    says: "the unit's deny list, the policy's allow list",
    own: 'SystemCallFilter=~read\nSystemCallErrorNumber=EPERM',
    lines: 'allow = ["read", "write"]',
    answers: { read: 'EPERM', write: 'allow', mount: 'kill' },
    unlisted: 'ENOSYS',
  },
  {
    says: 'kill is stricter than an errno, whoever says it',
    own: 'SystemCallFilter=~uname mount:kill ptrace:EPERM\nSystemCallErrorNumber=EIO',
    lines: 'deny = ["uname:kill", "mount:EPERM", "ptrace:EACCES"]',
    answers: { uname: 'kill', mount: 'kill', ptrace: 'EACCES' },
    unlisted: 'allow',
  },
  {
    says: "of two errnos the policy's is seen, as the kernel takes that of the newer filter",
    own: 'SystemCallFilter=~uname:EPERM',
    lines: 'deny = ["uname:EIO"]',
    answers: { uname: 'EIO' },
    unlisted: 'allow',
  },
  {
    says: 'what the unit refuses no rule allows',
    own: 'SystemCallFilter=~socket\nSystemCallErrorNumber=EPERM',
    lines:
      'rules = [{ syscall = "socket", when = [{ arg = 0, eq = 1 }], action = "allow" },' +
      '{ syscall = "socket", when = [{ arg = 0, eq = 2 }], action = "kill" }]',
    answers: { 'socket(1)': 'EPERM', 'socket(2)': 'kill', 'socket(3)': 'kill' },
    unlisted: 'allow',
  },
  {
    says: 'what the unit refuses no log list allows, nor a policy that only logs',
    own: 'SystemCallFilter=~uname mount',
    lines: 'allow = []\nlog = ["uname"]\naction = "log"',
    answers: { uname: 'kill', mount: 'kill', read: 'log' },
    unlisted: 'log',
  },
  {
    says: "unknown numbers: the unit's allow list on an older systemd gives them its own refusal",
    own: 'SystemCallFilter=read\nSystemCallErrorNumber=EPERM',
    lines: 'deny = ["uname"]',
    answers: { uname: 'kill', mount: 'EPERM' },
    unlisted: 'EPERM',
    systemd: 252,
  },
  {
    says: 'unknown numbers: the stricter of both',
    own: 'SystemCallFilter=read',
    lines: 'allow = ["read"]\nunknown = "kill"',
    answers: { read: 'allow' },
    unlisted: 'kill',
  },
  {
    says: 'a unit without a filter limits nothing',
    own: 'SystemCallErrorNumber=EPERM\nNoNewPrivileges=yes',
    lines: 'deny = ["uname"]',
    answers: { uname: 'kill', read: 'allow' },
    unlisted: 'allow',
  },
  {
    says: 'errno 0, with which a call seems to succeed, is a refusal as well',
    own: 'SystemCallFilter=~fsync:0 uname:0',
    lines: 'deny = ["uname:EPERM"]',
    answers: { fsync: '0', uname: 'EPERM' },
    unlisted: 'allow',
  },
];

for (const { says, own, lines, answers, unlisted, systemd } of COMPOSED) {
  test(`composed: ${says}`, () => {
    const policy = resolved(lines, own, 'x86-64', systemd);
    const got = Object.keys(answers).map((asked) => {
      const [, call = '', arg] = /^(\w+)(?:\((.*)\))?$/.exec(asked) ?? [];
      return [asked, answer(policy, call, { args: arg === undefined ? [] : [BigInt(arg)] })];
    });
    assert.deepEqual(Object.fromEntries(got), answers);
    assert.equal(formatAction(evaluateNumber(policy, 'x86-64', NOBODYS)), unlisted);
  });
}

test('only the native ABI is open unless the policy names others', () => {
  const abis = (lines: string, own = '', machine: Machine = 'x86-64') => [
    ...resolved(lines, own, machine).abis.keys(),
  ];
  assert.deepEqual(abis(''), ['x86-64']);
  assert.deepEqual(abis('architectures = ["native"]'), ['x86-64']);
  assert.deepEqual(abis('architectures = ["x86"]'), ['x86-64', 'x86']);
  assert.deepEqual(abis('architectures = ["x32", "x86", "arm"]'), ['x86-64', 'x32', 'x86']);
  assert.deepEqual(abis('architectures = ["x32", "x86", "arm"]', '', 'arm64'), ['arm64', 'arm']);
  assert.deepEqual(abis('architectures = ["x32", "x86", "arm"]', '', 'riscv64'), ['riscv64']);
});

test('an ABI that the unit closes stays closed', () => {
  const abis = (own: string) => [...resolved('architectures = ["x86", "x32"]', own).abis.keys()];
  assert.deepEqual(abis(''), ['x86-64', 'x32', 'x86']);
  assert.deepEqual(abis('SystemCallArchitectures=native'), ['x86-64']);
  assert.deepEqual(abis('SystemCallArchitectures=native x86'), ['x86-64', 'x86']);
  assert.deepEqual(abis('SystemCallArchitectures=x86\nSystemCallArchitectures='), ['x86-64', 'x32', 'x86']);
});

test('a closed ABI is killed, an opened one has the same policy by its own numbers', () => {
  const closed = resolved('deny = ["uname:EPERM"]');
  const open = resolved('deny = ["uname:EPERM"]\narchitectures = ["x86", "x32"]');
  for (const abi of ['x86', 'x32'] as const) {
    assert.equal(answer(closed, 'read', { abi }), 'kill');
    assert.equal(answer(closed, 'uname', { abi }), 'kill');
    assert.equal(answer(open, 'read', { abi }), 'allow');
    assert.equal(answer(open, 'uname', { abi }), 'EPERM');
  }
});

test("x32's numbers of x86-64 calls reach nothing, whatever the policy says", () => {
  const policy = resolved('architectures = ["x32"]\nrules = []');
  const native = numbersOf('x86-64');
  const x32 = new Set(numbersOf('x32').values());
  const only = [...native].filter(([, nr]) => !x32.has(nr));
  assert.ok(only.length > 20);
  for (const [call, nr] of only) {
    assert.equal(formatAction(evaluateNumber(policy, 'x32', nr)), 'ENOSYS', call);
  }
});

/** socketcall(SYS_SOCKET = 1), (SYS_CONNECT = 3), (SYS_SEND = 9) and a number that it doesn't know; ipc(SEMOP = 1). */
const DOORS: readonly [says: string, lines: string, answers: Readonly<Record<string, string>>][] = [
  [
    'a policy that denies nothing of them',
    'deny = ["uname"]',
    { 'socketcall(1)': 'allow', 'ipc(1)': 'allow' },
  ],
  [
    'a denied call',
    'deny = ["socket:EPERM"]',
    { 'socketcall(1)': 'EPERM', 'socketcall(3)': 'allow', 'socketcall(99)': 'allow' },
  ],
  [
    'a rule that refuses some arguments',
    'rules = [{ syscall = "socket", when = [{ arg = 0, eq = 17 }], action = "EPERM" }]',
    { 'socketcall(1)': 'EPERM', 'socketcall(3)': 'allow' },
  ],
  [
    'a rule that allows some arguments',
    'action = "EACCES"\nrules = [{ syscall = "socket", when = [{ arg = 0, eq = 1 }], action = "allow" }]',
    { 'socketcall(1)': 'EACCES', 'socketcall(3)': 'allow' },
  ],
  [
    'of several refusals the strictest',
    'deny = ["socket:EPERM"]\nrules = [{ syscall = "socket", when = [{ arg = 0, eq = 1 }], action = "kill" }]',
    { 'socketcall(1)': 'kill' },
  ],
  ['a logged call', 'log = ["socket"]', { 'socketcall(1)': 'log', 'socketcall(3)': 'allow' }],
  [
    'an allow list that has the calls and not the door',
    'allow = ["socket", "connect"]',
    { 'socketcall(1)': 'kill', 'socketcall(3)': 'kill' },
  ],
  [
    'an allow list that has the door and not the calls',
    'allow = ["socketcall", "socket"]\naction = "EPERM"',
    { 'socketcall(1)': 'allow', 'socketcall(3)': 'EPERM', 'socketcall(99)': 'allow' },
  ],
  [
    'a denied door keeps its own action',
    'deny = ["socketcall", "ipc:EIO", "socket:EPERM", "semop:EPERM"]',
    { 'socketcall(1)': 'kill', 'socketcall(3)': 'kill', 'ipc(1)': 'EIO', 'ipc(2)': 'EIO' },
  ],
  [
    'a logged door lets through no more than it was',
    'deny = ["socket:EPERM"]\nlog = ["socketcall", "connect"]',
    { 'socketcall(1)': 'EPERM', 'socketcall(3)': 'log', 'socketcall(2)': 'log' },
  ],
  [
    'a rule of its own that refuses holds for logged and refused calls, too',
    'log = ["socket"]\ndeny = ["bind:EPERM"]\n' +
      'rules = [{ syscall = "socketcall", when = [{ arg = 0, le = 3 }], action = "kill" }]',
    { 'socketcall(1)': 'kill', 'socketcall(2)': 'kill', 'socketcall(3)': 'kill', 'socketcall(9)': 'allow' },
  ],
  [
    'a logged call is recorded where a rule of its own lets it through',
    'log = ["socket"]\nrules = [{ syscall = "socketcall", when = [{ arg = 0, le = 3 }], action = "allow" }]',
    { 'socketcall(1)': 'log', 'socketcall(3)': 'allow', 'socketcall(9)': 'kill' },
  ],
  [
    'a rule of its own that allows is no way around a refused call',
    'deny = ["socket:EPERM"]\nrules = [\n' +
      '{ syscall = "socketcall", when = [{ arg = 0, le = 3 }], action = "allow" }]',
    { 'socketcall(1)': 'EPERM', 'socketcall(3)': 'allow', 'socketcall(9)': 'kill' },
  ],
  [
    'the version in the upper half of ipc',
    'deny = ["semop:EPERM"]',
    { 'ipc(0x50001)': 'EPERM', 'ipc(2)': 'allow' },
  ],
  [
    'dirty upper halves of the register',
    'deny = ["socket:EPERM", "semop:EIO"]',
    { 'socketcall(0xdead00000001)': 'EPERM', 'ipc(0xbeef00010001)': 'EIO', 'socketcall(0x10001)': 'allow' },
  ],
];

for (const [says, lines, answers] of DOORS) {
  test(`through socketcall and ipc: ${says}`, () => {
    const policy = resolved(`architectures = ["x86"]\n${lines}`);
    const got = Object.keys(answers).map((asked) => {
      const [, call = '', arg = '0'] = /^(\w+)\((.*)\)$/.exec(asked) ?? [];
      return [asked, answer(policy, call, { abi: 'x86', args: [BigInt(arg)] })];
    });
    assert.deepEqual(Object.fromEntries(got), answers);
  });
}

const WIDE = (condition: string) =>
  `architectures = ["x86"]\nrules = [{ syscall = "prctl", when = [{ arg = 3, ${condition}, width = 64 }], action = "EPERM" }]`;

/** A 64-bit condition on a call of 32-bit x86, whose registers may hold dirt above. */
const NARROW: readonly [condition: string, register: bigint, native: string, x86: string][] = [
  ['eq = 5', 5n, 'EPERM', 'EPERM'],
  ['eq = 5', 0x1_0000_0005n, 'allow', 'EPERM'],
  ['eq = 0x100000005', 0x1_0000_0005n, 'EPERM', 'allow'],
  ['ne = 5', 0x1_0000_0005n, 'EPERM', 'allow'],
  ['ne = 0x100000005', 0x1_0000_0005n, 'allow', 'EPERM'],
  ['gt = 0xffffffff', 0x1_0000_0000n, 'EPERM', 'allow'],
  ['ge = 0x100000000', 0x1_0000_0000n, 'EPERM', 'allow'],
  ['lt = 0x100000000', 0x1_0000_0000n, 'allow', 'EPERM'],
  ['le = 0x100000000', 0x1_0000_0001n, 'allow', 'EPERM'],
  ['in = [1, 0x100000001]', 0x1_0000_0001n, 'EPERM', 'EPERM'],
  ['in = [0x100000001]', 0x1_0000_0001n, 'EPERM', 'allow'],
  ['bits-set = 0x100000001', 0x1_0000_0001n, 'EPERM', 'allow'],
  ['bits-any = 0x100000001', 0x1_0000_0000n, 'EPERM', 'allow'],
  ['bits-any = 0x100000001', 1n, 'EPERM', 'EPERM'],
  ['bits-clear = 0x100000001', 0x1_0000_0000n, 'allow', 'EPERM'],
  ['bits-clear = 0x100000001', 1n, 'allow', 'allow'],
];

for (const [condition, register, native, x86] of NARROW) {
  test(`'${condition}' and a register with 0x${register.toString(16)}: ${native}, through x86 ${x86}`, () => {
    const policy = resolved(WIDE(condition));
    const args = [0n, 0n, 0n, register];
    assert.equal(answer(policy, 'prctl', { args }), native);
    assert.equal(answer(policy, 'prctl', { abi: 'x86', args }), x86);
  });
}

test('a 64-bit condition on x86 is as on x86-64 for an offset that is sign-extended', () => {
  const operands = [0n, 1n, 5n, 0x7fffffffn, 0x80000000n, 0xffffffffn, 0x1_0000_0005n, 1n << 63n].concat([
    0xffff_ffff_7fff_ffffn,
    0xffff_ffff_8000_0000n,
    0xffff_ffff_8000_0005n,
    2n ** 64n - 1n,
  ]);
  const low = [0n, 1n, 4n, 5n, 6n, 0x7fffffffn, 0x80000000n, 0x80000004n, 0x80000005n, 0xffffffffn];
  for (const op of COMPARISONS) {
    for (const operand of operands) {
      const condition = `{ arg = 1, ${op} = "${operand}", width = 64 }`;
      const rule = `architectures = ["x86"]\nrules = [{ syscall = "lseek", when = [${condition}], action = "EPERM" }]`;
      const policy = resolved(rule);
      for (const register of low) {
        const whole = BigInt.asUintN(64, BigInt.asIntN(32, register));
        assert.equal(
          answer(policy, 'lseek', { abi: 'x86', args: [0n, register | (9n << 32n)] }),
          answer(policy, 'lseek', { args: [0n, whole] }),
          `${condition} of ${register}`,
        );
      }
    }
  }
});

test('constants have the value of the ABI through which the call comes', () => {
  const lines =
    'architectures = ["arm"]\nrules = [{ syscall = "openat", when = [{ arg = 2, bits-any = "O_DIRECTORY" }], action = "EPERM" }]';
  const [x86, arm64] = [resolved(lines), resolved(lines, '', 'arm64')];
  const ask = (policy: SyscallPolicy, flags: bigint) => answer(policy, 'openat', { args: [0n, 0n, flags] });
  assert.deepEqual([ask(x86, 0o200000n), ask(x86, 0o40000n)], ['EPERM', 'allow']);
  assert.deepEqual([ask(arm64, 0o200000n), ask(arm64, 0o40000n)], ['allow', 'EPERM']);
});

test('a set stands for its members, a call for itself', () => {
  assert.deepEqual(callsOf({ name: 'uname' }, SETS), ['uname']);
  assert.deepEqual(callsOf({ name: '@mount' }, SETS), expandSet(SETS, '@mount'));
  assert.deepEqual(callsOf({ name: '@nothing' }, SETS), []);
});

test('mayPass: whether a call may pass for some arguments', () => {
  const named = (lines: string, own = '') =>
    resolveCalls(syscallsFrom(lines), SETS, ownLimits(unitWith(own), SETS, 257));
  const passes = (lines: string, own = '') => mayPass(verdictOn(named(lines, own), 'socket'));
  const allowOne = 'rules = [{ syscall = "socket", when = [{ arg = 0, eq = 1 }], action = "allow" }]';
  assert.equal(passes(''), true);
  assert.equal(passes('deny = ["socket"]'), false);
  assert.equal(passes('deny = ["socket:log"]'), true);
  assert.equal(passes('allow = []'), false);
  assert.equal(passes('log = ["socket"]'), true);
  assert.equal(passes(allowOne), true);
  assert.equal(passes(`deny = ["socket"]\n${allowOne}`), true);
  assert.equal(passes(allowOne, 'SystemCallFilter=~socket'), false);
  assert.equal(passes('deny = ["uname"]', 'SystemCallFilter=read'), false);
});

/**
 * What a section says of a call, by its definition: no maps and no order of evaluation in common with the source.
 * Doors and 64-bit conditions on 32-bit ABIs aside.
 */
function meant(policy: SyscallsSection, call: string, args: readonly bigint[]): Action {
  const holds = policy.rules.find(
    (rule) =>
      rule.syscall.value === call &&
      rule.when.every(({ arg, op, operands, width }) => {
        const register = BigInt.asUintN(width, args[arg]!);
        const operand = operands[0]!.value as bigint;
        const answers: Record<string, boolean> = {
          eq: register === operand,
          in: register === operand,
          ne: register !== operand,
          lt: register < operand,
          ge: register >= operand,
          'bits-any': (register & operand) !== 0n,
          'bits-set': (register & operand) === operand,
          'bits-clear': (register & operand) === 0n,
        };
        return answers[op]!;
      }),
  );
  if (holds) return holds.action.value;
  const action = policy.action?.value ?? KILL;
  const naming = (entries: readonly CallEntry[]) =>
    entries.findLast((entry) => entry.name === call) ??
    entries.findLast((entry) => entry.name.startsWith('@') && expandSet(SETS, entry.name)!.includes(call));
  const denied = naming(policy.deny);
  if (denied) return denied.action ?? action;
  const lets = policy.rules.some((rule) => rule.syscall.value === call && permits(rule.action.value));
  if (lets) return action;
  if (naming(policy.log)) return LOG;
  if (!policy.allow) return ALLOW;
  const implied = (policy.implicit?.value ?? true) && expandSet(SETS, '@default')!.includes(call);
  return implied || naming(policy.allow) ? ALLOW : action;
}

const registers = () => fc.array(value(64), { minLength: 6, maxLength: 6 });
const call = () => fc.constantFrom(...CALLS, 'getpid', 'reboot', 'keyctl');
const isDoor = (name: string) => name === 'socketcall' || name === 'ipc';

test('a call gets what its section says, on every machine', () => {
  fc.assert(
    fc.property(
      section(),
      call(),
      registers(),
      fc.constantFrom(...MACHINES),
      (policy, name, args, machine) => {
        const nr = numbersOf(abisOf(machine)[0]!).get(name);
        fc.pre(nr !== undefined);
        const got = evaluateNumber(
          resolve(resolveCalls(policy, SETS), machine),
          abisOf(machine)[0]!,
          nr!,
          args,
        );
        assert.equal(formatAction(got), formatAction(meant(policy, name, args)));
      },
    ),
    inputs(1000),
  );
});

const own = () => ownFilterLines().map((lines) => ownLimits(unitWith(lines), SETS, 257));

test('composing uses the stricter of policy and unit, and so permits nothing that one refuses', () => {
  fc.assert(
    fc.property(
      section(),
      own(),
      call(),
      registers(),
      fc.constantFrom<Abi>('x86-64', 'x32', 'x86', 'arm64', 'arm'),
      (policy, limits, name, args, abi) => {
        const nr = numbersOf(abi).get(name);
        fc.pre(nr !== undefined && !isDoor(name));
        const { machine } = ABIS[abi];
        const alone = resolve(resolveCalls(policy, SETS), machine);
        const both = resolve(resolveCalls(policy, SETS, limits), machine);
        const limit = limitOn(limits, name, abi);
        const wanted = stricter(evaluateNumber(alone, abi, nr!, args), limit);
        assert.equal(formatAction(evaluateNumber(both, abi, nr!, args)), formatAction(wanted));
      },
    ),
    inputs(1000),
  );
});

/** How a unit refuses a call by itself, closed architectures included. */
function limitOn(limits: NamedPolicy | undefined, name: string, abi: Abi): Action {
  if (!limits) return ALLOW;
  const { architectures } = limits;
  const native = abisOf(ABIS[abi].machine)[0] === abi;
  if (!native && !architectures.includes(abi)) return KILL;
  return limitBy(limits, name);
}

test('unknown numbers get the stricter of policy and unit, too', () => {
  fc.assert(
    fc.property(section(), own(), (policy, limits) => {
      const alone = resolve(resolveCalls(policy, SETS), 'x86-64');
      const both = resolve(resolveCalls(policy, SETS, limits), 'x86-64');
      const wanted = stricter(evaluateNumber(alone, 'x86-64', NOBODYS), limits?.unlisted ?? ALLOW);
      assert.equal(evaluateNumber(both, 'x86-64', NOBODYS), wanted);
    }),
  );
});

test('a policy that only logs refuses only what an entry, a rule or `unknown` refuses', () => {
  const permissive = section({ action: { value: LOG, at: { file: 'p.toml', line: 1, column: 1 } } });
  fc.assert(
    fc.property(permissive, call(), registers(), (policy, name, args) => {
      const nr = numbersOf('x86-64').get(name);
      fc.pre(nr !== undefined);
      const spoken = policy.deny.flatMap((entry) =>
        entry.action === undefined || permits(entry.action) ? [] : callsOf(entry, SETS),
      );
      const ruled = policy.rules.some((rule) => rule.syscall.value === name && !permits(rule.action.value));
      fc.pre(!spoken.includes(name) && !ruled);
      const meaning = resolve(resolveCalls(policy, SETS), 'x86-64');
      assert.ok(permits(evaluateNumber(meaning, 'x86-64', nr!, args)));
    }),
  );
});

test('one more denied call never allows anything that was refused', () => {
  fc.assert(
    fc.property(section(), call(), call(), registers(), (policy, denied, name, args) => {
      const nr = numbersOf('x86-64').get(name);
      fc.pre(nr !== undefined && !policy.rules.some((rule) => rule.syscall.value === denied));
      const at = policy.at;
      const more = { ...policy, deny: [...policy.deny, { name: denied, action: errnoAction(1), at }] };
      const [before, after] = [policy, more].map((one) =>
        evaluateNumber(resolve(resolveCalls(one, SETS), 'x86-64'), 'x86-64', nr!, args),
      );
      assert.ok(permits(before!) || !permits(after!));
      if (name === denied) assert.equal(after, errnoAction(1));
    }),
  );
});

test('a call is never easier to make through a multiplexer', () => {
  fc.assert(
    fc.property(
      section({ architectures: [{ value: 'x86', at: { file: 'p.toml', line: 1, column: 1 } }] }),
      own(),
      registers(),
      registers(),
      (policy, limits, args, memory) => {
        const meaning = resolve(resolveCalls(policy, SETS, limits), 'x86-64');
        fc.pre(meaning.abis.has('x86'));
        const table = numbersOf('x86');
        for (const { call: name, calls } of MULTIPLEXED.get('x86')!) {
          for (const [selector, inner] of [...calls].flatMap(([one, all]) =>
            all.map((c) => [one, c] as const),
          )) {
            const nr = table.get(inner);
            if (nr === undefined) continue;
            const direct = evaluateNumber(meaning, 'x86', nr, memory);
            const through = evaluateNumber(meaning, 'x86', table.get(name)!, [selector, ...args.slice(1)]);
            assert.ok(permits(direct) || !permits(through), `${name}(${inner})`);
          }
        }
      },
    ),
  );
});

test('a message without an address passes through socketcall only if one with an address does', () => {
  const on = (lines: string, selector: bigint) =>
    evaluateNumber(
      resolve(resolveCalls(syscallsFrom(`architectures = ["x86"]\n${lines}`), SETS), 'x86-64'),
      'x86',
      numbersOf('x86').get('socketcall')!,
      [selector, 0n, 0n, 0n, 0n, 0n],
    );
  const [send, recv, sendto, recvfrom] = [9n, 10n, 11n, 12n];
  assert.equal(on('deny = ["sendto:EPERM"]', send), errnoAction(1));
  assert.equal(on('deny = ["recvfrom:EPERM"]', recv), errnoAction(1));
  assert.equal(on('deny = ["sendto:EPERM", "send:kill"]', send), KILL);
  assert.equal(on('deny = ["send:EPERM"]', send), errnoAction(1));
  assert.equal(on('deny = ["send:EPERM"]', sendto), ALLOW);
  assert.equal(on('deny = ["sendto:EPERM"]', recv), ALLOW);
  assert.equal(on('deny = ["recv:EPERM"]', recvfrom), ALLOW);
});

test('a command of arm is refused with IPC_64, which the kernel strips, and without', () => {
  const rule = (call: string, arg: number) =>
    `{ syscall = "${call}", when = [{ arg = ${arg}, eq = "IPC_RMID" }], action = "EPERM" }`;
  const rules = [rule('shmctl', 1), rule('msgctl', 1), rule('semctl', 2)].join();
  const policy = syscallsFrom(`architectures = ["arm"]\nrules = [${rules}]`);
  const meaning = resolve(resolveCalls(policy, SETS), 'arm64');
  const IPC_64 = 0x100n;
  for (const [call, arg] of [
    ['shmctl', 1],
    ['msgctl', 1],
    ['semctl', 2],
  ] as const) {
    const args = [0n, 0n, 0n, 0n, 0n, 0n].with(arg, IPC_64);
    assert.equal(evaluateNumber(meaning, 'arm', numbersOf('arm').get(call)!, args), errnoAction(1));
    assert.equal(evaluateNumber(meaning, 'arm64', numbersOf('arm64').get(call)!, args), ALLOW);
  }
});

test('the action of refused calls is kill unless the policy says otherwise', () => {
  assert.equal(refusal(syscallsFrom('deny = ["uname"]')), KILL);
  assert.equal(refusal(syscallsFrom('action = "EPERM"')), errnoAction(1));
});
