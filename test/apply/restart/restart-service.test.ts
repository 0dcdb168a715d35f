import assert from 'node:assert/strict';
import { test } from 'node:test';
import { restart } from '../../../src/apply/restart/restart-service.js';
import type { Plan } from '../../../src/plan/plan.js';
import { UNIT } from '../../support/demo-service.js';
import { type Behaviour, type FakeOptions, FakeSystem } from '../../support/fake-system.js';
import { planned } from '../../support/planned.js';

const machine = (
  behaviour: Behaviour,
  { type = 'simple', ...options }: FakeOptions & { type?: string } = {},
) =>
  new FakeSystem({
    files: {
      [`/usr/lib/systemd/system/${UNIT}`]: `[Service]\nType=${type}\nExecStart=/bin/demod\n`,
      [`/etc/systemd/system/${UNIT}.d/zz-sandbox-unit.conf`]: '[Service]\n',
    },
    behaviour: () => behaviour,
    running: [UNIT],
    ...options,
  });

const PLAN = planned('[syscalls]\ndeny = ["uname"]\n');

const restarted = (system: FakeSystem, plan?: Plan) => restart(system, { unit: UNIT, scope: 'system', plan });

const SAID = 'it said: a line / the last line';

const WHICH_CALL =
  "'sandbox-unit explain --record demo.service' runs it once without refusing calls, and lists the calls it needs; ";

test('a restarted service that is running has started', async () => {
  const system = machine('works');
  assert.deepEqual(await restarted(system, PLAN), []);
  assert.deepEqual(system.calls, ['unit demo.service', 'restart demo.service', 'unit demo.service']);
});

for (const [behaviour, message] of [
  ['job-fails', "the restart of demo.service ended with 'failed' (exit-code, exit status 1)"],
  ['finishes', 'demo.service is inactive after the restart'],
] as const) {
  test(`a restarted service that '${behaviour}' has failed: ${message}`, async () => {
    const found = await restarted(machine(behaviour), PLAN);
    assert.deepEqual(found, [
      { severity: 'error', code: 'service-failed', message, hint: WHICH_CALL + SAID },
    ]);
  });
}

test('a restarted oneshot service may have finished', async () => {
  assert.deepEqual(await restarted(machine('finishes', { type: 'oneshot' })), []);
});

test('a oneshot service that nothing holds is unloaded when it has finished', async () => {
  const forgotten = (properties: Map<string, unknown>) =>
    properties.set('ConditionResult', false).set('InvocationID', []);
  assert.deepEqual(await restarted(machine('finishes', { type: 'oneshot', distort: forgotten })), []);
  assert.equal((await restarted(machine('finishes', { distort: forgotten }))).length, 1);
});

for (const [property, value] of [
  ['RemainAfterExit', true],
  ['ConditionResult', false],
] as const) {
  test(`an inactive service with ${property} ${value} has not started`, async () => {
    const distort = (properties: Map<string, unknown>) => properties.set(property, value);
    const [found] = await restarted(machine('finishes', { type: 'oneshot', distort }), PLAN);
    assert.equal(found!.message, 'demo.service is inactive after the restart');
  });
}

test('a failed service: the hint shows the journal command if the journal has no lines of its programs', async () => {
  const programs = { journalctl: () => ({ status: 1, stdout: '', stderr: 'no journal' }) };
  const [found] = await restarted(machine('job-fails', { programs }), PLAN);
  assert.equal(found!.hint, `${WHICH_CALL}see journalctl --unit demo.service`);
});

test("a failed service of a user: the hint asks for the user's journal", async () => {
  const system = machine('job-fails');
  await restart(system, { unit: UNIT, scope: 'user', plan: undefined });
  const [, call] = system.calls.filter((one) => one.startsWith('run journalctl '));
  assert.match(call!, / --user _SYSTEMD_USER_UNIT=demo\.service$/);
});

test('a failed service: the hint proposes explain --record if a call may have been refused', async () => {
  const hint = async (policy: string) => {
    const plan = planned(policy);
    return (await restarted(machine('job-fails'), plan))[0]!.hint;
  };
  assert.equal(await hint('[syscalls]\ndeny = ["uname:EPERM"]'), WHICH_CALL + SAID);
  assert.equal(await hint('[service]\nProtectHome = true'), SAID);
  assert.equal(await hint('[syscalls]\nlog = ["uname"]'), SAID);
  assert.equal((await restarted(machine('job-fails'), undefined))[0]!.hint, SAID);
  const distort = (properties: Map<string, unknown>) => properties.set('ExecMainStatus', 226);
  const [unstarted] = await restarted(machine('job-fails', { distort }), PLAN);
  assert.equal(unstarted!.hint, SAID);
});
