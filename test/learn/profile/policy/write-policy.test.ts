/**
 * Tests of learn/profile/policy/arguments.ts, learn/profile/policy/incomplete.ts, learn/profile/policy/namespaces.ts and
 * learn/profile/policy/programs.ts: what recordings prove together, and the policy that follows.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { valuesOf, valuesSeen } from '../../../../src/learn/profile/policy/arguments.js';
import { whyIncomplete, whyStartUnknown } from '../../../../src/learn/profile/policy/incomplete.js';
import type { ProfilePart, ReachableCalls, SeenCall } from '../../../../src/learn/profile/policy/input.js';
import { namespacesSeen } from '../../../../src/learn/profile/policy/namespaces.js';
import {
  callsBy,
  daemonOfScript,
  executesNothing,
  withoutExecution,
} from '../../../../src/learn/profile/policy/programs.js';
import { effectiveUnit } from '../../../../src/systemd/unit/effective.js';
import { parseUnitFile } from '../../../../src/systemd/unit/unit-file.js';
import {
  assertAnswers,
  calls,
  learned,
  paths,
  profile,
  values,
  withCalls,
} from '../../../support/learned.js';
import { MEMCACHED, NGINX } from '../../../support/learned-services.js';
import { unitFile } from '../../../support/planned.js';

const allowedBy = (of: ReturnType<typeof learned>): string[] =>
  of.calls.filter(({ tier }) => tier === 'allow').map(({ name }) => name);

test('nginx: seen calls pass, others are logged or refused', () => {
  const reachable = new Set([...NGINX.calls.map(({ name }) => name), 'flock', 'gettid', 'execve', 'ptrace']);
  const written = learned(NGINX, { reachable });
  const seen = NGINX.calls.map(({ name }) => name);
  const allowed = allowedBy(written);
  const found = seen.filter((name) => !allowed.includes(name));
  assert.deepEqual(found, []);
  assert.ok(allowed.length <= seen.length + 30, String(allowed.length));
  assertAnswers(written.text, {
    flock: 'log',
    gettid: 'allow',
    execve: 'EPERM',
    ptrace: 'EPERM',
    clone3: 'ENOSYS',
    rt_sigreturn: 'allow',
    'socket AF_INET6 SOCK_STREAM': 'allow',
    'clone CLONE_NEWUSER': 'EPERM',
    swapon: 'EPERM',
  });
});

test('if no call is known to be reachable, only seen ones pass', () => {
  const { policy, text } = learned(NGINX, { reachable: new Set() });
  assert.deepEqual(policy.syscalls!.log, []);
  assertAnswers(text, { gettid: 'EPERM', 'ioctl 3 TIOCSCTTY': 'EPERM' });
});

test('if reachability is unknown, the policy is still complete', () => {
  const { text } = learned(NGINX, { reachable: 'unknown' });
  assertAnswers(text, { flock: 'log', gettid: 'allow', execve: 'EPERM', unshare: 'EPERM', keyctl: 'EPERM' });
});

test('memcached: calls of its start script alone are removed once it serves', () => {
  const { policy, text } = learned(MEMCACHED);
  assert.deepEqual(
    policy
      .ready!.deny.map(({ name }) => name)
      .filter((name) => ['dup', 'execve', 'read', 'socket'].includes(name)),
    ['dup', 'execve'],
  );
  assert.ok(!policy.ready!.deny.some(({ name }) => ['bind', 'listen', 'clone', 'setuid'].includes(name)));
  assert.match(
    text,
    /^# Calls made only by the start script\. Its daemon, \/usr\/bin\/memcached, loses them once it is ready\.$/m,
  );
  assertAnswers(text, { execve: 'allow', dup: 'allow' });
  const settle = (lines: string) => learned(MEMCACHED, { lines }).policy.ready!.settle?.value;
  assert.deepEqual(['', 'Type=forking'].map(settle), [5000, 5000]);
});

test("a start script's call stays if its daemon can reach it, or reachability is unknown", () => {
  const denied = (reachableByDaemon?: ReachableCalls) => {
    const { policy } = learned(MEMCACHED, {
      reachable: new Set(['dup', 'lseek', 'pipe2']),
      reachableByDaemon,
    });
    return policy.ready!.deny.map(({ name }) => name).sort();
  };
  assert.deepEqual(denied(new Set(['lseek'])), ['dup', 'execve', 'pipe2']);
  for (const whole of [undefined, 'unknown'] as const) assert.deepEqual(denied(whole), ['execve']);
});

test("memcached without [ready]: the policy says that the daemon keeps its script's calls", () => {
  const why = "[ready] can't be enforced: Type=oneshot has ended";
  const { text, policy, script } = learned(MEMCACHED, { readyGap: why });
  assert.deepEqual([policy.ready, script], [undefined, { daemon: '/usr/bin/memcached', why }]);
  assert.match(
    text,
    /^# \/usr\/bin\/memcached keeps the calls of its start script: .*Type=oneshot has ended\.$/m,
  );
  assertAnswers(text, { dup: 'allow', execve: 'allow' });
  assert.equal(learned(MEMCACHED).script, undefined);
});

test('a service that executes programs at work keeps execve', () => {
  const of = withCalls('execve wait4', { programs: [{ path: '/bin/sh', phases: ['start', 'serving'] }] });
  assertAnswers(learned(of).text, { execve: 'allow', execveat: 'EPERM' });
});

const script = (more: Partial<typeof MEMCACHED>, lines = '') =>
  daemonOfScript({ ...MEMCACHED, ...more }, effectiveUnit([unitFile(lines)]));

test("a script's daemon is recognized by its calls at work", () => {
  assert.equal(script({}), '/usr/bin/memcached');
  // The script stays and waits.
  const waiting = [...MEMCACHED.calls, ...calls('wait4', { phases: ['serving'], program: '/usr/bin/perl' })];
  assert.equal(script({ calls: waiting }), undefined);
  const executed = (phases: SeenCall['phases'], programs = ['/usr/bin/perl']) => ({
    calls: MEMCACHED.calls.map((call) => (call.name === 'execve' ? { ...call, phases, programs } : call)),
  });
  assert.equal(script(executed({ start: 1, reload: 1, stop: 1 })), '/usr/bin/memcached');
  assert.equal(script(executed({ start: 1, serving: 1 })), undefined);
  assert.equal(script(executed({ start: 1 }, [])), undefined);
  assert.equal(script(executed({ start: 1 }, ['/usr/bin/perl', '/usr/bin/memcached'])), undefined);
  assert.equal(script({ programs: [] }), undefined);
  assert.equal(script({ calls: MEMCACHED.calls.filter(({ name }) => name !== 'execve') }), undefined);
  // A program by itself, or a link to one, may go on beside the daemon.
  const itself = { path: '/usr/sbin/demod', phases: ['start' as const] };
  assert.equal(script({ programs: [...MEMCACHED.programs, itself] }), undefined);
  assert.equal(script({ paths: MEMCACHED.paths.filter(({ path }) => path !== itself.path) }), undefined);
  assert.equal(script({}, 'Type=oneshot\nExecStart=/bin/other'), undefined);
});

test('a command that is the daemon itself has no start script', () => {
  const unit = effectiveUnit([parseUnitFile('a.service', '[Service]\nExecStart=/usr/bin/memcached\n')]);
  assert.equal(daemonOfScript(MEMCACHED, unit), undefined);
});

test("programs of other Exec lines aren't the daemon's: it may execute none", () => {
  const reload = calls('execve', { phases: ['reload'], program: '/bin/sh' });
  const of = profile({ calls: [...profile().calls, ...reload] });
  assertAnswers(learned(of).text, { execve: 'EPERM' });
  const unit = effectiveUnit([unitFile('')]);
  assert.equal(executesNothing(of, unit), true);
  const by = (...programs: string[]) => ({ ...of, calls: [{ ...reload[0]!, programs }] });
  assert.equal(executesNothing(by('/bin/sh', '/usr/sbin/demod'), unit), false);
  assert.equal(executesNothing(by(), unit), false);
  assert.equal(executesNothing({ ...of, programs: [] }, unit), false);
  assert.equal(executesNothing(of, effectiveUnit([])), false);
  assert.deepEqual(withoutExecution([...calls('read'), ...reload]), calls('read'));
});

test("calls of an unknown program count as any program's", () => {
  const [read] = calls('read');
  assert.deepEqual(callsBy([read!, { ...read!, programs: [] }], '/other'), [{ ...read!, programs: [] }]);
});

test('values of arguments are complete, or unknown', () => {
  const of = withCalls('socket ioctl', {
    arguments: [
      values(
        'socket',
        [0, 1],
        [
          [2, 1],
          [2, 2],
        ],
      ),
      values('ioctl', [1], [[1]], 3),
    ],
  });
  assert.deepEqual(valuesSeen(of, 'socket', [0, 1]), [
    [2n, 1n],
    [2n, 2n],
  ]);
  assert.deepEqual(valuesOf(of, 'socket', 0), [2n]);
  assert.deepEqual(valuesOf(of, 'socket', 1), [1n, 2n]);
  assert.equal(valuesOf(of, 'socket', 2), undefined);
  assert.equal(valuesOf(of, 'ioctl', 1), undefined);
  assert.deepEqual(valuesOf(of, 'prctl', 0), []);
  assert.equal(valuesOf({ ...of, blind: ['arguments'] }, 'socket', 0), undefined);
});

test('losses affect their kind of profile, unknown ones all kinds', () => {
  assert.equal(whyIncomplete(profile(), 'paths'), undefined);
  assert.equal(whyIncomplete(profile({ lost: { peers: 1 } }), 'paths'), undefined);
  assert.equal(whyIncomplete(profile({ lost: { peers: 1 } }), 'peers'), '1 record of addresses was lost');
  assert.equal(
    whyIncomplete(profile({ lost: { misses: 2 } }), 'modes'),
    '2 records of modes of files were lost',
  );
  assert.equal(whyIncomplete(profile({ lost: { misses: 0 } }), 'modes'), undefined);
  assert.equal(whyIncomplete(profile({ lost: { memory: 2 } }), 'paths'), '2 records of paths were lost');
  assert.equal(whyIncomplete(profile({ lost: { memory: 2, marks: 1, refused: 1 } }), 'calls'), undefined);
  assert.equal(whyIncomplete(profile({ blind: ['forkFlags'] }), 'paths'), undefined);
  assert.match(whyIncomplete(profile({ blind: ['new-thing'] }), 'paths')!, /doesn't report paths/);
  assert.match(
    whyIncomplete(profile({ paths: paths('read', ['/x'], { cut: true }) }), 'paths')!,
    /1 path was too long/,
  );
  assert.equal(
    whyStartUnknown(profile({ calls: calls('read', { phases: ['serving'] }) })),
    'no start was watched',
  );
});

test('a start counts if it began during the watch', () => {
  const watches = [0, 0, 1].map((lives) => ({ lives, events: [] }));
  assert.equal(whyStartUnknown(profile({ watches })), undefined);
  assert.equal(whyStartUnknown(profile({ watches: watches.slice(0, 2) })), 'no start was watched');
  const begun = [{ lives: 0, events: [{ what: 'start' as const, at: 3 }] }];
  assert.equal(whyStartUnknown(profile({ watches: begun })), undefined);
});

test('a table without what a call must have left there is doubted', () => {
  assert.match(
    whyIncomplete(profile({ paths: [] }), 'paths')!,
    /^openat was called, but none of its paths was recorded$/,
  );
  assert.match(whyIncomplete(withCalls('bind'), 'peers')!, /^bind was called/);
  assert.match(whyIncomplete(withCalls('vfork'), 'fork-flags')!, /^vfork was called/);
  assert.equal(whyIncomplete(withCalls('clone', { forkFlags: [1] }), 'fork-flags'), undefined);
  assert.equal(whyIncomplete(withCalls('connect', { peers: NGINX.peers }), 'peers'), undefined);
});

test('io_uring hides files and addresses', () => {
  const of = withCalls('io_uring_enter');
  assert.equal(whyIncomplete(of, 'paths'), 'io_uring was used, and its paths are not recorded');
  assert.equal(whyIncomplete(of, 'calls'), undefined);
});

test('a call that a directive refuses is allowed by no policy, unless it was made', () => {
  const reachable = new Set(['read', 'clock_settime', 'sethostname']);
  const tiers = (of: ProfilePart) =>
    new Map(learned(of, { reachable }).calls.map(({ name, tier }) => [name, tier]));
  const seen = tiers(profile());
  assert.deepEqual([seen.get('clock_settime'), seen.get('sethostname')], [undefined, undefined]);
  const made = tiers(withCalls('clock_adjtime'));
  const found = ['clock_adjtime', 'clock_settime'].map((name) => made.get(name));
  assert.deepEqual(found, ['allow', 'log']);
});

test('io_uring hides nothing if all its operations are on open files', () => {
  const of = (operations: readonly number[], more: Partial<ProfilePart> = {}) =>
    whyIncomplete(withCalls('io_uring_enter', { ringOperations: operations, ...more }), 'paths');
  assert.equal(of([1, 22, 29]), undefined);
  assert.equal(of([22, 18]), 'operation 18 of io_uring was used, and its paths are not recorded');
  assert.match(of([255])!, /operation 255/);
  assert.match(of([22], { blind: ['ringOperations'] })!, /^io_uring was used, and/);
  assert.match(of([22], { lost: { ringOperations: 1 } })!, /^io_uring was used, and/);
  assert.equal(whyIncomplete(profile({ blind: ['ringOperations'] }), 'paths'), undefined);
});

test('namespaces are seen by fork, unshare and setns', () => {
  assert.deepEqual(namespacesSeen(profile({ forkFlags: [0x20000000] })), new Set(['pid']));
  assert.equal(namespacesSeen(withCalls('setns', { arguments: [values('setns', [1], [[0]])] })), undefined);
});

test('an access unit keeps execve, though no watch saw it start a program', () => {
  const cron = { traits: new Set(['starts'] as const), reachable: new Set(['execve']) };
  const { text } = learned(withCalls('read exit_group'), cron);
  assertAnswers(text, { execve: 'allow' });
  assert.match(text, /^ *# Not seen, but starting programs is the work of this unit$/m);
  const { policy } = learned(withCalls('read exit_group execve'), {
    ...cron,
    options: { ready: { reload: false } },
  });
  assert.ok(!policy.ready?.deny.some(({ name }) => name === 'execve'));
  assertAnswers(learned(withCalls('read exit_group'), { reachable: cron.reachable }).text, {
    execve: 'EPERM',
  });
});
