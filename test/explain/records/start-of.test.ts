import assert from 'node:assert/strict';
import { test } from 'node:test';
import { phaseAt, startOf } from '../../../src/explain/records/start-of.js';
import { unitState } from '../../support/unit-state.js';

/** A unit that was started 100 seconds after 1970, its main process at once, by seconds. */
const started = (served: number, activeState = 'active') =>
  unitState({
    ActiveState: activeState,
    InactiveExitTimestamp: 100_000_000n,
    ActiveEnterTimestamp: BigInt(served) * 1_000_000n,
  });

test('the start of a time in the last run: of the run, or of readiness', () => {
  const state = started(103);
  assert.equal(startOf(state), 99_990);
  const found = [99_000, 100_000, 102_900, 103_000, 500_000].map((time) => phaseAt(time, state));
  assert.deepEqual(found, [undefined, 'start', 'start', 'ready', 'ready']);
});

test('a run that never got ready has only its start', () => {
  for (const served of [0, 50])
    assert.equal(phaseAt(500_000, started(served, 'failed')), 'start', `${served}`);
});

test("the start is unknown if the manager doesn't answer", () => {
  assert.equal(phaseAt(500_000, started(0)), undefined);
  assert.equal(phaseAt(500_000, unitState()), undefined);
});
