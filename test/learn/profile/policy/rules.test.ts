/** Tests of learn/profile/policy/rules/: rules on arguments by the values that were seen. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ProfilePart } from '../../../../src/learn/profile/policy/input.js';
import { AF, nameOfValue, operandOf } from '../../../../src/learn/profile/policy/rules/constants.js';
import { argumentRules } from '../../../../src/learn/profile/policy/rules/rules.js';
import { familiesFor, socketsSeen } from '../../../../src/learn/profile/policy/rules/sockets.js';
import { WORD_ARGUMENTS } from '../../../../src/learn/profile/policy/rules/table.js';
import { ABIS, type Abi } from '../../../../src/seccomp/syscalls/abi.js';
import { constantNames, constantValue } from '../../../../src/seccomp/syscalls/constants.js';
import { bundledSets } from '../../../../src/seccomp/syscalls/sets.js';
import {
  assertAnswers,
  calls,
  directive,
  learned,
  profile,
  values,
  withCalls,
} from '../../../support/learned.js';

const STARTED = profile().arguments;

/** The calls that have rules. */
const ruled = (of: ProfilePart, reachable: ReadonlySet<string> = new Set()) => {
  const names = new Set(of.calls.map(({ name }) => name));
  return argumentRules(of, reachable, bundledSets(), (call) => names.has(call)).map(({ call }) => call);
};

test('the names of ioctl requests include only requests, which have a letter above their number', () => {
  const { vocabulary } = WORD_ARGUMENTS.find(({ call }) => call === 'ioctl')!;
  const requests = [...constantNames()].filter((name) => vocabulary.pattern.test(name));
  assert.ok(requests.includes('TCGETS') && requests.includes('TIOCPKT'));
  const small = requests.filter((name) => (constantValue('x86-64', name) ?? 0x100n) < 0x100n);
  assert.deepEqual(small, []);
});

test('the constants of the tables are those of every ABI', () => {
  const names = WORD_ARGUMENTS.flatMap(({ usual, worst, vocabulary }) => [
    ...usual,
    ...worst,
    ...(vocabulary.first ?? []),
  ]);
  for (const abi of Object.keys(ABIS) as Abi[]) {
    const found = names.filter((name) => constantValue(abi, name) === undefined);
    assert.deepEqual(found, []);
  }
});

test('each common and each dangerous value reads back its name', () => {
  for (const { usual, worst, vocabulary } of WORD_ARGUMENTS) {
    for (const name of [...usual, ...worst]) {
      assert.equal(nameOfValue(vocabulary, constantValue('x86-64', name)!), name);
    }
  }
});

test('a value has a name only if it has the same one on every ABI; otherwise it is a number', () => {
  assert.equal(operandOf(AF, 2n), 'AF_INET');
  assert.equal(operandOf(AF, 1n), 'AF_UNIX');
  assert.equal(operandOf(AF, 999n), '0x3e7');
  // ARCH_SET_FS is x86's alone.
  assert.equal(nameOfValue({ pattern: /^ARCH_/ }, 0x1002n), undefined);
});

const prctl = (reachable: ReadonlySet<string>, seen: number[][] = [[0x16]]) =>
  learned(withCalls('prctl', { arguments: [...STARTED, values('prctl', [0], seen)] }), { reachable }).text;

test('seen values pass; others are logged if reachable, except the most dangerous', () => {
  assertAnswers(prctl(new Set(['prctl'])), {
    'prctl PR_SET_SECCOMP': 'allow',
    'prctl PR_SET_NAME': 'allow',
    'prctl PR_SET_KEEPCAPS': 'log',
    'prctl PR_SET_MM': 'EPERM',
  });
});

test('other values are refused if reachability is known', () => {
  const text = prctl(new Set());
  assertAnswers(text, { 'prctl PR_SET_SECCOMP': 'allow', 'prctl PR_SET_KEEPCAPS': 'EPERM' });
  assert.ok(!text.includes('"log"'));
});

test('a dangerous value passes if it was seen', () => {
  assertAnswers(prctl(new Set(['prctl']), [[0x23]]), {
    'prctl PR_SET_MM': 'allow',
    'prctl PR_SET_PTRACER': 'EPERM',
  });
});

test('a value without a name is a number in hex', () => {
  const of = withCalls('ioctl', { arguments: [...STARTED, values('ioctl', [1], [[0x5421], [0xdead]])] });
  const { text } = learned(of);
  assert.match(text, /"TIOCGWINSZ", 0xdead/);
  assertAnswers(text, { 'ioctl 3 FIONBIO': 'allow', 'ioctl 3 0xdead': 'allow', 'ioctl 3 TIOCSTI': 'EPERM' });
});

test('the upper half of a register is not part of an int', () => {
  const of = withCalls('ioctl', { arguments: [...STARTED, values('ioctl', [1], [[0xffffffff80045430n]])] });
  assertAnswers(learned(of).text, { 'ioctl 3 0x80045430': 'allow' });
});

test('a call whose values were lost, unwatched or too many has no rule, and is allowed', () => {
  const lost = withCalls('ioctl', { arguments: [...STARTED, values('ioctl', [1], [[0x5421]], 62)] });
  const blind = withCalls('ioctl');
  const many = withCalls('ioctl', {
    arguments: [
      ...STARTED,
      values(
        'ioctl',
        [1],
        [...Array(41).keys()].map((i) => [i]),
      ),
    ],
  });
  const dropped = withCalls('ioctl', {
    arguments: [...STARTED, values('ioctl', [1], [[0x5421]])],
    lost: { arguments: 1 },
  });
  for (const of of [lost, blind, many, dropped]) {
    assert.deepEqual(ruled(of), []);
    assertAnswers(learned(of).text, { 'ioctl 3 TIOCSTI': 'allow' });
  }
});

test('values of one ABI prove nothing for another', () => {
  const through = calls('ioctl').map((call) => ({ ...call, architecture: 'x86' }));
  const of = withCalls('ioctl', { arguments: [values('ioctl', [1], [[0x5421]])] });
  assert.deepEqual(ruled({ ...of, calls: [...of.calls, ...through] }), []);
  const both = [...of.arguments, { ...of.arguments[0]!, architecture: 'x86', values: [['21585']] }];
  assert.deepEqual(ruled({ ...of, calls: [...of.calls, ...through], arguments: both }), ['ioctl']);
});

test('a dangerous call gets only its seen values, reachable or not', () => {
  const of = withCalls('keyctl', { arguments: [...STARTED, values('keyctl', [0], [[0xb]])] });
  assertAnswers(learned(of, { reachable: new Set(['keyctl']) }).text, {
    'keyctl KEYCTL_READ': 'allow',
    'keyctl KEYCTL_LINK': 'EPERM',
  });
});

const sockets = (pairs: number[][]) =>
  withCalls('socket', { arguments: [...STARTED, values('socket', [0, 1], pairs)] });

test('sockets pass by family and type, with either flag', () => {
  const { text } = learned(
    sockets([
      [2, 1],
      [16, 3 | 0o2000000],
    ]),
  );
  assertAnswers(text, {
    'socket AF_INET SOCK_STREAM|SOCK_CLOEXEC|SOCK_NONBLOCK': 'allow',
    'socket AF_INET6 SOCK_DGRAM': 'allow',
    'socket AF_UNIX SOCK_DGRAM|SOCK_CLOEXEC': 'allow',
    'socket AF_NETLINK SOCK_RAW': 'allow',
    'socket AF_NETLINK SOCK_STREAM': 'EAFNOSUPPORT',
    'socket AF_INET SOCK_RAW': 'EAFNOSUPPORT',
    'socket AF_PACKET SOCK_RAW': 'EAFNOSUPPORT',
  });
});

test('a family or type without a name is a number', () => {
  const { text, policy } = learned(
    sockets([
      [0, 0],
      [99, 1],
    ]),
  );
  assertAnswers(text, {
    'socket 0 SOCK_CLOEXEC': 'allow',
    'socket 99 1': 'allow',
    'socket 98 1': 'EAFNOSUPPORT',
  });
  assert.equal(directive(policy, 'RestrictAddressFamilies'), undefined);
  assert.match(text, /^# RestrictAddressFamilies: the address family 99 has no name\.$/m);
});

test("IP includes both versions, and AF_UNIX is the C library's", () => {
  assert.deepEqual(familiesFor([10n]), [1n, 2n, 10n]);
  assert.deepEqual(familiesFor([16n]), [1n, 16n]);
});

test('families come from socket and socketpair; unknown if one of them has lost values', () => {
  const seen = socketsSeen(
    sockets([
      [2, 1],
      [2, 2],
    ]),
  );
  assert.deepEqual([...seen!], [[2n, new Set([1n, 2n])]]);
  assert.equal(socketsSeen(withCalls('socketpair', { arguments: STARTED })), undefined);
});

test('a call whose arguments an ABI has in memory gets no rule', () => {
  const of = sockets([[2, 1]]);
  const door = calls('socketcall').map((call) => ({ ...call, architecture: 'x86' }));
  assert.deepEqual(ruled({ ...of, calls: [...of.calls, ...door] }), []);
});

test('unused namespaces are refused for clone, and clone3 gets ENOSYS, though it was seen', () => {
  const { text } = learned(withCalls('clone3', { forkFlags: [0x3d0f00] }));
  assertAnswers(text, {
    'clone 0x3d0f00': 'allow',
    'clone CLONE_NEWUSER': 'EPERM',
    'clone CLONE_NEWNS': 'EPERM',
    clone3: 'ENOSYS',
  });
});

test('a used namespace passes', () => {
  const { text } = learned(withCalls('clone clone3', { forkFlags: [0x20000] }));
  assertAnswers(text, { 'clone CLONE_NEWNS': 'allow', 'clone CLONE_NEWUSER|CLONE_NEWNS': 'EPERM' });
});

test('if flags were lost, clone has no rule and clone3 stays allowed', () => {
  const { text } = learned(withCalls('clone3', { lost: { forkFlags: 1 } }));
  assertAnswers(text, { 'clone CLONE_NEWUSER': 'allow', clone3: 'allow' });
});
