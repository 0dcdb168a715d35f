import assert from 'node:assert/strict';
import { test } from 'node:test';
import { journalMatches } from '../../../src/machine/state/failure.js';
import { wasStopped } from '../../../src/machine/state/stopped.js';
import { isDown } from '../../../src/machine/unit-state.js';
import { machine, unitWith } from '../../support/apply-in-memory.js';
import { UNIT } from '../../support/demo-service.js';

/** MESSAGE_ID of the manager's messages: it begins to stop a unit, has stopped it, has started it (sd-messages.h). */
const [STOPPING, STOPPED, STARTED] = [
  'de5b426a63be47a7b6ac3eaac82e2f6f',
  '9d1aaa27d60140bd96365438aad20286',
  '39f53479d3a045ac8e11786248231fbf',
];

/** Whether a service counts as stopped, where the journal has this last about a run of it, and whether the journal was asked. */
async function stopped(
  ActiveState: string,
  last?: string,
  run = 'a'.repeat(32),
  invocationId = 'a'.repeat(32),
) {
  const state = { ...(await unitWith({ ActiveState })), invocationId };
  const has = (argv: readonly string[]) => {
    const [asked] = argv.filter((word) => word.startsWith('INVOCATION_ID='));
    return last !== undefined && (asked ?? `INVOCATION_ID=${run}`) === `INVOCATION_ID=${run}`;
  };
  const journalctl = (argv: readonly string[]) => ({
    ...{ status: 0, stderr: '' },
    stdout: has(argv) ? `{"MESSAGE_ID":"${last}"}\n` : '',
  });
  const system = machine({ programs: { journalctl } });
  const was = await wasStopped(system, { unit: UNIT, scope: 'system' }, state);
  return [was, system.calls.some((call) => call.startsWith('run journalctl'))];
}

test("the manager's last message about a stopped unit says whether it was stopped on request", async () => {
  assert.deepEqual(await stopped('inactive', STOPPED), [true, true]);
  assert.deepEqual(await stopped('inactive', STOPPING), [true, true]);
  assert.deepEqual(await stopped('inactive', STARTED), [false, true]);
  assert.deepEqual(await stopped('inactive'), [false, true]);
  assert.deepEqual(await stopped('failed', STOPPED), [true, true]);
  assert.deepEqual(await stopped('failed', STOPPED, 'b'.repeat(32)), [false, true], 'of an earlier run');
  assert.deepEqual(
    await stopped('inactive', STOPPED, 'b'.repeat(32), ''),
    [true, true],
    'of an unloaded unit',
  );
  assert.deepEqual(await stopped('active', STOPPED), [false, false]);
});

test('a unit is dead if it is down, for any reason', async () => {
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
