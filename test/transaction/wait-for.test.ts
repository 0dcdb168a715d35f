import assert from 'node:assert/strict';
import { test } from 'node:test';
import { waitFor } from '../../src/transaction/wait-for.js';
import { FakeSystem, fakeContext } from '../support/fake-system.js';
import { unitState } from '../support/unit-state.js';

const UNIT = 'redis-server.service';
const STOPS = { ActiveState: 'deactivating', TimeoutStopUSec: 2n ** 64n - 1n };

/** The further line about a service that is waited for. */
async function moreAbout(properties: Readonly<Record<string, unknown>>): Promise<string | undefined> {
  const system = new FakeSystem();
  system.unit = async () => unitState(properties);
  const context = fakeContext(system);
  let told: string | undefined;
  const tellIfLong = async <T>(_: string, job: () => Promise<T>, more?: () => Promise<typeof told>) => {
    told = await more?.();
    return job();
  };
  await waitFor({ ...context, caller: { ...context.caller, tellIfLong } }, UNIT, 'waiting …', async () => {});
  return told;
}

test('a stop that may never end is named with what the service says and the command that ends it', async () => {
  assert.equal(
    await moreAbout({ ...STOPS, StatusText: 'Saving failed' }),
    `${UNIT} doesn't stop, and says 'Saving failed'; systemd waits without end (TimeoutStopSec=), and 'systemctl kill -s KILL ${UNIT}' ends it, unsaved data with it`,
  );
  assert.match((await moreAbout(STOPS))!, /^redis-server\.service doesn't stop; /);
});

test('a stop that systemd ends itself, and a start, have no such line', async () => {
  assert.equal(await moreAbout({ ...STOPS, TimeoutStopUSec: 90_000_000n }), undefined);
  assert.equal(await moreAbout({ ...STOPS, ActiveState: 'activating' }), undefined);
});
