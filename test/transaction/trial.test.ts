import assert from 'node:assert/strict';
import { test } from 'node:test';
import { restartObstacle } from '../../src/restart/service-obstacles.js';
import { isRunning } from '../../src/state/service-run.js';
import { restart, type Trial, tryOut } from '../../src/transaction/trial.js';
import { UNIT } from '../support/demo-service.js';
import { type Behaviour, type FakeOptions, FakeSystem } from '../support/fake-system.js';
import { planned } from '../support/planned.js';
import { unitState } from '../support/unit-state.js';

const service = (type: string) => `[Service]\nType=${type}\nExecStart=/bin/demod\n`;

function machine(
  behaviour: Behaviour,
  { type = 'simple', ...options }: FakeOptions & { type?: string } = {},
) {
  return new FakeSystem({
    files: {
      [`/usr/lib/systemd/system/${UNIT}`]: service(type),
      [`/etc/systemd/system/${UNIT}.d/zz-sandbox-unit.conf`]: '[Service]\n',
    },
    behaviour: () => behaviour,
    running: [UNIT],
    ...options,
  });
}

const trial = { plan: planned('[syscalls]\ndeny = ["uname"]\n'), settle: 1500, probe: undefined };

/** Restarts a service, and tries it out if it starts. */
async function start(system: FakeSystem, more: Partial<Trial> = {}) {
  const found = await restart(system, { unit: UNIT, scope: 'system', plan: trial.plan });
  return found.length > 0 ? found : tryOut(system, { ...trial, ...more });
}

test('a service that is restarted and stays up is right', async () => {
  const system = machine('works');
  assert.deepEqual(await start(system), []);
  assert.deepEqual(system.calls, [
    'unit demo.service',
    'restart demo.service',
    'unit demo.service',
    'unit demo.service',
    'wait 1500',
    'unit demo.service',
    'read /proc/101/status',
  ]);
});

const SAID = 'it said: a line / the last line';

const WHICH_CALL =
  "'sandbox-unit explain --record demo.service' runs it once with no call refused, and names all that it needs; ";

const FAILURES: readonly [behaviour: Behaviour, message: string][] = [
  ['job-fails', "the restart of demo.service ended with 'failed' (exit-code, exit status 1)"],
  ['dies', 'demo.service did not stay up (signal, killed by SIGSYS: a refused system call)'],
  ['restarts', 'demo.service did not stay up'],
  ['finishes', 'demo.service is inactive after the restart'],
];

for (const [behaviour, message] of FAILURES) {
  test(`a service that '${behaviour}' is not: ${message}`, async () => {
    const found = await start(machine(behaviour));
    assert.deepEqual(found, [
      { severity: 'error', code: 'service-failed', message, hint: WHICH_CALL + SAID },
    ]);
  });
}

test('a signal that is no SIGSYS is named by its number', async () => {
  const distort = (properties: Map<string, unknown>) => properties.set('ExecMainStatus', 11);
  const [found] = await start(machine('dies', { distort }));
  assert.equal(found!.message, 'demo.service did not stay up (signal, killed by signal 11)');
});

test('a oneshot service may have finished', async () => {
  assert.deepEqual(await start(machine('finishes', { type: 'oneshot' })), []);
});

for (const [property, value] of [
  ['RemainAfterExit', true],
  ['ConditionResult', false],
] as const) {
  test(`one that is inactive with ${property} ${value} has not`, async () => {
    const distort = (properties: Map<string, unknown>) => properties.set(property, value);
    const [found] = await start(machine('finishes', { type: 'oneshot', distort }));
    assert.equal(found!.message, 'demo.service is inactive after the restart');
  });
}

test('where the journal has nothing of the programs, the way to the rest is shown', async () => {
  const programs = { journalctl: () => ({ status: 1, stdout: '', stderr: 'no journal' }) };
  const [found] = await start(machine('job-fails', { programs }));
  assert.equal(found!.hint, `${WHICH_CALL}see journalctl --unit demo.service`);
});

test("the journal of a user's unit is asked for as such", async () => {
  const system = machine('job-fails');
  await restart(system, { unit: UNIT, scope: 'user', plan: undefined });
  const [, call] = system.calls.filter((one) => one.startsWith('run journalctl '));
  assert.match(call!, / --user _SYSTEMD_USER_UNIT=demo\.service$/);
});

test('what is quoted was said by the run that failed', async () => {
  const runs: string[] = [];
  const distort = (properties: Map<string, unknown>) =>
    properties.set('InvocationID', [runs.push(String(properties.get('ActiveState')))]);
  const entry = (run: string) =>
    `${JSON.stringify({ MESSAGE: `of run ${run}`, _SYSTEMD_INVOCATION_ID: run })}\n`;
  const stdout = ['01', '02', '03', '04'].map(entry).join('');
  const programs = { journalctl: () => ({ status: 0, stdout, stderr: '' }) };
  const [restarted] = await start(machine('restarts', { distort, programs }));
  // The first look is at the start, the next at the run that stays up for a while.
  assert.match(restarted!.hint!, /it said: of run 03$/);
  const nameless = (properties: Map<string, unknown>) => properties.delete('InvocationID');
  const [unnamed] = await start(machine('job-fails', { distort: nameless }));
  assert.match(unnamed!.hint!, /it said: a line \/ the last line$/);
});

test('a recorded run is proposed where a call may have been refused', async () => {
  const hint = async (policy: string) => {
    const plan = planned(policy);
    return (await restart(machine('job-fails'), { unit: UNIT, scope: 'system', plan }))[0]!.hint;
  };
  assert.equal(await hint('[syscalls]\ndeny = ["uname:EPERM"]'), WHICH_CALL + SAID);
  assert.equal(await hint('[service]\nProtectHome = true'), SAID);
  assert.equal(await hint('[syscalls]\nlog = ["uname"]'), SAID);
  assert.equal(
    (await restart(machine('job-fails'), { unit: UNIT, scope: 'system', plan: undefined }))[0]!.hint,
    SAID,
  );
  const distort = (properties: Map<string, unknown>) => properties.set('ExecMainStatus', 226);
  const [unstarted] = await restart(machine('job-fails', { distort }), {
    unit: UNIT,
    scope: 'system',
    plan: trial.plan,
  });
  assert.equal(unstarted!.hint, SAID);
});

test('a probe is run after the settle time, and must succeed', async () => {
  const probe = ['/bin/probe', '--url', 'http://x/'];
  const ends = (status: number, stderr = '', late = false) =>
    machine('works', { programs: { '/bin/probe': () => ({ status, stdout: '', stderr, late }) } });
  const good = ends(0);
  assert.deepEqual(await start(good, { probe }), []);
  assert.equal(good.calls.at(-1), 'run /bin/probe --url http://x/');
  const [found] = await start(ends(7, 'first\ncould not connect\n'), { probe });
  assert.deepEqual(found, {
    severity: 'error',
    code: 'service-failed',
    message: "the probe '/bin/probe --url http://x/' ended with status 7: could not connect",
    hint: WHICH_CALL + SAID,
  });
  const [late] = await start(ends(137, '', true), { probe });
  assert.equal(late!.message, "the probe '/bin/probe --url http://x/' did not end within 60 s");
  const [missing] = await start(machine('works'), { probe });
  assert.equal(missing!.message, "the probe '/bin/probe' can't be run: no such file");
  assert.match(missing!.hint!, /^'probe' in \[apply\]/);
});

test('a probe is not run on a service that did not stay up', async () => {
  const system = machine('dies');
  await start(system, { probe: ['/bin/probe'] });
  assert.ok(!system.calls.some((call) => call.startsWith('run /bin/probe')));
});

for (const state of ['active', 'reloading', 'refreshing']) {
  test(`a service that is ${state} when it has settled has stayed up`, async () => {
    let looks = 0;
    const distort = (properties: Map<string, unknown>) => {
      if (++looks === 4) properties.set('ActiveState', state);
    };
    assert.deepEqual(await start(machine('works', { distort })), []);
    assert.equal(looks, 4);
  });
}

test('the bus that leads to the manager is never restarted', () => {
  const obstacle = (Id: string) => restartObstacle(unitState({ Id }));
  for (const unit of ['dbus.service', 'dbus-broker.service']) assert.match(obstacle(unit)!, /bus/);
  assert.equal(obstacle('demo.service'), undefined);
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
    assert.equal(isRunning(unitState({ ActiveState: state })), running);
  });
}
