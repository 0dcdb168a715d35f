/** Services whose restart, or a trial that fails, would do more than that: nothing is written, or they are left as they run. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { COMMAND, oneServiceIn, POLICY, TRIALS, UNIT } from '../support/one-service.js';
import { sandboxUnit, servicesObstacle } from '../support/service.js';

/** Stands in for what would end the box. */
const MARKER = '[Service]\nType=oneshot\nExecStart=/usr/bin/touch /run/marker\n';

for (const tree of ['bookworm', 'machine', 'forky'] as const) {
  describe(`${tree}: what a unit starts when it ends`, { skip: servicesObstacle(tree) ?? false }, () => {
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
      test(`${lines.replace('\n', ', ')}: it isn't restarted`, async () => {
        await started(lines, CALM);
        await isLeft(/OnSuccess=.*: to stop it would do that/);
        assert.equal(await isThere('/run/marker'), false);
      });
    }

    test('another service: the restart starts it, and that is said', async () => {
      await started('OnSuccess=marker.service', CALM);
      const said = /note\[on-success\]: main\.service starts marker\.service/;
      assert.match(await run(3, 'apply', '--check', UNIT), said);
      assert.match(await run(0, 'apply', UNIT), said);
      assert.equal(await filters(), 2);
      await box().waitFor('the marker', () => isThere('/run/marker'));
      assert.match(await run(0, 'revert', UNIT), said);
      assert.doesNotMatch(await run(0, 'apply', '--no-restart', UNIT), said);
      assert.match((await sandboxUnit(box(), 'explain', '--record', UNIT)).stderr, said);
    });

    test('OnFailure=systemd-reboot.service is refused as a target is', async () => {
      await started('OnFailure=systemd-reboot.service', CALM);
      await isRefused(/error\[failure-action\]: .*OnFailure=systemd-reboot\.service/, ...TRIALS);
    });
  });
}

describe('a trial that fails would do more', { skip: servicesObstacle() ?? false }, () => {
  const { box, started, run, runOf, isRefused } = oneServiceIn('fails');

  for (const timeout of ['JobTimeoutSec', 'JobRunningTimeoutSec']) {
    test(`JobTimeoutAction= with ${timeout}=`, async () => {
      await started(`JobTimeoutAction=exit\n${timeout}=1min`);
      await isRefused(/error\[failure-action\]: .*JobTimeoutAction=exit/, ...TRIALS);
    });
  }

  test('JobTimeoutAction= without a timeout never comes', async () => {
    await started('JobTimeoutAction=exit');
    await run(0, 'apply', UNIT);
  });

  test('FailureAction= is refused whether the service runs or would be started to be recorded', async () => {
    await started('FailureAction=exit');
    await isRefused(/error\[failure-action\]: .*FailureAction=exit/, ...TRIALS);
    await box().succeed(['systemctl', 'stop', UNIT]);
    await isRefused(
      /error\[failure-action\](?:.|\n)*hint: '.* apply --permissive --no-restart/,
      TRIALS.at(-1)!,
    );
  });

  test('nor is a restart that was left out made up for by the next run', async () => {
    await started('FailureAction=exit');
    await run(0, 'apply', '--no-restart', UNIT);
    const was = await runOf();
    assert.match(await run(1, 'apply', UNIT), /error\[failure-action\]/);
    assert.deepEqual(await runOf(), was);
  });
});

describe('a oneshot service', { skip: servicesObstacle() ?? false }, () => {
  const { box, units, run, runOf, isLeft } = oneServiceIn('oneshot');

  test('that is at work is left to its work', async () => {
    await units({
      [UNIT]: `[Service]\nType=oneshot\nExecStart=/bin/sh -c 'while test ! -e /run/there; do sleep 0.1; done'\n`,
    });
    await box().succeed(['systemctl', 'start', '--no-block', UNIT]);
    await isLeft(/it is in the middle of its work/);
    await box().writeFile('/run/there', '');
    await box().waitFor('its end', async () => (await runOf()).ActiveState === 'inactive');
    await run(0, 'apply', UNIT);
  });

  test('that has done its work and counts as active is restarted', async () => {
    await units({ [UNIT]: '[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true\n' });
    await box().succeed(['systemctl', 'start', UNIT]);
    const was = await runOf();
    await run(0, 'apply', UNIT);
    const now = await runOf();
    assert.equal(now.ActiveState, 'active');
    assert.notEqual(now.InvocationID, was.InvocationID);
  });

  test('whose own restart is interrupted runs again as it was', async () => {
    const work = `while test ! -e /run/there; do sleep 0.1; done`;
    await units({
      [UNIT]: `[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/sh -c '${work}'\n`,
    });
    await box().sh(`touch /run/there; systemctl start ${UNIT}; rm /run/there`);
    const said = await box().sh(
      `${COMMAND} apply ${UNIT} >/run/said 2>&1 & pid=$!
       until [ "$(systemctl is-active ${UNIT})" = activating ]; do sleep 0.05; done
       touch /run/there; kill -STOP $(systemctl show --value -p MainPID ${UNIT})
       kill -TERM $pid; wait $pid || echo "exit $?"; cat /run/said`,
    );
    assert.match(said.stdout, /^exit 1\n(?:.|\n)*main\.service: rolled-back/);
    assert.equal((await runOf()).ActiveState, 'active');
  });

  test('that was started while a run was killed is left to its work, too', async () => {
    const work = `while test ! -e /run/there; do sleep 0.1; done`;
    await units({
      [UNIT]: `[Service]\nType=oneshot\nExecStart=/bin/sh -c '${work}'\n`,
      'slow.service': '[Service]\nExecStart=/bin/sleep infinity\n',
    });
    await box().succeed(['systemctl', 'start', 'slow.service']);
    await box().writeFile('/run/policy.toml', POLICY.replace('100ms', '60s'));
    await box().sh(
      `was=$(systemctl show --value -p InvocationID slow.service)
       ${COMMAND} apply --policy /run/policy.toml ${UNIT} slow.service >/dev/null 2>&1 & pid=$!
       until [ "$(systemctl show --value -p InvocationID slow.service)" != $was ]; do sleep 0.05; done
       kill -KILL $pid; systemctl start --no-block ${UNIT}`,
    );
    const was = await runOf();
    assert.equal(was.ActiveState, 'activating');
    const said = await run(0, 'status');
    assert.match(
      said,
      /note\[restart-due\]: main\.service runs under its policy.*\n {2}hint: it is in the middle/,
    );
    assert.deepEqual(await runOf(), was);
  });
});
