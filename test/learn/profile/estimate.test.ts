/** Tests of learn/profile/estimate.ts: whether it is enough. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { estimate, incidenceOf, samplesToNext, unseenAtLeast } from '../../../src/learn/profile/estimate.js';
import { makeProfile } from '../../../src/learn/profile/make-profile.js';
import type { Recording } from '../../../src/observe/recording/recording.js';
import { call, hostNamed, recording } from '../../support/recordings.js';

const estimated = (...recordings: Recording[]) =>
  estimate(makeProfile('demo.service', recordings, 'x86-64'), recordings);

const calls = (slices: Readonly<Record<string, number>>) =>
  Object.entries(slices).map(([name, of]) => call(name, { slices: of, phases: { serving: 100 } }));

test('the number of unseen calls is estimated by Chao2, rounded up', () => {
  const incidence = (samples: number, once: number, twice: number) => ({ samples, once, twice, seen: 50 });
  // 9/10 * 4² / (2 * 2) = 3.6, 9/10 * 3 * 2 / 2 = 2.7
  assert.equal(unseenAtLeast(incidence(10, 4, 2)), 4);
  assert.equal(unseenAtLeast(incidence(10, 3, 0)), 3);
  // 0, and a sign of another
  assert.equal(unseenAtLeast(incidence(10, 1, 0)), 1);
  assert.equal(unseenAtLeast(incidence(10, 0, 5)), 0);
  assert.equal(unseenAtLeast(incidence(0, 0, 0)), 0);
  assert.deepEqual(incidenceOf(7, [1, 1, 2, 3, 7]), { samples: 7, seen: 5, once: 2, twice: 1 });
});

test('the estimate is on average below the truth and above what was seen', () => {
  // 60 calls of which each slice shows call i with a chance of 1/(i + 1).
  const truth = 60;
  let sum = 0;
  let seen = 0;
  let state = 7;
  const chance = () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state / 2 ** 31;
  };
  for (let run = 0; run < 200; run++) {
    const counts = Array.from({ length: truth }, (_, i) =>
      Array.from({ length: 40 }, () => Number(chance() < 1 / (i + 1))).reduce((a, b) => a + b, 0),
    );
    const incidence = incidenceOf(
      40,
      counts.filter((count) => count > 0),
    );
    sum += incidence.seen + unseenAtLeast(incidence);
    seen += incidence.seen;
  }
  assert.ok(seen / 200 < 50 && sum / 200 > seen / 200 + 5, `${seen / 200} ${sum / 200}`);
  assert.ok(sum / 200 < truth + 1, `${sum / 200}`);
});

test('the next new call is estimated by calls seen once, or by the rule of three', () => {
  assert.deepEqual(samplesToNext({ samples: 60, seen: 9, once: 4, twice: 0 }), {
    samples: 15,
    isLeast: false,
  });
  assert.deepEqual(samplesToNext({ samples: 60, seen: 9, once: 0, twice: 0 }), {
    samples: 20,
    isLeast: true,
  });
});

test('calls at work are counted by slices; those of a start are no rare calls', () => {
  const start = { slices: 1, phases: { start: 1 } };
  const { slices } = estimated(
    recording({
      calls: [...calls({ read: 60, write: 1, close: 2 }), call('execve', start), call('bind', start)],
    }),
  );
  assert.deepEqual(slices, {
    ...{ samples: 60, seen: 3, once: 1, twice: 1, unseen: 1 },
    ...{ next: 600, nextIsLeast: false },
  });
});

test('a call that was made once at work is rare, though the start made it in another slice', () => {
  const both = call('mmap', { slices: 2, count: 41, phases: { start: 40, serving: 1 } });
  assert.equal(estimated(recording({ calls: [both] })).slices.once, 1);
});

test('too few slices give no estimate', () => {
  const few = estimated(recording({ slices: 29, calls: calls({ read: 20, write: 1 }) }));
  assert.deepEqual([few.slices.unseen, few.slices.next], [null, null]);
  const none = estimated(recording({ slices: 0, calls: [] }));
  assert.deepEqual([none.slices.unseen, none.slices.next, none.lastNew], [null, null, null]);
});

test('slices of several recordings are added; of overlapping watches one counts', () => {
  const later = { begin: '2026-11-20T11:00:00Z', end: '2026-11-20T11:10:00Z' };
  const one = recording({ calls: calls({ read: 60, write: 1 }) });
  const added = estimated(one, recording({ ...later, calls: calls({ read: 60, write: 1, close: 1 }) }));
  assert.deepEqual([added.slices.samples, added.slices.once, added.slices.twice], [120, 1, 1]);
  const same = estimated(one, recording({ slices: 30, calls: calls({ read: 30, write: 1, close: 5 }) }));
  assert.deepEqual([same.slices.samples, same.slices.once, same.slices.twice], [60, 2, 0]);
});

test('hosts are samples, too, if there are enough', () => {
  assert.equal(estimated(recording()).hosts, null);
  const on = (name: string, ...names: string[]) =>
    recording({ host: hostNamed(name), calls: names.map((one) => call(one)) });
  const two = estimated(on('a', 'read', 'write'), on('b', 'read')).hosts!;
  assert.deepEqual([two.samples, two.once, two.unseen], [2, 1, null]);
  const five = estimated(
    ...['a', 'b', 'c', 'd'].map((name) => on(name, 'read')),
    on('e', 'read', 'write', 'close'),
  );
  // 4/5 * 2 * 1 / 2 = 0.8
  assert.deepEqual([five.hosts!.once, five.hosts!.unseen], [2, 1]);
});

test('the last new call is the one that was first seen last', () => {
  const later = { begin: '2026-11-20T23:50:00.000Z', end: '2026-11-21T00:10:00.000Z' };
  const { lastNew, days, seconds } = estimated(
    recording({ calls: [call('read', { first: 0 }), call('write', { first: 400 })] }),
    recording({ ...later, calls: [call('read'), call('write', { first: 0 }), call('close', { first: 60 })] }),
  );
  assert.deepEqual(lastNew, { call: 'close', at: '2026-11-20T23:51:00.000Z', quiet: 1140 });
  assert.deepEqual([days, seconds], [2, 1800]);
});

test('more calls that were seen once never reduce the estimate', () => {
  const counts = fc.array(fc.integer({ min: 1, max: 50 }));
  fc.assert(
    fc.property(counts, (shown) => {
      const more = unseenAtLeast(incidenceOf(50, [...shown, 1]));
      return more >= unseenAtLeast(incidenceOf(50, shown));
    }),
  );
});
