/** The calls that a learned policy takes away once the service serves. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ProfilePart, SeenCall } from '../../../../src/learn/profile/policy/input.js';
import type { NoReady } from '../../../../src/learn/profile/policy/ready.js';
import { writePolicy } from '../../../../src/learn/profile/policy/write-policy.js';
import type { LifePhase, RecordedEvent } from '../../../../src/observe/recording/recording.js';
import { ALLOW, ENOSYS, errnoAction } from '../../../../src/seccomp/syscalls/action.js';
import { numbersOf } from '../../../../src/seccomp/syscalls/numbers.js';
import { evaluate } from '../../../../src/seccomp/syscalls/policy.js';
import { readyCalls } from '../../../../src/seccomp/syscalls/ready.js';
import { resolve, resolveCalls } from '../../../../src/seccomp/syscalls/resolve.js';
import { bundledSets } from '../../../../src/seccomp/syscalls/sets.js';
import { calls, learned, profile, request } from '../../../support/learned.js';

const RELOAD = 'ExecReload=/bin/kill -HUP $MAINPID';
const KEEPS = { options: { ready: { reload: true } } };
const NO_RELOAD = { options: { ready: { reload: false } } };

const EVENTS: readonly RecordedEvent['what'][] = ['start', 'serving', 'exercise', 'reload', 'stop'];

/** A watch in which these took place. */
const watch = (events = EVENTS) => ({
  lives: 1,
  events: events.map((what) => ({ what, at: 1 })),
});

/** Calls in phases, and those of them once the service was ready. */
const made = (names: string, phases: LifePhase[], onceReady: LifePhase[] = []): SeenCall[] =>
  calls(names, { phases }).map((call) => ({ ...call, onceReady }));

/** A service that has its privileges and its socket from its start, and executes itself when it is reloaded. */
const service = (more: Partial<ProfilePart> = {}, ...further: readonly SeenCall[]): ProfilePart =>
  profile({
    seconds: 600,
    watches: [watch()],
    calls: [
      ...made('brk mmap close openat bind listen setuid setgroups socket clone3 mprotect', ['start']),
      ...made('execve', ['start', 'reload', 'stop'], ['reload']),
      ...made('read write accept4 recvfrom', ['start', 'serving'], ['serving']),
      ...made('kill', ['stop'], ['stop']),
      ...further,
    ],
    programs: [{ path: '/usr/sbin/demod', phases: ['start'] }],
    arguments: [],
    ...more,
  });

const SIGCHLD = 17;
/** Those of threads of C libraries (pthread_create(3)). */
const THREAD = 0x3d0f00;

/** All that loses calls once it serves: the entries of deny, and the calls with a rule. */
const deniedBy = (of: ProfilePart, more: Parameters<typeof learned>[1]) => {
  const { ready } = learned(of, { lines: RELOAD, ...more }).policy;
  return (
    ready &&
    [...ready.deny.map(({ name }) => name), ...ready.rules.map(({ syscall }) => syscall.value)].sort()
  );
};

test('[ready] removes dangerous calls of the start, and keeps those of a reload', () => {
  const { policy, text } = learned(service(), { ...KEEPS, lines: RELOAD });
  assert.deepEqual(deniedBy(service(), KEEPS), ['clone', 'clone3', 'setgroups', 'setuid']);
  assert.match(text, /"clone3:ENOSYS"/);
  assert.deepEqual([policy.ready?.reload?.value, policy.ready?.settle?.value], [true, 2000]);
  assert.match(text, /^# Not refused, because a reload with .* need them: bind, listen, socket\.$/m);
  assert.match(text, /^# A reload was watched: the service keeps the calls it needs for a reload\.$/m);
  assert.ok(policy.syscalls!.allow!.some(({ name }) => name === 'bind'));
});

test("[ready] without a reload removes a reload's calls; a stop command is not affected", () => {
  const { policy, text } = learned(service(), { ...NO_RELOAD, lines: RELOAD });
  assert.deepEqual(deniedBy(service(), NO_RELOAD), [
    ...['bind', 'clone', 'clone3', 'execve', 'listen', 'setgroups', 'setuid', 'socket'],
  ]);
  assert.equal(policy.ready!.reload?.value, false);
  assert.match(text, /^# Calls made only before the service was ready, or in a reload\./m);
  const stops = service({}, ...made('execve', ['stop'], ['stop']));
  assert.ok(!deniedBy(stops, NO_RELOAD)!.includes('execve'));
});

test('[ready] is left out without a request, and `reload` if the unit has none', () => {
  const { policy, text } = learned(service(), KEEPS);
  assert.equal(policy.ready?.reload, undefined);
  assert.ok(policy.ready!.deny.some(({ name }) => name === 'execve'));
  assert.doesNotMatch(text, /reload/i);
  assert.equal(learned(service(), { lines: RELOAD }).policy.ready, undefined);
});

test('threads can still start: clone is refused for processes only, and thread memory stays', () => {
  const { policy } = learned(service(), {
    ...NO_RELOAD,
    lines: RELOAD,
    reachable: new Set(['fork', 'vfork']),
  });
  const filter = resolve(resolveCalls(readyCalls(policy.ready!), bundledSets()), 'x86-64');
  const answer = (call: string, ...args: bigint[]) =>
    evaluate(filter, { arch: 0xc000003e, nr: numbersOf('x86-64').get(call)!, args: [...args, 0n, 0n, 0n] });
  const found = [SIGCHLD, THREAD].map((flags) => answer('clone', BigInt(flags)));
  assert.deepEqual(found, [errnoAction(1), ALLOW]);
  assert.deepEqual(
    ['fork', 'vfork', 'clone3'].map((call) => answer(call)),
    [errnoAction(1), errnoAction(1), ENOSYS],
  );
  assert.ok(!deniedBy(service(), NO_RELOAD)!.includes('mprotect'));
});

test('a call stays with its equivalents, and with those that other libraries use', () => {
  const kept = deniedBy(service({}, ...made('clone', ['serving'], ['serving'])), KEEPS)!;
  const found = kept.filter((name) => name.startsWith('clone'));
  assert.deepEqual(found, []);
  const modes = [...made('chmod', ['start']), ...made('fchmod', ['serving'], ['serving'])];
  const taken = deniedBy(service({}, ...modes.slice(0, 1)), KEEPS)!;
  assert.deepEqual(
    taken.filter((name) => name.includes('chmod')),
    ['chmod', 'fchmodat'],
  );
  assert.ok(!deniedBy(service({}, ...modes), KEEPS)!.includes('chmod'));
});

test('calls that work may need stay if little work was watched', () => {
  const idle = service({ watches: [watch(EVENTS.filter((what) => what !== 'exercise'))] });
  const { policy, text } = learned(idle, { ...NO_RELOAD, lines: RELOAD });
  assert.deepEqual(policy.ready?.deny.map(({ name }) => name).sort(), [
    ...['bind', 'execve', 'listen', 'setgroups', 'setuid'],
  ]);
  assert.match(text, /work may need them, and neither .* watched: clone, clone3, socket\.$/m);
  assert.ok(deniedBy({ ...idle, seconds: 86_400 }, NO_RELOAD)!.includes('socket'));
});

test('a call in which a service may wait since its start is never removed', () => {
  const waiting = service({}, ...made('accept', ['start']));
  assert.ok(!deniedBy(waiting, KEEPS)!.includes('accept'));
});

test('a reload that was not watched is left as it is', () => {
  const unseen = service({ watches: [watch(['start', 'serving', 'exercise', 'stop'])] });
  const { text, ready } = writePolicy(request(unseen, { ...KEEPS, lines: RELOAD }));
  assert.ok(ready && 'deny' in ready && ready.isReloadUnseen && ready.reload === undefined);
  assert.match(text, /^# No reload was watched. A reload may need a call that is refused here\.$/m);
  assert.doesNotMatch(text, /^reload = /m);
});

test('a script that continues beside the daemon keeps its calls', () => {
  const daemon = { program: '/usr/bin/memcached', phases: ['start'] as LifePhase[] };
  const script = calls('clone', { program: '/bin/sh', phases: ['serving'] });
  const of = (...more: readonly SeenCall[]) =>
    deniedBy(service({}, ...calls('clone3', daemon), ...more), KEEPS)!.includes('clone');
  assert.deepEqual([of(), of(...script)], [true, false]);
});

/** Evidence that can't tell, and the words for it. */
const UNKNOWN: readonly [of: ProfilePart, why: RegExp][] = [
  [service({ watches: [{ ...watch(['serving']), lives: 0 }] }), /no start was watched/],
  [service({ watches: [watch(['start', 'stop'])] }), /no work was watched/],
  [service({ lost: { leavers: 1 } }), /processes moved out of its control group and were not watched/],
  [service({ lost: { numbers: 2 } }), /2 records of calls were lost/],
  [profile({ watches: [watch()] }), /no call that matters to an attacker was made only at the start/],
  [
    profile({ watches: [watch()], calls: made('read bind', ['start']) }),
    /a reload or later work may need the calls of the start: bind/,
  ],
];

test('without enough evidence the policy has no [ready], and says why', () => {
  for (const [of, why] of UNKNOWN) {
    const { policy, text, ready } = learned(of, { ...KEEPS, lines: RELOAD });
    assert.equal(policy.ready, undefined);
    assert.match((ready as NoReady).why, why);
    assert.match(text, new RegExp(`^# No \\[ready\\]: .*${why.source}`, 'm'));
  }
});

test('if a reload needs all calls of the start, those removed without it are listed', () => {
  const reloading = service({}, ...made('setuid setgroups clone3 execve', ['start', 'reload'], ['reload']));
  const of = (more: object) => learned(reloading, { lines: RELOAD, ...more });
  const { ready, text } = of(KEEPS);
  assert.ok(ready && 'why' in ready);
  assert.deepEqual(ready.withoutReload, [
    ...['bind', 'clone', 'clone3', 'execve', 'listen', 'setgroups', 'setuid', 'socket'],
  ]);
  assert.equal(ready.isUnseen, false);
  assert.match(text, /^# Without a reload, \[ready\] could refuse: bind, clone, clone3, /m);
  const without = of(NO_RELOAD).ready;
  assert.ok(without && 'deny' in without);
  assert.deepEqual(without.deny, ready.withoutReload);
});

test('a service that can start no more processes gets a warning', () => {
  const of = (profile: ProfilePart) => learned(profile, { ...NO_RELOAD, lines: RELOAD });
  const none = of(service());
  assert.ok(none.ready && 'deny' in none.ready && none.ready.startsNone);
  assert.match(none.text, /^# The service can't start processes any more: one that dies is not replaced\.$/m);
  const some = of(service({}, ...made('clone', ['serving'], ['serving'])));
  assert.ok(some.ready && 'deny' in some.ready && !some.ready.startsNone);
  assert.doesNotMatch(some.text, /is not replaced/);
});
