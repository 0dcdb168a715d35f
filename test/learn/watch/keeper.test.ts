import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Keeper } from '../../../src/learn/watch/keeper.js';
import type { Watched } from '../../../src/learn/watch/keeping.js';
import { UNIT } from '../../support/demo-service.js';
import { dump } from '../../support/dumps.js';
import { failure } from '../../support/failure.js';
import { fakeContext } from '../../support/fake-system.js';
import { unitState } from '../../support/unit-state.js';
import { seenMachine } from '../../support/watch-in-memory.js';

const watched = (more: Partial<Watched> = {}): Watched => ({
  machine: 'x86-64',
  service: { name: UNIT, state: unitState() },
  ...{ begin: 0, end: 60_000, slice: 10, dump: JSON.stringify(dump()), events: [], lostEvents: 0 },
  truncated: true,
  ...more,
});

test('a recording takes the place of that of the first part', async () => {
  const system = seenMachine();
  const keeper = new Keeper(fakeContext(system));
  await keeper.keep([watched()]);
  await keeper.keep([watched({ end: 120_000, truncated: false, lostEvents: 7 })]);
  const stored = [...system.files.keys()].filter((path) => path.includes('/recordings/'));
  const [{ recording, path } = assert.fail()] = keeper.latest();
  assert.deepEqual([path, recording.truncated, recording.lost.events], [stored[0], false, 7]);
  assert.equal(stored.length, 1);
});

test('where one can not be kept, the others are', async () => {
  const system = seenMachine();
  const keeper = new Keeper(fakeContext(system));
  const other = { service: { name: 'other.service', state: unitState() }, dump: '{' };
  assert.equal((await failure(keeper.keep([watched(other), watched()])))[0], 'observer-line');
  assert.deepEqual(
    keeper.latest().map(({ recording: { unit } }) => unit),
    [UNIT],
  );
});
