import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Records } from '../../src/explain/records/records.js';
import { refusedSinceStart } from '../../src/explain/refused-since-start.js';
import { type FakeOptions, fakeContext } from '../support/fake-system.js';
import { KEPT_FILE, kept, keptFile } from '../support/kept-refusals.js';
import { type Logs, machine, RAN, record, START, UNIT } from '../support/refusals-in-memory.js';

const WHOLE = { begins: START - 100 };

async function refused(logs: Logs, options: FakeOptions = {}, isSilent = false) {
  const system = machine(logs, options);
  const sources = { records: new Records(system), isSilent };
  const services = [{ name: UNIT, state: await system.unit(UNIT) }];
  const found = await refusedSinceStart(fakeContext(system), services, sources);
  return found && { ...found, calls: found.calls.map(({ call, got, count }) => [call.name, got, count]) };
}

/** A record of a call that was let through. */
const logged = (pid: number, nr: number) => record(pid, nr).replace('code=0x80000000', 'code=0x7ffc0000');

test('status: counts refused calls, not those let through', async () => {
  const records = [record(100, 165), record(100, 165), record(100, 41), logged(100, 1)];
  assert.deepEqual(await refused({ ...WHOLE, records }), {
    calls: [
      ['mount', 'killed', 1],
      ['socket', 'killed', 1],
    ],
    count: 2,
    others: [],
    unseen: [],
  });
});

test('status: has the number 0 only if no record can be missing', async () => {
  const set = (name: string, value: unknown) => ({
    distort: (properties: Map<string, unknown>) => properties.set(name, value),
  });
  const none = { calls: [], others: [], count: 0, unseen: [] };
  const unknown = { calls: [], others: [], count: undefined, unseen: ['errno'] };
  assert.deepEqual(await refused(WHOLE), none);
  assert.deepEqual(await refused(WHOLE, {}, true), unknown);
  assert.deepEqual(await refused(WHOLE, set('RestrictRealtime', true)), unknown);
  assert.deepEqual(await refused(WHOLE, set('SystemCallFilter', [false, ['mount:EPERM']])), unknown);
  assert.deepEqual(await refused(WHOLE, set('SystemCallFilter', [false, ['mount:kill', 'bpf']])), none);
  assert.deepEqual((await refused({}))?.unseen, ['unreadable']);
});

test('status: counts a seen call although more may be missing', async () => {
  const found = await refused({ ...WHOLE, records: [record(100, 165)] }, {}, true);
  assert.deepEqual([found?.count, found?.unseen], [1, ['errno']]);
});

test('status: knows a program behind the launcher by its path', async () => {
  const argv = ['/launcher', '--filter=/f', '--', RAN];
  const distort = (properties: Map<string, unknown>) => {
    properties.set('ExecStartEx', [['/launcher', argv, []]]);
  };
  const found = await refused({ ...WHOLE, records: [record(999, 165)] }, { distort });
  assert.equal(found?.count, 1);
});

test('status: has no number for a service that was never started', async () => {
  assert.equal(await refused(WHOLE, { running: [] }), undefined);
});

test("status: counts the other recordings if one can't be read", async () => {
  const folder = `/var/lib/sandbox-unit/recordings/${UNIT}`;
  const files = { [`${folder}/20260101T000000Z-h-00000000.json`]: '{}' };
  const found = await refused({ ...WHOLE, records: [record(100, 165)] }, { files });
  assert.deepEqual([found?.count, found?.unseen], [1, ['lost']]);
});

/** The file of a watch: a call, a path, and one for which the unit's lines may not be the reason. */
const watched = (since: number, until: number) => {
  const call = { arch: 0xc000003e, nr: 165, errno: 1 };
  const refusals = [kept({ kind: 'call', call, count: 3 }), kept({ count: 2 }), kept({ certain: false })];
  return { [KEPT_FILE]: keptFile({ since, until, refusals }) };
};
const BEFORE = START * 1000 - 60_000;
const NOW = machine().now();

test('status: has the exact number where a watch has seen the whole run, without a look at the logs', async () => {
  const logs = { ...WHOLE, records: [record(100, 41)] };
  const found = await refused(logs, { files: watched(BEFORE, NOW) }, true);
  assert.deepEqual(
    { ...found, others: found?.others.map(({ count }) => count) },
    { calls: [['mount', 'failed', 3]], count: 5, others: [2], unseen: [] },
  );
});

test('status: counts what a watch saw that began later beside the logs', async () => {
  const logs = { ...WHOLE, records: [record(100, 41)] };
  const found = await refused(logs, { files: watched(NOW, NOW) }, true);
  assert.deepEqual([found?.count, found?.calls.length, found?.unseen], [6, 2, ['errno']]);
});

test('status: counts the logs, too, where a watch had no room for all', async () => {
  const logs = { ...WHOLE, records: [record(100, 41)] };
  const file = keptFile({ since: BEFORE, until: NOW, lost: 1, refusals: [kept({ count: 2 })] });
  const found = await refused(logs, { files: { [KEPT_FILE]: file } });
  assert.deepEqual([found?.count, found?.unseen], [3, ['lost']]);
});

test('status: leaves out what a watch saw refused to an earlier run', async () => {
  const found = await refused(WHOLE, { files: watched(BEFORE, BEFORE) });
  assert.deepEqual([found?.count, found?.others], [0, []]);
});
