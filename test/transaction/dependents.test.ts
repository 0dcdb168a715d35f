import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startDependents } from '../../src/transaction/dependents.js';
import type { UndoRecord } from '../../src/transaction/undo-record-format.js';
import { UNIT } from '../support/demo-service.js';
import { type Behaviour, type FakeOptions, FakeSystem, fakeContext } from '../support/fake-system.js';

const AFFECTED = ['a.service', 'b.service', 'c.socket'];

const RECORD: UndoRecord = {
  ...{ unit: UNIT, boot: '', runs: [], affected: AFFECTED, step: 'restart', starts: false },
  ...{ installs: false, files: [] },
};

/** What is said of the dependents of a restarted service, and what was started. */
async function started(
  options: FakeOptions = {},
  record: Partial<UndoRecord> = {},
  own: readonly string[] = [],
) {
  const system = new FakeSystem(options);
  const context = fakeContext(system);
  const found = await startDependents(context, { ...RECORD, ...record }, { own: new Set(own) });
  return {
    said: found.map(({ severity, code, message }) => `${severity} ${code}: ${message.split(',')[0]}`),
    starts: system.calls.filter((call) => call.startsWith('start-unit ')).map((call) => call.split(' ')[1]),
  };
}

const again = (unit: string) => `note started-again: ${unit} went down with the restart of ${UNIT}`;

test('dependents that went down are started, those that start others first', async () => {
  assert.deepEqual(await started({ running: ['a.service'] }), {
    ...{ said: ['c.socket', 'b.service'].map(again).reverse(), starts: ['c.socket', 'b.service'] },
  });
});

test('one is started, too, if nobody heard who stopped it', async () => {
  const stdout = '{"MESSAGE_ID":"9d1aaa27d60140bd96365438aad20286"}\n';
  const programs = { journalctl: () => ({ status: 0, stdout, stderr: '' }) };
  const { starts } = await started({ running: ['a.service', 'c.socket'], programs });
  assert.deepEqual(starts, ['b.service']);
});

test('without a restart, or without dependents, nothing is asked', async () => {
  assert.deepEqual(await started({}, { step: 'write' }), { said: [], starts: [] });
  assert.deepEqual(await started({}, { affected: [] }), { said: [], starts: [] });
  assert.deepEqual(await started({ running: AFFECTED }), { said: [], starts: [] });
});

test('one that does not stay up is an error, unless a trial of its own tells of it', async () => {
  const behaviour = (unit: string): Behaviour => (unit === 'b.service' ? 'dies' : 'works');
  const options: FakeOptions = { behaviour, running: ['a.service', 'c.socket'] };
  const failed = `error dependent-failed: b.service went down with the restart of ${UNIT}`;
  assert.deepEqual((await started(options)).said, [failed]);
  assert.deepEqual((await started(options, {}, ['b.service'])).said, []);
});

test('one that systemd refuses to start is told, and the others are started', async () => {
  const options = { running: ['b.service'] };
  const { starts } = await started(options);
  assert.deepEqual(starts, ['c.socket', 'a.service']);
  const probe = new FakeSystem(options);
  await startDependents(fakeContext(probe), RECORD);
  const failAt = probe.calls.indexOf('start-unit c.socket') + 1;
  const { said, starts: others } = await started({ ...options, failAt });
  assert.deepEqual(others, ['c.socket', 'a.service']);
  assert.deepEqual(said, [
    `warning went-down: c.socket went down with the restart of ${UNIT}`,
    again('a.service'),
  ]);
});
