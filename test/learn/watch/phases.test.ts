import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Events } from '../../../src/learn/watch/events.js';
import { Phases } from '../../../src/learn/watch/phases.js';
import { unitState } from '../../support/unit-state.js';

const state = (activeState: string, run = 1) =>
  unitState({ ActiveState: activeState, InvocationID: Buffer.from([run]) });

test('a service goes through its phases', () => {
  const events = new Events();
  const phases = new Phases(state('active'), events);
  const looks: readonly [string, number, number, string | undefined][] = [
    ['active', 0, 0, undefined],
    ['reloading', 0, 1, 'reload'],
    ['active', 0, 2, 'serving'],
    ['deactivating', 0, 3, 'stop'],
    ['inactive', 0, 4, undefined],
    ['activating', 1, 5, undefined],
    ['active', 1, 5.5, undefined],
    ['active', 1, 6.2, 'serving'],
  ];
  for (const [activeState, lives, at, told] of looks) {
    const entered = phases.look(state(activeState, 1 + lives), lives, at);
    assert.equal(entered?.phase, told, `${activeState} at ${at}`);
  }
  assert.deepEqual(
    events.kept.map(({ what, at }) => [what, at]),
    [
      ['serving', 0],
      ['reload', 1],
      ['serving', 2],
      ['stop', 3],
      ['start', 5],
      ['serving', 6.2],
    ],
  );
});

test('a start between two looks is seen by its invocation', () => {
  const phases = new Phases(state('active', 1), new Events());
  assert.equal(phases.look(state('active', 2), 0, 10), undefined);
  assert.equal(phases.phase, 'start');
  assert.equal(phases.look(state('active', 2), 0, 11)?.phase, 'serving');
});

test('a stop between two looks is seen, and a failure is none', () => {
  const events = new Events();
  const phases = new Phases(state('active'), events);
  assert.equal(phases.look(state('failed'), 0, 1), undefined);
  assert.equal(phases.look(state('inactive'), 0, 2)?.phase, 'stop');
  assert.equal(phases.look(state('inactive'), 0, 3), undefined);
  assert.deepEqual(events.kept.at(-1), { what: 'stop', at: 2 });
});

test('a service that is down is in no phase until it starts', () => {
  const events = new Events();
  const phases = new Phases(state('inactive', 0), events);
  assert.equal(phases.phase, undefined);
  assert.equal(phases.look(state('inactive', 0), 0, 1), undefined);
  assert.deepEqual(events.kept, []);
});

test('a phase that is caused lasts until the manager shows it, or it is over', () => {
  const events = new Events();
  const phases = new Phases(state('active'), events);
  phases.hold('reload', 5);
  assert.equal(phases.look(state('active'), 0, 5.2), undefined);
  assert.equal(phases.phase, 'reload');
  phases.release(true);
  assert.equal(phases.look(state('active'), 0, 6)?.phase, 'serving');
  phases.hold('stop', 7);
  assert.equal(phases.look(state('active', 2), 1, 7.2), undefined);
  assert.equal(phases.phase, 'start');
  assert.equal(phases.look(state('active', 2), 1, 9)?.phase, 'serving');
  phases.hold('reload', 10);
  phases.release(false);
  assert.deepEqual(
    events.kept.map(({ what, at }) => `${what} ${at}`),
    ['serving 0', 'reload 5', 'serving 6', 'stop 7', 'start 7.2', 'serving 9'],
  );
});

test('a service that has started is told to be ready since then, however late that is seen', () => {
  const phases = new Phases(state('active'), new Events());
  const active = (run: number, since: number) =>
    unitState({
      ...{ ActiveState: 'active', InvocationID: Buffer.from([run]) },
      ActiveEnterTimestampMonotonic: BigInt(since),
    });
  assert.equal(phases.look(state('activating', 2), 1, 1), undefined);
  assert.deepEqual(phases.look(active(2, 5_000_000), 1, 9), { phase: 'serving', since: 6_000_000 });
  assert.deepEqual(phases.look(state('reloading', 2), 1, 10), { phase: 'reload' });
  assert.deepEqual(phases.look(active(2, 5_000_000), 1, 11), { phase: 'serving' });
});

test('a reload that ends in another start was none', () => {
  const events = new Events();
  const phases = new Phases(state('active'), events);
  phases.hold('reload', 1);
  phases.look(state('activating', 2), 1, 2);
  assert.deepEqual(
    events.kept.map(({ what }) => what),
    ['serving', 'start'],
  );
});
