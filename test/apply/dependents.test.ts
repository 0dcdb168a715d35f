import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startDependents } from '../../src/apply/dependents.js';
import { UNIT } from '../support/demo-service.js';
import { type Behaviour, type FakeOptions, FakeSystem, fakeContext } from '../support/fake-system.js';

const job = (unit: string, type = 'restart') => ({ unit, type });
const ALONG = [job('a.service'), job('b.service', 'stop'), job('c.socket'), job('pulled.service', 'start')];

/** What is said of the dependents of a restarted service, and what was started. */
async function started(options: FakeOptions = {}, along = ALONG, own: readonly string[] = []) {
  const system = new FakeSystem(options);
  const unit = { unit: UNIT, due: [UNIT], along };
  const found = await startDependents(fakeContext(system), unit, { own: new Set(own) });
  return {
    said: found.map(({ severity, code, message }) => `${severity} ${code}: ${message.split(',')[0]}`),
    starts: system.calls.filter((call) => call.startsWith('start-unit ')).map((call) => call.split(' ')[1]),
    calls: system.calls,
  };
}

const again = (unit: string) => `note went-down: ${unit} went down with the restart of ${UNIT}`;

test('dependents that are down after a restart are started, in the order of their dependencies', async () => {
  const { said, starts } = await started({ running: ['a.service'] });
  assert.deepEqual(starts, ['c.socket', 'b.service']);
  assert.deepEqual(said, [again('c.socket'), again('b.service')]);
});

test('nothing is started if no dependent is down', async () => {
  for (const along of [[], ALONG.slice(0, 1), ALONG.slice(-1)]) {
    const { said, starts } = await started({ running: ['a.service'] }, along);
    assert.deepEqual([said, starts], [[], []]);
  }
});

test('a dependent that does not stay up is an error, unless it has a trial of its own', async () => {
  const behaviour = (unit: string): Behaviour => (unit === 'b.service' ? 'dies' : 'works');
  const options: FakeOptions = { behaviour, running: ['a.service', 'c.socket'] };
  const failed = `error went-down: b.service went down with the restart of ${UNIT}`;
  assert.deepEqual((await started(options)).said, [failed]);
  assert.deepEqual((await started(options, ALONG, ['b.service'])).said, []);
});

test('a dependent that systemd refuses to start is a warning, and the others are started', async () => {
  const options = { running: ['b.service'] };
  const { calls } = await started(options);
  const { said, starts } = await started({ ...options, failAt: calls.indexOf('start-unit c.socket') + 1 });
  assert.deepEqual(starts, ['c.socket', 'a.service']);
  const refused = `warning went-down: c.socket went down with the restart of ${UNIT}`;
  assert.deepEqual(said, [refused, again('a.service')]);
});
