/** Tests of learn/profile/policy/calls/: which calls a policy lets through, records or refuses, and how it lists them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { grouped } from '../../../../src/learn/profile/policy/calls/groups.js';
import {
  BY_THE_KERNEL,
  BY_THE_VDSO,
  FAMILIES,
  NEVER_LOGGED,
} from '../../../../src/learn/profile/policy/calls/tables.js';
import {
  abisSeen,
  dangerousCalls,
  sortCalls,
  type Tier,
} from '../../../../src/learn/profile/policy/calls/tiers.js';
import type { ProfilePart, ReachableCalls } from '../../../../src/learn/profile/policy/input.js';
import { LIBRARIES_FALL_BACK, PROGRAMS_FALL_BACK } from '../../../../src/seccomp/syscalls/fall-back.js';
import { callNames, numbersOf } from '../../../../src/seccomp/syscalls/numbers.js';
import { bundledSets, expandSet } from '../../../../src/seccomp/syscalls/sets.js';
import { calls, profile } from '../../../support/learned.js';
import { olderSets } from '../../../support/older-sets.js';

const sets = bundledSets();

const sorted = (seen: string, reachable: ReachableCalls, more: Partial<ProfilePart> = {}) =>
  sortCalls(profile({ calls: calls(seen), ...more }), { reachable, sets });

/** The tiers of calls by their names; undefined for one that is refused as any other. */
const tiers = (...given: Parameters<typeof sorted>): Map<string, Tier> =>
  new Map(sorted(...given).map(({ name, tier }) => [name, tier]));

test('every name in the tables is a call or a set', () => {
  const names = [
    ...FAMILIES.flatMap(({ seen, adds }) => [...seen, ...adds]),
    ...[BY_THE_KERNEL, BY_THE_VDSO, LIBRARIES_FALL_BACK, PROGRAMS_FALL_BACK].flat(),
    ...NEVER_LOGGED,
  ];
  const found = names.filter((name) => !callNames().has(name) && !expandSet(sets, name));
  assert.deepEqual(found, []);
});

test('a seen call is allowed, a reachable one is logged, others are refused', () => {
  const found = tiers('read openat', new Set(['read', 'sysinfo']));
  assert.equal(found.get('read'), 'allow');
  assert.equal(found.get('sysinfo'), 'log');
  assert.equal(found.get('swapon'), undefined);
});

test('a dangerous call is never logged only, unless it was seen', () => {
  const wanted =
    'execve ptrace mount bpf init_module keyctl io_uring_setup userfaultfd unshare process_vm_readv';
  for (const reachable of [new Set(wanted.split(' ')), 'unknown'] as const) {
    const found = tiers('read', reachable);
    for (const name of wanted.split(' ')) assert.notEqual(found.get(name), 'log', name);
  }
  assert.equal(tiers('ptrace', 'unknown').get('ptrace'), 'allow');
  assert.equal(tiers('read', new Set(['ptrace'])).get('ptrace'), 'refuse');
});

test("a call can be dangerous, though it is newer than the target's systemd", () => {
  const found = sortCalls(profile(), { reachable: new Set(['mount_setattr']), sets: olderSets('247') });
  assert.equal(found.find(({ name }) => name === 'mount_setattr')?.tier, 'refuse');
  assert.ok(dangerousCalls(olderSets('247')).has('ptrace'));
});

test('if the reachable calls are unknown, all of @system-service is logged', () => {
  const found = tiers('read', 'unknown');
  assert.equal(found.get('flock'), 'log');
  assert.equal(found.get('sysinfo'), 'log');
  assert.equal(found.get('mount'), undefined);
});

test('calls for which libraries have a fallback get ENOSYS, unless they were seen', () => {
  assert.equal(tiers('read', new Set(['openat2', 'statx'])).get('openat2'), 'fallback');
  assert.equal(tiers('read', new Set()).get('clone3'), 'fallback');
  assert.equal(tiers('statx', new Set()).get('statx'), 'allow');
  assert.equal(tiers('read', new Set(['renameat2'])).get('renameat2'), 'log');
  assert.equal(tiers('read', new Set()).get('renameat2'), 'fallback');
});

test("a call that a filter answered with ENOSYS gets it again, as memcached's clone3", () => {
  const refused = [{ name: 'clone3', answer: 38, count: 4 }];
  const found = tiers('read clone', new Set(['clone3']), { refused });
  assert.equal(found.get('clone3'), 'fallback');
  assert.equal(found.get('clone'), 'allow');
  const other = tiers('read', new Set(['sysinfo']), { refused: [{ name: 'sysinfo', answer: 38, count: 1 }] });
  assert.equal(other.get('sysinfo'), 'fallback');
});

test('a call that a filter refused is logged, even if it may not be reachable', () => {
  const refused = [
    { name: 'sysinfo', answer: 1, count: 1 },
    { name: 'flock', answer: 'kill' as const, count: 1 },
    { name: 'ptrace', answer: 1, count: 1 },
  ];
  const found = tiers('read', new Set(), { refused });
  assert.deepEqual([found.get('sysinfo'), found.get('flock'), found.get('ptrace')], ['log', 'log', 'refuse']);
  const told = sorted('read', new Set(['ptrace', 'bpf']), { refused });
  const evidenceOf = (name: string) => told.find((call) => call.name === name)!.evidence;
  assert.equal(evidenceOf('ptrace'), 'a filter refused it during the watch; it is dangerous');
  assert.equal(evidenceOf('bpf'), 'reachable but not seen; it is dangerous');
});

test('a call that may have failed by itself is logged, without ENOSYS', () => {
  const refused = [{ name: 'sysinfo', answer: 38, count: 1 }];
  for (const table of ['marks', 'misses']) {
    const found = sorted('read', new Set(), { refused, lost: { [table]: 1 } });
    const { tier, evidence: said } = found.find(({ name }) => name === 'sysinfo')!;
    assert.deepEqual([tier, said], ['log', 'a filter may have refused it during the watch']);
  }
});

test('a call that the unit refuses is left out unless it was seen', () => {
  const found = sortCalls(profile({ calls: calls('read') }), {
    ...{ reachable: new Set(['setuid']), sets },
    isRefusedByUnit: (name) => ['read', 'readv', 'setuid'].includes(name),
  });
  const tierOf = (name: string) => found.find((call) => call.name === name)?.tier;
  assert.deepEqual(['read', 'readv', 'setuid'].map(tierOf), ['allow', undefined, undefined]);
});

test('families are printed together, each with its reason', () => {
  const found = sorted('openat newfstatat clone3 poll mkdir', new Set());
  const byFamily = found.filter(({ reason }) => reason === 'family').map(({ name }) => name);
  assert.deepEqual(byFamily, ['clone', 'fstat', 'mkdirat', 'ppoll']);
  assert.match(found.find(({ name }) => name === 'ppoll')!.evidence, /^goes with poll: newer C libraries/);
});

test("a family doesn't add older calls: a reachable one is logged", () => {
  const found = tiers('openat newfstatat getdents64 pipe2 clock_nanosleep', new Set(['open', 'pipe']));
  assert.deepEqual(
    ['open', 'pipe', 'stat', 'getdents', 'nanosleep'].map((name) => found.get(name)),
    ['log', 'log', undefined, undefined, undefined],
  );
});

test("a family doesn't add a call for which libraries have a fallback", () => {
  for (const { adds, seen } of FAMILIES) {
    const found = adds.filter((name) => LIBRARIES_FALL_BACK.includes(name));
    assert.deepEqual(found, []);
    assert.ok(seen.length > 0 && adds.length > 0);
  }
});

test('calls of the kernel and those behind the vDSO are always allowed', () => {
  const found = tiers('read', new Set());
  for (const name of [...BY_THE_KERNEL, ...BY_THE_VDSO]) assert.equal(found.get(name), 'allow', name);
});

test('calls that no ABI of the host has are left out', () => {
  const arm = {
    architecture: 'arm64',
    calls: calls('openat').map((call) => ({ ...call, architecture: 'arm64' })),
  };
  const found = tiers('', new Set(['poll', 'ppoll', 'renameat']), arm);
  assert.deepEqual(
    ['open', 'poll', 'uretprobe', 'time'].map((name) => found.get(name)),
    [undefined, undefined, undefined, undefined],
  );
  assert.equal(found.get('renameat'), 'log');
});

test('harmless calls that can be reached are allowed, and need no record', () => {
  const found = tiers('', new Set(['gettid', 'epoll_wait', 'dup', 'rename', 'socket', 'execve']));
  assert.deepEqual(
    ['gettid', 'epoll_wait', 'dup', 'rename', 'socket', 'execve'].map((name) => found.get(name)),
    ['allow', 'allow', 'allow', 'log', 'log', 'refuse'],
  );
  assert.equal(tiers('', new Set()).get('gettid'), undefined);
});

test('the ABIs of seen calls: the native one first, unknown words left out', () => {
  const seen = [...calls('read'), ...calls('read').map((call) => ({ ...call, architecture: 'x86' }))];
  assert.deepEqual(abisSeen('x86-64', seen), ['x86-64', 'x86']);
  assert.deepEqual(abisSeen('x86-64', [{ ...seen[0]!, architecture: 'toString' }]), ['x86-64']);
});

test('the evidence says how often a call was made, and when', () => {
  const [read] = sorted('read', new Set()).filter(({ name }) => name === 'read');
  assert.equal(read!.evidence, 'made 3 times (start, serving)');
});

const isHere = (name: string) => numbersOf('x86-64').has(name);

test('calls are listed by subject, and a set replaces its calls if all are there', () => {
  const timers = expandSet(sets, '@timer')!.filter(isHere);
  const list = grouped([...timers, 'read', 'uname', 'socket'], sets, isHere);
  assert.deepEqual(
    list.map(({ title, words }) => [title, words]),
    [
      ['Events, clocks and timers', ['@timer']],
      ['Network', ['socket']],
      ['Files and directories', ['read']],
      ['Limits, scheduling and the system', ['uname']],
    ],
  );
  const fewer = grouped(timers.slice(1), sets, isHere).flatMap(({ words }) => words);
  assert.deepEqual(fewer, timers.slice(1));
});

test('sets stand for exactly the given calls', () => {
  const all = expandSet(sets, '@system-service')!.filter(isHere);
  for (const given of [all, all.filter((name) => !['execve', 'ptrace', 'setns'].includes(name))]) {
    const words = grouped(given, sets, isHere).flatMap((group) => group.words);
    const meant = words.flatMap((word) => expandSet(sets, word) ?? [word]).filter(isHere);
    assert.deepEqual([...new Set(meant)].sort(), given);
    assert.ok(words.length < given.length);
  }
});

test('a set that means more to the newest systemd is not used', () => {
  const events = expandSet(olderSets('247'), '@io-event')!.filter(isHere);
  const words = (names: readonly string[]) =>
    grouped(names, olderSets('247'), isHere).flatMap((group) => group.words);
  assert.deepEqual(words(events), events);
  assert.deepEqual(words([...events, 'epoll_pwait2']), ['@io-event', 'epoll_pwait2']);
});

test('a call without a subject is listed at the end', () => {
  assert.deepEqual(grouped(['swapon'], sets, isHere), [{ title: 'Others', words: ['swapon'] }]);
});
