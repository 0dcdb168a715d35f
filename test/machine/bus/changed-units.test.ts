import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ChangedUnits } from '../../../src/machine/bus/bus.js';

const STATE = (active: string, sub: string) =>
  new Map([
    ['ActiveState', active],
    ['SubState', sub],
  ]);

test('a unit is followed from the first request on', () => {
  const units = new ChangedUnits();
  units.note('/a', STATE('active', 'running'));
  assert.equal(units.ask('/a'), undefined);
  assert.equal(units.ask('/a'), false);
  units.note('/a', STATE('active', 'running'));
  units.note('/b', STATE('active', 'running'));
  assert.deepEqual([units.ask('/a'), units.ask('/a'), units.ask('/b')], [true, false, undefined]);
  units.noteAll();
  assert.deepEqual([units.ask('/a'), units.ask('/b')], [true, true]);
});

test('a state change wakes the present or the next wait; other changes do not', () => {
  const units = new ChangedUnits();
  let woken = 0;
  const wake = () => void woken++;
  units.ask('/a');
  units.onState(wake);
  for (const sub of ['running', 'running', 'stop']) units.note('/a', STATE('active', sub));
  assert.equal(woken, 2);
  units.onState(undefined);
  units.note('/a', STATE('inactive', 'dead'));
  assert.equal(woken, 2);
  units.onState(wake);
  units.onState(wake);
  assert.equal(woken, 3);
});
