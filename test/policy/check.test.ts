import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MAX_FINDINGS } from '../../src/diagnostic.js';
import { checkSyscalls } from '../../src/policy/check.js';
import { MACHINES, type Machine } from '../../src/seccomp/syscalls/abi.js';
import { bundledSets, parseSyscallFilterListing, type SyscallSets } from '../../src/seccomp/syscalls/sets.js';
import { policyFrom } from '../support/policy.js';

/** What is wrong, as `code: message`. */
const found = (
  source: string,
  { sets = bundledSets(), machines = MACHINES }: { sets?: SyscallSets; machines?: readonly Machine[] } = {},
) => checkSyscalls(policyFrom(source), sets, machines).map(({ code, message }) => `${code}: ${message}`);

const rule = (condition: string, more = '') =>
  `[syscalls]\n${more}\n[[syscalls.rules]]\nsyscall = "munmap"\nwhen = [{ arg = 0, ${condition} }]\naction = "kill"`;

test('a policy without [syscalls] has nothing to check', () => {
  assert.deepEqual(found('[service]\nPrivateTmp = true'), []);
});

test('[ready] is checked as [syscalls] is, and has sets of its own', () => {
  const ready = (lines: string, syscalls = '') => found(`${syscalls}\n[ready]\n${lines}`);
  assert.deepEqual(ready('allow = ["@harmless", "accept4"]\nlog = ["@critical"]'), []);
  assert.deepEqual(ready('deny = ["@harmles", "execv", "bind:EPERM", "bind:kill"]'), [
    "unknown-syscall: unknown syscall set '@harmles'",
    "unknown-syscall: no supported machine has the call 'execv'",
    "contradiction: 'bind' is denied twice",
    "open-door: 'bind' is refused, but io_uring does the same without the call",
  ]);
  assert.deepEqual(ready('log = ["connect"]\nsettle = "1min"'), []);
  assert.deepEqual(ready('', '[syscalls]\nallow = ["@harmless"]'), [
    "unknown-syscall: the syscall set '@harmless' exists in [ready] only",
  ]);
  const nowhere = '[[ready.rules]]\nsyscall = "mmap"\nwhen = [{ arg = 2, eq = "PROT_X" }]\naction = "kill"';
  const codes = ready(nowhere).map((one) => one.replace(/:.*/, ''));
  assert.deepEqual([...new Set(codes)], ['policy-value', 'open-door']);
});

test('a call that [syscalls] refuses is no equivalent for one of [ready]', () => {
  const door = (shut: string, open: string) => `open-door: '${shut}' is refused, but '${open}' does the same`;
  const ready = '[ready]\ndeny = ["execve"]';
  assert.deepEqual(found(ready), [door('execve', 'execveat')]);
  // Until the service serves, the other one is open.
  assert.deepEqual(found(`[syscalls]\ndeny = ["execveat"]\n${ready}`), [door('execveat', 'execve')]);
});

test('an expectation needs the table that it is about, and knows its calls', () => {
  const expect = (more: string) => `[[expect]]\nsyscall = "execve"\naction = "EPERM"\n${more}`;
  const [ready, syscalls] = ['[ready]\ndeny = ["execve", "execveat"]\n', '[syscalls]\ndeny = ["uname"]\n'];
  assert.deepEqual(found(`${ready}${expect('phase = "ready"')}`), []);
  assert.deepEqual(found(`${ready}${expect('')}`), ['contradiction: [[expect]] needs [syscalls]']);
  assert.deepEqual(found(`${syscalls}${expect('phase = "ready"')}`), [
    'contradiction: [[expect]] with phase = "ready" needs [ready]',
  ]);
  assert.deepEqual(found(`${ready}${expect('phase = "ready"').replace('execve', 'exceve')}`), [
    "unknown-syscall: unknown syscall 'exceve'",
  ]);
  assert.deepEqual(
    found(`${ready}${expect('phase = "ready"\nargs = ["O_NOTHING"]')}`).map((one) => one.split(':')[0]),
    ['policy-value'],
  );
});

test('a correct policy has no findings', () => {
  const source = `
[syscalls]
allow = ["@system-service", "umount"]
deny = ["execve", "execveat", "uname:EPERM", "@mount", "io_uring_setup:ENOSYS"]
log = ["keyctl"]
unknown = "EPERM"
implicit = false
[[syscalls.rules]]
syscall = "socket"
when = [{ arg = 0, in = ["AF_UNIX", 2, "0x0a", "0o12"] }]
action = "allow"
[[expect]]
syscall = "socket"
args = ["AF_UNIX"]
action = "allow"
`;
  assert.deepEqual(found(source), []);
});

test('a call that only other machines have is an error, in any list', () => {
  const message = "unknown-syscall: no supported machine has the call 'execv'";
  for (const list of ['allow', 'deny', 'log']) {
    const [first, ...rest] = checkSyscalls(
      policyFrom(`[syscalls]\n${list} = ["execv"]`),
      bundledSets(),
      MACHINES,
    );
    assert.deepEqual(
      [first?.severity, `${first?.code}: ${first?.message}`, first?.hint, rest],
      ['error', message, "did you mean 'execve'?", []],
    );
  }
  assert.deepEqual(found('[syscalls]\ndeny = ["@obsolete"]'), []);
});

test("io_uring doesn't replace a call that the machine lacks", () => {
  const source = '[syscalls]\ndeny = ["send"]';
  assert.deepEqual(found(source, { machines: ['x86-64'] }), []);
  assert.deepEqual(found(source.replace('\n', '\narchitectures = ["arm"]\n'), { machines: ['arm64'] }), [
    "open-door: 'send' is refused, but 'sendto' does the same",
    "open-door: 'send' is refused, but io_uring does the same without the call",
  ]);
  assert.deepEqual(
    found('[syscalls]\ndeny = ["openat", "openat2", "io_uring_setup"]', { machines: ['arm64'] }),
    [],
  );
});

test('constants are looked up on the machines that get a filter', () => {
  const source = rule('bits-any = "MAP_32BIT"');
  assert.deepEqual(found(source, { machines: ['x86-64'] }), []);
  assert.deepEqual(found(source), ["policy-value: unknown constant 'MAP_32BIT' on arm64"]);
});

test('constants are looked up on further architectures that are opened', () => {
  const source = (architectures: string) => rule('eq = "ARCH_GET_FS"', `architectures = ${architectures}`);
  const machines: Machine[] = ['arm64'];
  assert.deepEqual(found(rule('eq = "SYS_NOT_THERE"', 'architectures = ["native", "arm"]'), { machines }), [
    "policy-value: unknown constant 'SYS_NOT_THERE' on arm64",
  ]);
  assert.deepEqual(found(source('["native", "x86"]'), { machines: ['x86-64'] }), []);
});

test('a wrong operand is reported once, however many machines it is wrong on', () => {
  assert.deepEqual(found(rule('eq = "NOTHING"', 'architectures = ["native", "x86", "x32", "arm"]')), [
    "policy-value: unknown constant 'NOTHING' on x86-64",
  ]);
});

test('operands fit into the width of their condition', () => {
  assert.deepEqual(found(rule('eq = 4294967296')), ['policy-value: 4294967296 does not fit into 32 bits']);
  assert.deepEqual(found(rule('eq = 4294967296, width = 64')), []);
  assert.deepEqual(found(rule('eq = 4294967295')), []);
  assert.deepEqual(found(rule('eq = -2147483648')), []);
  assert.deepEqual(found(rule('in = [1, "0x1ffffffff"]')), [
    'policy-value: 8589934591 does not fit into 32 bits',
  ]);
});

const SMALL = parseSyscallFilterListing(
  '@default\n    read\n    futuristic_call\n@tiny\n    write\n',
  '300.1',
);

test('names of sets are those of the target', () => {
  const hint = (source: string) => checkSyscalls(policyFrom(source), SMALL, ['x86-64'])[0]?.hint;
  assert.deepEqual(
    found('[syscalls]\ndeny = ["@tiny", "futuristic_call", "uname", "io_uring_setup:ENOSYS"]', {
      sets: SMALL,
    }),
    ["unknown-syscall: systemd knows the call 'futuristic_call', but this program does not know its number"],
  );
  assert.deepEqual(found('[syscalls]\ndeny = ["@mount"]', { sets: SMALL }), [
    "unknown-syscall: unknown syscall set '@mount'",
  ]);
  assert.equal(
    hint('[syscalls]\ndeny = ["@mount"]'),
    "'systemd-analyze syscall-filter' lists the sets of systemd 300.1 on this machine",
  );
  assert.equal(hint('[syscalls]\ndeny = ["futurstic_call"]'), "did you mean 'futuristic_call'?");
});

test('a base may be overridden, and one file may repeat an entry', () => {
  const base = policyFrom('[syscalls]\ndeny = ["uname:EPERM"]', 'base.toml');
  const own = policyFrom('[syscalls]\ndeny = ["uname:kill", "uname:kill"]', 'own.toml');
  const both = {
    ...own,
    syscalls: { ...own.syscalls!, deny: [...base.syscalls!.deny, ...own.syscalls!.deny] },
  };
  assert.deepEqual(checkSyscalls(both, bundledSets(), MACHINES), []);
});

test('keys for allow lists need an allow list', () => {
  assert.deepEqual(found('[syscalls]\nunknown = "EPERM"\nimplicit = true'), [
    "contradiction: 'unknown' has no effect without 'allow'",
    "contradiction: 'implicit' has no effect without 'allow'",
  ]);
  assert.deepEqual(found('[syscalls]\nallow = []\nunknown = "EPERM"\nimplicit = true'), []);
});

const NEVER: readonly [when: string, holds: boolean][] = [
  ['{ arg = 0, eq = 1 }, { arg = 0, eq = 2 }', false],
  ['{ arg = 0, eq = 1 }, { arg = 1, eq = 2 }', true],
  ['{ arg = 0, eq = 1 }, { arg = 0, in = [2, 3] }', false],
  ['{ arg = 0, eq = 1 }, { arg = 0, in = [1, 3] }', true],
  ['{ arg = 0, in = ["PROT_READ", 4] }, { arg = 0, in = ["PROT_WRITE", 4] }', true],
  ['{ arg = 0, in = ["PROT_READ"] }, { arg = 0, in = ["PROT_WRITE"] }', false],
  ['{ arg = 0, eq = 1 }, { arg = 0, ne = 1 }', true],
  ['{ arg = 0, eq = 2 }, { arg = 0, eq = "0x2" }', true],
  ['{ arg = 0, eq = "PROT_WRITE" }, { arg = 0, in = [2, 8] }', true],
  ['{ arg = 0, eq = "PROT_READ|PROT_WRITE" }, { arg = 0, eq = 3 }', true],
  ['{ arg = 0, eq = -1 }, { arg = 0, eq = "0xffffffff" }', true],
  ['{ arg = 0, eq = "0x100000002", width = 64 }, { arg = 0, eq = 2 }', true],
  ['{ arg = 0, eq = "0x100000002", width = 64 }, { arg = 0, eq = 2, width = 64 }', false],
  ['{ arg = 0, eq = 2 }, { arg = 0, eq = "PROT_READ" }', false],
];

for (const [when, holds] of NEVER) {
  test(`a rule with ${when} ${holds ? 'may hold' : 'never holds'}`, () => {
    const source = `[[syscalls.rules]]\nsyscall = "mmap"\nwhen = [${when}]\naction = "kill"`;
    const message = 'contradiction: this rule on mmap can never match';
    assert.deepEqual(found(source), holds ? [] : [message]);
  });
}

test('many entries of the same set are expanded once', () => {
  const lines = (n: number) => `deny = [${'"@known", '.repeat(n)}]`;
  assert.deepEqual(found(`[syscalls]\n${lines(4_900)}`), [
    "open-door: 'mount_setattr' is refused, but 'open_tree_attr' does the same",
  ]);
});

describe('of thousands of errors the first are reported', () => {
  const many = (one: (i: number) => string) => Array.from({ length: 3000 }, (_, i) => one(i)).join(',');
  const SLIPS = [
    ['unknown-syscall', 'calls', `[syscalls]\ndeny = [${many((i) => `"red${i}"`)}]`],
    ['unknown-syscall', 'sets', `[syscalls]\nallow = [${many((i) => `"@red${i}"`)}]`],
    [
      'unknown-syscall',
      'calls of other machines',
      `[syscalls]\nallow = [${many(() => '"s390_runtime_instr"')}]`,
    ],
    ['policy-value', 'constants', rule(`in = [${many((i) => `"PROT_${i}"`)}]`)],
  ] as const;
  for (const [code, what, source] of SLIPS) {
    test(`${code}: ${what}`, () => {
      const codes = found(source).map((text) => text.split(':')[0]);
      assert.deepEqual(codes, [...Array(MAX_FINDINGS).fill(code), 'too-many']);
    });
  }
});
