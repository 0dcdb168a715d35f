import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { waitFor } from '../../src/apply/wait-for.js';
import { FakeSystem, fakeContext } from '../support/fake-system.js';
import { unitState } from '../support/unit-state.js';

const UNIT = 'redis-server.service';
const STOPS = { ActiveState: 'deactivating', TimeoutStopUSec: 2n ** 64n - 1n };

/** The further line about a service that is waited for. */
async function moreAbout(properties: Readonly<Record<string, unknown>>): Promise<string | undefined> {
  const system = new FakeSystem();
  system.anyUnit = async () => unitState(properties);
  const context = fakeContext(system);
  let told: string | undefined;
  const tellIfLong = async <T>(_: string, job: () => Promise<T>, more?: () => Promise<typeof told>) => {
    told = await more?.();
    return job();
  };
  await waitFor({ ...context, caller: { ...context.caller, tellIfLong } }, UNIT, 'waiting …', async () => {});
  return told;
}

test("wait: a stop that may never end is reported with the service's status and the command that ends it", async () => {
  assert.equal(
    await moreAbout({ ...STOPS, StatusText: 'Saving failed' }),
    `${UNIT} is still stopping ('Saving failed'), and has no stop timeout (TimeoutStopSec=); 'systemctl kill -s KILL ${UNIT}' kills it, and unsaved data is lost`,
  );
  assert.match(
    (await moreAbout(STOPS))!,
    /^redis-server\.service is still stopping, and has no stop timeout /,
  );
  // A mount and a socket have one limit for their start and their stop.
  const mount = { ActiveState: 'deactivating', TimeoutUSec: STOPS.TimeoutStopUSec };
  assert.match((await moreAbout(mount))!, /is still stopping, and has no stop timeout /);
});

test("wait: a stop with a timeout of systemd's, and a start, have no such hint", async () => {
  assert.equal(await moreAbout({ ...STOPS, TimeoutStopUSec: 90_000_000n }), undefined);
  assert.equal(await moreAbout({ ...STOPS, ActiveState: 'activating' }), undefined);
});

describe('while an unconfirmed change waits for this run', () => {
  const UNDO = 'sandbox-unit-undo-1.service';
  /** Waits for a job that never ends. @param undo the state of the roll-back */
  async function waited(
    state: Readonly<Record<string, unknown>>,
    undo: string,
    longest?: number,
  ): Promise<string> {
    const system = new FakeSystem();
    system.services = async () => [UNIT, UNDO];
    system.unit = async () => unitState({ ActiveState: undo });
    system.anyUnit = async () => unitState(state);
    const context = fakeContext(system);
    let said = 'waits';
    waitFor(context, UNIT, 'waiting …', () => new Promise<void>(() => undefined), longest).catch(
      ({ diagnostics: [{ severity, code }] }) => {
        said = `${severity} ${code}`;
      },
    );
    // The clock is the fake machine's: after a minute all that may end the waiting has done so.
    for (let i = 0; i < 6; i++) {
      await system.wait(10_000);
      await setImmediate();
    }
    return said;
  }

  test('a stop or start without end is given up, so that the change is undone', async () => {
    assert.equal(await waited(STOPS, 'active'), 'error still-under-way');
    const starts = { ActiveState: 'activating', TimeoutStartUSec: 2n ** 64n - 1n };
    assert.equal(await waited(starts, 'active'), 'error still-under-way');
  });

  test("a job that has a timeout of systemd's is waited for", async () => {
    assert.equal(await waited({ ...STOPS, TimeoutStopUSec: 90_000_000n }, 'active'), 'waits');
  });

  test('a job is given up after the longest wait, and not earlier', async () => {
    assert.equal(await waited(STOPS, 'active', 60_000), 'warning still-under-way');
    assert.equal(await waited(STOPS, 'active', 70_000), 'waits');
  });

  test('a stop without end is waited for if nothing has to be undone', async () => {
    assert.equal(await waited(STOPS, 'inactive'), 'waits');
  });
});
