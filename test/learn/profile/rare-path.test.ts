/** A service that uses some calls once an hour: from its watch to the end of its policy's trial. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checklist } from '../../../src/learn/profile/checklist.js';
import { estimate } from '../../../src/learn/profile/estimate.js';
import { makeProfile } from '../../../src/learn/profile/make-profile.js';
import type { ProfilePart } from '../../../src/learn/profile/policy/input.js';
import { isPromoted, promotion } from '../../../src/learn/profile/promote.js';
import type { Recording } from '../../../src/observe/recording/recording.js';
import { editPolicy } from '../../../src/policy/edit.js';
import { parsePolicy } from '../../../src/policy/parse.js';
import { bundledSets } from '../../../src/seccomp/syscalls/sets.js';
import { assertAnswers, learned } from '../../support/learned.js';
import { call, HOUR, recording } from '../../support/recordings.js';

/** Calls of the hourly part: of three the watch has seen two, by chance, and of the third nothing. */
const HOURLY = ['fsync', 'rename', 'ftruncate'];

const REACHABLE = new Set(['read', 'write', ...HOURLY, 'chmod', 'ptrace']);

const START = ['brk', 'mmap', 'close', 'openat'].map((name) =>
  call(name, { slices: 1, phases: { start: 5 } }),
);
const ALWAYS = ['read', 'write', 'accept4', 'epoll_wait'].map((name) => call(name, { slices: 300 }));
const once = (...names: string[]) => names.map((name) => call(name, { count: 1, slices: 1 }));

/** An hour, in slices of ten seconds. */
const watchOf = (calls: Recording['calls'], day: number): Recording =>
  recording({
    begin: `2026-11-${day}T10:00:00.000Z`,
    end: `2026-11-${day}T11:00:00.000Z`,
    slices: 360,
    calls: [...START, ...ALWAYS, ...calls],
  });

const watch = watchOf(once('fsync', 'rename'), 20);
const profileOf = (...recordings: Recording[]) => makeProfile('demo.service', recordings, 'x86-64');
const policyOf = (of: ProfilePart) => learned(of, { reachable: REACHABLE });

test('rare path: the estimate says that calls are unseen, and how soon the next may come', () => {
  const { slices, seconds } = estimate(profileOf(watch), [watch]);
  assert.deepEqual([seconds, slices.samples, slices.once], [HOUR, 360, 2]);
  assert.ok(slices.unseen! >= 1, `${slices.unseen}`);
  assert.deepEqual([slices.next, slices.nextIsLeast], [HOUR / 2, false]);
  const without = watchOf([], 20);
  const quiet = estimate(profileOf(without), [without]).slices;
  assert.deepEqual([quiet.unseen, quiet.nextIsLeast], [0, true]);
});

test('rare path: the checklist says what was not seen, whatever the estimate', () => {
  const unseen = checklist(profileOf(watchOf([], 20)), undefined)
    .filter(({ seen }) => seen === 'no')
    .map(({ what }) => what);
  for (const what of ['log-rotation', 'day', 'week'] as const) assert.ok(unseen.includes(what), what);
});

test('rare path: a call that the watch missed is let through and logged', () => {
  assertAnswers(policyOf(profileOf(watch)).text, {
    ...{ fsync: 'allow', rename: 'allow', ftruncate: 'log', chmod: 'log' },
    ...{ ptrace: 'EPERM', mkdir: 'EPERM' },
  });
});

test('rare path: promote keeps the rare call that came, and refuses the others', () => {
  const { text, policy } = policyOf(profileOf(watch));
  const sets = bundledSets();
  const since = profileOf(watchOf(once('ftruncate'), 21));
  const planned = promotion(policy.syscalls!, 'learned.toml', since, sets);
  assert.ok(planned.allowed.includes('ftruncate') && planned.unused.includes('chmod'));
  const after = editPolicy(text, planned.edits)!;
  assert.ok(isPromoted(policy, parsePolicy(after, 'learned.toml').policy, planned, sets));
  assertAnswers(after, { fsync: 'allow', rename: 'allow', ftruncate: 'allow', chmod: 'EPERM' });
});
