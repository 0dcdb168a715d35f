/** Services whose restart or failed trial would have further effects: they are refused, or left running. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { COMMAND, oneServiceIn, POLICY, SLEEP, TRIALS, UNIT } from '../support/one-service.js';
import { sandboxUnit, servicesObstacle } from '../support/service.js';
import { alternatives } from '../support/thorough.js';

/** Stands in for what would end the box. */
const MARKER = '[Service]\nType=oneshot\nExecStart=/usr/bin/touch /run/marker\n';

/** The oldest that has OnSuccess=, and the newest. */
for (const tree of alternatives(['forky', 'bookworm'] as const)) {
  describe(`${tree}: units that a unit starts when it ends`, {
    skip: servicesObstacle(tree) ?? false,
  }, () => {
    const { box, started, run, isThere, filters, isLeft, isRefused } = oneServiceIn(`ends-${tree}`, tree);
    const CALM = {
      'calm.target': '[Unit]\nWants=marker.service\nAllowIsolate=yes\n',
      'marker.service': MARKER,
      'systemd-reboot.service': MARKER,
    };

    for (const lines of [
      'OnSuccess=calm.target',
      'OnSuccess=systemd-reboot.service',
      'OnSuccess=marker.service\nOnSuccessJobMode=isolate',
    ]) {
      test(`${lines.replace('\n', ', ')}: the unit isn't restarted`, async () => {
        await started(lines, CALM);
        await isLeft(/stopping it would trigger OnSuccess=/);
        assert.equal(await isThere('/run/marker'), false);
      });
    }

    test('OnSuccess= with a service: the restart starts it, with a note', async () => {
      await started('OnSuccess=marker.service', CALM);
      const said = /note\[on-failure\]: main\.service starts marker\.service/;
      const checked = await run(3, 'apply', '--check', UNIT);
      assert.match(checked, said);
      assert.match(checked, /note\[would-restart\]: main\.service would be restarted/);
      assert.match(await run(0, 'apply', UNIT), said);
      assert.equal(await filters(), 2);
      await box.waitFor('the marker', () => isThere('/run/marker'));
      assert.match(await run(0, 'revert', UNIT), said);
      assert.doesNotMatch(await run(0, 'apply', '--no-restart', UNIT), said);
      assert.match((await sandboxUnit(box, 'explain', '--record', UNIT)).stderr, said);
    });

    test('OnFailure=systemd-reboot.service is refused like a target', async () => {
      await started('OnFailure=systemd-reboot.service', CALM);
      await isRefused(/error\[on-failure\]: .*OnFailure=systemd-reboot\.service/, ...TRIALS);
    });
  });
}

describe('units whose failed trial would do more', { skip: servicesObstacle() ?? false }, () => {
  const { box, started, run, runOf, isRefused } = oneServiceIn('fails');

  for (const timeout of ['JobTimeoutSec', 'JobRunningTimeoutSec']) {
    test(`JobTimeoutAction= with ${timeout}= is refused`, async () => {
      await started(`JobTimeoutAction=exit\n${timeout}=1min`);
      await isRefused(/error\[on-failure\]: .*JobTimeoutAction=exit/, ...TRIALS);
    });
  }

  test('JobTimeoutAction= without a timeout is accepted', async () => {
    await started('JobTimeoutAction=exit');
    await run(0, 'apply', UNIT);
  });

  test('FailureAction= is refused, also for a recorded run of a stopped service', async () => {
    await started('FailureAction=exit');
    await isRefused(/error\[on-failure\]: .*FailureAction=exit/, ...TRIALS);
    await box.succeed(['systemctl', 'stop', UNIT]);
    await isRefused(/error\[on-failure\](?:.|\n)*hint: '.* apply --permissive --no-restart/, TRIALS.at(-1)!);
  });

  test('a restart that was left out is not done by the next run', async () => {
    await started('FailureAction=exit');
    await run(0, 'apply', '--no-restart', UNIT);
    const was = await runOf();
    assert.match(await run(1, 'apply', UNIT), /error\[on-failure\]/);
    assert.deepEqual(await runOf(), was);
  });
});

describe('dependents of a restart', { skip: servicesObstacle() ?? false }, () => {
  const { box, units, started, run, runOf, isLeft, isRefused } = oneServiceIn('along');
  const along = (lines: string, more = '') =>
    `[Unit]\nRequires=${UNIT}\nAfter=${UNIT}\n${lines}\n[Service]\nExecStart=${SLEEP}\n${more}`;
  const isUp = async (unit: string) =>
    (await box.exec(['systemctl', 'is-active', '--quiet', unit])).status === 0;
  const stopped = () => box.sh('systemctl stop along.service; systemctl reset-failed');

  const OBSTACLES: Readonly<Record<string, readonly [lines: string, why: RegExp, script?: string]>> = {
    'ends the machine': [
      'SuccessAction=exit',
      /also restarts or stops along\.service: stopping it would trigger SuccessAction=exit/,
    ],
    "doesn't come up again": [
      'ConditionPathExists=/run/once',
      /also restarts or stops along\.service: ConditionPathExists=\/run\/once is not met/,
      'rm /run/once',
    ],
    'needs what is down': [
      'Requisite=side.service\nAfter=side.service',
      /also restarts or stops along\.service: Requisite=side\.service is down/,
      'systemctl kill -s KILL side.service',
    ],
  };
  for (const [what, [lines, why, script = ':']] of Object.entries(OBSTACLES)) {
    test(`a dependent which ${what}: the service isn't restarted`, async () => {
      await started('', {
        'along.service': along(lines),
        'side.service': `[Service]\nSuccessExitStatus=KILL\nExecStart=${SLEEP}\n`,
      });
      await box.sh(`touch /run/once; systemctl start side.service along.service; ${script}; sleep 0.2`);
      assert.equal(await isUp('along.service'), true);
      await isLeft(why);
      assert.equal(await isUp('along.service'), true);
      // What would end the box isn't stopped.
      await units({ 'along.service': along('') });
      await stopped();
    });
  }

  test('a dependent which ends more when it fails: a trial is refused', async () => {
    await started('', { 'along.service': along('FailureAction=exit') });
    await box.succeed(['systemctl', 'start', 'along.service']);
    await isRefused(
      /error\[on-failure\]: a failed trial of along\.service would trigger FailureAction=exit/,
      ...TRIALS,
    );
    await units({ 'along.service': along('') });
    await stopped();
  });

  test('a dependent that is starting is left alone', async () => {
    const work = 'while test ! -e /run/there; do sleep 0.1; done';
    await started('', { 'along.service': along('', `ExecStartPre=/bin/sh -c '${work}'\n`) });
    await box.succeed(['systemctl', 'start', '--no-block', 'along.service']);
    await isLeft(/also restarts or stops along\.service: it is still starting/);
    await box.writeFile('/run/there', '');
    await box.waitFor('its start', () => isUp('along.service'));
    assert.match(await run(0, 'apply', UNIT), /note\[takes-along\].*along\.service/);
    assert.equal(await isUp('along.service'), true);
    await stopped();
  });

  const needing = (line: string) => `[Unit]\n${line}\nAfter=side.service\n[Service]\nExecStart=${SLEEP}\n`;
  const SIDE = `[Service]\nSuccessExitStatus=TERM\nExecStart=${SLEEP}\n`;
  const UNMET: Readonly<Record<string, readonly [line: string, script: string, why: RegExp]>> = {
    'requisite is down': [
      'Requisite=side.service',
      'systemctl kill side.service',
      /Requisite=side\.service is down: it would not start again/,
    ],
    'requirement has failed': [
      'Requires=side.service',
      'systemctl kill -s KILL side.service',
      /Requires=side\.service has failed: start that first/,
    ],
    'requirement is masked': [
      'Requires=side.service',
      'ln -sf /dev/null /etc/systemd/system/side.service; systemctl daemon-reload',
      /Requires=side\.service is masked: systemd would refuse the restart/,
    ],
  };
  for (const [what, [line, script, why]] of Object.entries(UNMET)) {
    test(`a service whose own ${what} is not restarted`, async () => {
      await box.sh('rm -f /etc/systemd/system/side.service');
      await units({
        'side.service': SIDE,
        [UNIT]: needing(line),
      });
      await box.sh(`systemctl start side.service; systemctl start ${UNIT}; ${script}; sleep 0.3`);
      assert.equal(await isUp(UNIT), true);
      await isLeft(why);
      await box.sh('systemctl stop side.service; rm -f /etc/systemd/system/side.service');
    });
  }

  test('a service that requires a finished oneshot unit is restarted', async () => {
    await units({
      'side.service': '[Service]\nType=oneshot\nExecStart=/bin/true\n',
      'brief.service': '[Service]\nExecStart=/bin/true\n',
      'beside.service': '[Service]\nExecStart=/bin/false\n',
      'other.service': '[Unit]\nConditionPathExists=/absent\n[Service]\nExecStart=/bin/true\n',
      [UNIT]: needing('Requires=side.service other.service brief.service beside.service').replace(
        'After=',
        'After=brief.service other.service ',
      ),
    });
    await box.succeed(['systemctl', 'start', UNIT]);
    const was = await runOf();
    await run(0, 'apply', UNIT);
    assert.notEqual((await runOf()).InvocationID, was.InvocationID);
  });

  for (const order of [
    ['along.service', UNIT],
    [UNIT, 'along.service'],
  ]) {
    test(`units of one run that conflict: ${order.join(', ')}`, async () => {
      await started('', {
        'along.service': `[Unit]\nStopPropagatedFrom=${UNIT}\nAfter=${UNIT}\n[Service]\nExecStart=${SLEEP}\n`,
      });
      await box.succeed(['systemctl', 'start', 'along.service']);
      await box.writeFile('/run/policy.toml', POLICY);
      await run(0, 'apply', '--policy', '/run/policy.toml', ...order);
      for (const unit of order) assert.equal(await isUp(unit), true, unit);
      await run(0, 'verify', '--policy', '/run/policy.toml', 'along.service');
      await run(0, 'revert', ...order);
      for (const unit of order) assert.equal(await isUp(unit), true, unit);
      await stopped();
    });
  }
});

describe('a oneshot service', { skip: servicesObstacle() ?? false }, () => {
  const { box, units, run, runOf, isLeft } = oneServiceIn('oneshot');

  test('that is running is not interrupted', async () => {
    await units({
      [UNIT]: `[Service]\nType=oneshot\nExecStart=/bin/sh -c 'while test ! -e /run/there; do sleep 0.1; done'\n`,
    });
    await box.succeed(['systemctl', 'start', '--no-block', UNIT]);
    await isLeft(/its command is still running/);
    await box.writeFile('/run/there', '');
    await box.waitFor('its end', async () => (await runOf()).ActiveState === 'inactive');
    await run(0, 'apply', UNIT);
  });

  test('that has finished and counts as active is restarted', async () => {
    await units({ [UNIT]: '[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true\n' });
    await box.succeed(['systemctl', 'start', UNIT]);
    const was = await runOf();
    await run(0, 'apply', UNIT);
    const now = await runOf();
    assert.equal(now.ActiveState, 'active');
    assert.notEqual(now.InvocationID, was.InvocationID);
  });

  test('whose restart is interrupted runs again with its previous files', async () => {
    const work = `while test ! -e /run/there; do sleep 0.1; done`;
    await units({
      [UNIT]: `[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/sh -c '${work}'\n`,
    });
    await box.sh(`touch /run/there; systemctl start ${UNIT}; rm /run/there`);
    const said = await box.sh(
      `${COMMAND} apply ${UNIT} >/run/said 2>&1 & pid=$!
       until [ "$(systemctl show --value -p ActiveState ${UNIT})" = activating ] &&
             main=$(systemctl show --value -p MainPID ${UNIT}) && [ "$main" -gt 0 ]; do sleep 0.05; done
       kill -STOP "$main"; touch /run/there
       kill -TERM $pid; wait $pid || echo "exit $?"; cat /run/said`,
    );
    assert.match(said.stdout, /^exit 1\n(?:.|\n)*main\.service: rolled-back/);
    assert.equal((await runOf()).ActiveState, 'active');
  });

  test('that was started while a run was killed is not interrupted, either', async () => {
    const work = `while test ! -e /run/there; do sleep 0.1; done`;
    await units({
      [UNIT]: `[Service]\nType=oneshot\nExecStart=/bin/sh -c '${work}'\n`,
      'slow.service': '[Service]\nExecStart=/bin/sleep infinity\n',
    });
    await box.succeed(['systemctl', 'start', 'slow.service']);
    await box.writeFile('/run/policy.toml', POLICY.replace('100ms', '60s'));
    await box.sh(
      `was=$(systemctl show --value -p InvocationID slow.service)
       ${COMMAND} apply --policy /run/policy.toml ${UNIT} slow.service >/dev/null 2>&1 & pid=$!
       until [ "$(systemctl show --value -p InvocationID slow.service)" != $was ]; do sleep 0.05; done
       kill -KILL $pid; wait $pid || :; systemctl start --no-block ${UNIT}`,
    );
    await box.waitFor('the start', async () => (await runOf()).ActiveState === 'activating');
    const was = await runOf();
    const said = await run(0, 'status');
    assert.match(
      said,
      /note\[restart-due\]: main\.service was not restarted .*\n {2}hint: its command is still running/,
    );
    assert.deepEqual(await runOf(), was);
  });
});
