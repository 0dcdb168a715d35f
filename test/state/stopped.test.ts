import assert from 'node:assert/strict';
import { test } from 'node:test';
import { journalMatches, wasStopped } from '../../src/state/stopped.js';
import { isDown } from '../../src/system/unit-state.js';
import { machine, unitWith } from '../support/apply-in-memory.js';
import { UNIT } from '../support/demo-service.js';

/** MESSAGE_ID of the manager's messages: it begins to stop a unit, has stopped it, has started it (sd-messages.h). */
const [STOPPING, STOPPED, STARTED] = [
  'de5b426a63be47a7b6ac3eaac82e2f6f',
  '9d1aaa27d60140bd96365438aad20286',
  '39f53479d3a045ac8e11786248231fbf',
];

/** Whether a service that nobody has heard of was stopped, where the journal has this in one look after the other. */
async function stopped(ActiveState: string, ...entries: readonly (string | undefined)[]) {
  let looks = 0;
  const system = machine({
    programs: {
      journalctl: () => {
        const id = entries[looks++];
        return { status: 0, stdout: id === undefined ? '' : `{"MESSAGE_ID":"${id}"}\n`, stderr: '' };
      },
    },
  });
  const was = await wasStopped(system, { unit: UNIT, scope: 'system' }, await unitWith({ ActiveState }));
  return [was, looks];
}

test("the manager's last message about a dead unit tells whether somebody has stopped it", async () => {
  assert.deepEqual(await stopped('inactive', STOPPED), [true, 1]);
  assert.deepEqual(await stopped('inactive', STOPPING), [true, 1]);
  assert.deepEqual(await stopped('inactive', STARTED, STARTED, STARTED), [false, 3]);
  // The entry may take a moment to get there.
  assert.deepEqual(await stopped('inactive', undefined, STOPPED), [true, 2]);
});

test('one that failed is looked for once, one that is up not at all', async () => {
  assert.deepEqual(await stopped('failed', undefined, STOPPED), [false, 1]);
  assert.deepEqual(await stopped('failed', STOPPED), [true, 1]);
  assert.deepEqual(await stopped('active', STOPPED), [false, 0]);
});

test('a unit is dead if it is down, for whatever reason', async () => {
  const dead = async (ActiveState: string) => isDown(await unitWith({ ActiveState }));
  assert.deepEqual(await Promise.all(['inactive', 'failed'].map(dead)), [true, true]);
  assert.deepEqual(
    await Promise.all(['active', 'activating', 'deactivating', 'reloading'].map(dead)),
    new Array(4).fill(false),
  );
});

test("a user's manager logs under other names", () => {
  assert.deepEqual(journalMatches({ unit: UNIT, scope: 'system' }), [`UNIT=${UNIT}`, '_PID=1']);
  assert.deepEqual(journalMatches({ unit: UNIT, scope: 'user' }), ['--user', `USER_UNIT=${UNIT}`]);
});
