import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isRunning, restart } from '../../src/apply/activate.js';
import { type Behaviour, type FakeOptions, FakeSystem } from '../support/fake-system.js';

const UNIT = 'demo.service';

const service = (type: string) => `[Service]\nType=${type}\nExecStart=/bin/demod\n`;

function machine(
  behaviour: Behaviour,
  { type = 'simple', ...options }: FakeOptions & { type?: string } = {},
) {
  return new FakeSystem({
    files: { [`/usr/lib/systemd/system/${UNIT}`]: service(type) },
    behaviour: () => behaviour,
    ...options,
  });
}

const activation = { settle: 1500, probe: undefined };

test('a service that is restarted and stays up is right', async () => {
  const system = machine('works');
  assert.deepEqual(await restart(system, UNIT, activation), []);
  assert.deepEqual(system.calls, [
    'job restart demo.service',
    'unit demo.service',
    'wait 1500',
    'unit demo.service',
  ]);
});

const JOURNAL = 'the journal: a line / the last line';

const FAILURES: readonly [behaviour: Behaviour, message: string][] = [
  ['job-fails', "the restart of demo.service ended with 'failed' (exit-code, exit status 1)"],
  ['dies', 'demo.service did not stay up (signal, killed by SIGSYS: a refused system call)'],
  ['restarts', 'demo.service did not stay up'],
  ['finishes', 'demo.service is inactive after the restart'],
];

for (const [behaviour, message] of FAILURES) {
  test(`a service that '${behaviour}' is not: ${message}`, async () => {
    const found = await restart(machine(behaviour), UNIT, activation);
    assert.deepEqual(found, [{ severity: 'error', code: 'service-failed', message, hint: JOURNAL }]);
  });
}

test('a signal that is no SIGSYS is named by its number', async () => {
  const distort = (properties: Map<string, unknown>) => properties.set('ExecMainStatus', 11);
  const [found] = await restart(machine('dies', { distort }), UNIT, activation);
  assert.equal(found!.message, 'demo.service did not stay up (signal, killed by signal 11)');
});

test('a oneshot service may have finished', async () => {
  assert.deepEqual(await restart(machine('finishes', { type: 'oneshot' }), UNIT, activation), []);
});

test('an empty journal is not quoted', async () => {
  const programs = { journalctl: () => ({ status: 1, stdout: '', stderr: 'no journal' }) };
  const [found] = await restart(machine('job-fails', { programs }), UNIT, activation);
  assert.equal(found!.hint, undefined);
});

test('a probe is run after the settle time, and must succeed', async () => {
  const probe = ['/bin/probe', '--url', 'http://x/'];
  const ends = (status: number, stderr = '') =>
    machine('works', { programs: { '/bin/probe': () => ({ status, stdout: '', stderr }) } });
  const good = ends(0);
  assert.deepEqual(await restart(good, UNIT, { settle: 0, probe }), []);
  assert.equal(good.calls.at(-1), 'run /bin/probe --url http://x/');
  const [found] = await restart(ends(7, 'first\ncould not connect\n'), UNIT, { settle: 0, probe });
  assert.deepEqual(found, {
    severity: 'error',
    code: 'service-failed',
    message: "the probe '/bin/probe --url http://x/' ended with status 7: could not connect",
    hint: JOURNAL,
  });
});

test('a probe is not run on a service that did not stay up', async () => {
  const system = machine('dies');
  await restart(system, UNIT, { settle: 0, probe: ['/bin/probe'] });
  assert.ok(!system.calls.some((call) => call.startsWith('run /bin/probe')));
});

const STATES: readonly [state: string, running: boolean][] = [
  ['active', true],
  ['reloading', true],
  ['refreshing', true],
  ['activating', true],
  ['deactivating', false],
  ['inactive', false],
  ['failed', false],
  ['maintenance', false],
];

for (const [state, running] of STATES) {
  test(`a unit that is ${state} ${running ? 'runs' : 'does not run'}`, () => {
    assert.equal(isRunning(new Map([['ActiveState', state]])), running);
  });
}
