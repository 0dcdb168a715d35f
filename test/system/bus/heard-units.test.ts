import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HeardUnits } from '../../../src/system/bus/heard-units.js';
import { UNIT } from '../../support/demo-service.js';

/** What is heard of a unit: `new JOB`, `new JOB TYPE`, `STATE`, `done JOB`, `canceled JOB`; `ask` and `own JOB` are what this program does. */
async function heard(...events: readonly string[]) {
  const units = new HeardUnits();
  units.watch(UNIT);
  for (const event of events) {
    const [what = '', job = '', type] = event.split(' ');
    if (what === 'new') units.onNewJob(job, UNIT, type === undefined ? undefined : async () => type);
    else if (what === 'done' || what === 'canceled') units.onEndOfJob(job, UNIT, what);
    else if (what === 'ask') units.expect(UNIT);
    else if (what === 'own') units.own(job);
    else units.onState(UNIT, what, job === 'skipped');
  }
  // Answers come after what is heard meanwhile.
  await Promise.resolve();
  const { stopped, failed } = units.heard(UNIT)!;
  return `${stopped ? 'stopped' : ''}${failed ? 'failed' : ''}`;
}

const OWN_RESTART = ['ask', 'new 1', 'own 1', 'deactivating', 'inactive', 'active', 'done 1'];

const SCENES: Readonly<Record<string, readonly [events: readonly string[], says: string]>> = {
  nothing: [[], ''],
  'a restart of ours': [OWN_RESTART, ''],
  'a stop': [['new 2', 'deactivating', 'inactive', 'done 2'], 'stopped'],
  'a stop after a restart of ours': [
    [...OWN_RESTART, 'new 2', 'deactivating', 'inactive', 'done 2'],
    'stopped',
  ],
  'a stop in which it fails': [['new 2', 'deactivating', 'failed', 'done 2'], 'stopped'],
  'a restart by others': [['new 2', 'deactivating', 'inactive', 'activating', 'active', 'done 2'], ''],
  'a restart in whose stop it fails': [['new 2', 'deactivating', 'failed', 'active', 'done 2'], ''],
  'a restart by others that leaves it down': [['new 2 restart', 'deactivating', 'inactive', 'done 2'], ''],
  'a stop that is asked for while it starts': [
    ['activating', 'new 2 stop', 'activating', 'inactive', 'done 2'],
    'stopped',
  ],
  'a start that is skipped, of a job that nobody knows': [['new 2', 'activating', 'inactive', 'done 2'], ''],
  'a start that is skipped by a condition': [['new 2', 'deactivating', 'inactive skipped', 'done 2'], ''],
  'an end by itself': [['deactivating', 'inactive'], ''],
  'a failure': [['failed'], 'failed'],
  'a failure, and a start by others': [['failed', 'new 2', 'activating', 'active', 'done 2'], 'failed'],
  'a failure in a start of ours': [['ask', 'new 1', 'own 1', 'failed', 'done 1'], ''],
  'a failure before a restart of ours': [['failed', ...OWN_RESTART], ''],
  'a stop, and a restart of ours that does nothing for that': [
    ['new 2', 'inactive', 'done 2', 'ask', 'new 1', 'own 1', 'done 1'],
    'stopped',
  ],
  'a stop, and a start of ours': [['new 2', 'inactive', 'done 2', ...OWN_RESTART], ''],
  'a stop that nobody waits for': [['new 2', 'deactivating', 'canceled 2', 'inactive'], ''],
  'the end of a stop that was asked for before': [['inactive', 'done 2'], ''],
  'a start by others where it runs, and an end by itself': [['active', 'new 2', 'done 2', 'inactive'], ''],
};

for (const [what, [events, says]] of Object.entries(SCENES)) {
  test(`${what}: ${says || 'neither stopped nor failed'}`, async () =>
    assert.equal(await heard(...events), says));
}

test('of what is not listened to nothing is known', () => {
  assert.equal(new HeardUnits().heard(UNIT), undefined);
});

test('once signals may have been missed nothing is known, until who asks listens anew', () => {
  const units = new HeardUnits();
  units.watch(UNIT);
  units.forget();
  units.onState(UNIT, 'inactive');
  assert.equal(units.heard(UNIT), undefined);
  units.watch(UNIT);
  assert.deepEqual(units.heard(UNIT), { stopped: false, failed: false });
});

test('who listens anew has heard nothing before', () => {
  const units = new HeardUnits();
  units.watch(UNIT);
  units.onState(UNIT, 'failed');
  units.watch(UNIT);
  assert.deepEqual(units.heard(UNIT), { stopped: false, failed: false });
});
