/** Changes by others to a service and its files during `apply`. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { COMMAND, changedServiceIn, DEADLY, POLICY, SLEEP, UNDO, UNIT } from '../support/changed-service.js';
import { policyPath, sandboxUnit, servicesObstacle } from '../support/service.js';
import { until } from '../support/until.js';

describe('changes by others during apply', { skip: servicesObstacle() ?? false }, () => {
  const { box, isActive, invocation, filters, units, run, beside, interrupted, inTrial } =
    changedServiceIn('meanwhile');

  test('a service that fails is rolled back at once, however long its trial', async () => {
    await box.writeFile(policyPath(UNIT), DEADLY.replace('100ms', '1h'));
    assert.match((await run(1, 'apply', UNIT)).stdout, /rolled-back/);
    assert.equal(await isActive(UNIT), 'active');
  });

  test('an interrupted apply rolls back units in trial, also those with a long trial', async () => {
    await units({ 'side-long.service': `[Service]\nExecStart=${SLEEP}\n` }, 'side-long.service');
    await box.writeFile(policyPath('side-long.service'), POLICY.replace('100ms', '1h'));
    await box.writeFile(policyPath(UNIT), DEADLY);
    const was = await invocation(UNIT);
    const isBack = `[ ! -e ${UNDO} ] && [ "$(systemctl show --value -p InvocationID ${UNIT})" != ${was} ]`;
    const said = await interrupted(`apply side-long.service ${UNIT}`, 'INT', isBack);
    assert.match(
      said,
      /^exit 1\n(?:.|\n)*side-long\.service: rolled-back\n(?:.|\n)*main\.service: rolled-back\n/,
    );
    assert.match(said, /error\[interrupted\]/);
    for (const unit of [UNIT, 'side-long.service']) {
      assert.deepEqual([await isActive(unit), await filters(unit)], ['active', 0], unit);
    }
    await box.sh(`rm ${policyPath('side-long.service')}`);
  });

  test('an error of systemd before the program starts is reported as such', async () => {
    const lines = 'Type=forking\nExecStartPre=-/usr/bin/false\nExecStartPre=/usr/bin/true';
    await units({ [UNIT]: `[Service]\n${lines}\nExecStart=/bin/sh -c '${SLEEP} &'\n` });
    await box.succeed(['systemctl', 'restart', UNIT]);
    await box.writeFile(policyPath(UNIT), `${POLICY}[service]\nReadWritePaths = ["/nowhere"]\n`);
    const { stderr } = await run(1, 'apply', UNIT);
    assert.match(stderr, /error\[service-failed\]: .*\(exit-code, exit status 226\/NAMESPACE\)/);
    assert.doesNotMatch(stderr, /explain --record/);
    assert.equal(await isActive(UNIT), 'active');
  });

  test('the end of a run is reported, though another run has followed', async () => {
    await box.sh('rm -f /run/fifo; mkfifo /run/fifo');
    const main = 'read -t 0.5 <>/run/fifo; exec sleep infinity';
    await units({ [UNIT]: `[Service]\nExecStart=bash -c '${main}'\nRestart=always\nRestartSec=10ms\n` });
    await box.succeed(['systemctl', 'restart', UNIT]);
    await box.writeFile(policyPath(UNIT), DEADLY.replace('100ms', '3s'));
    assert.match(
      (await run(1, 'apply', UNIT)).stderr,
      /error\[service-failed\]: main\.service did not stay up \((?:signal, )?killed by SIGSYS: a refused system call\)/,
    );
  });

  test('another restart: the new run is tried, too', async () => {
    await units({ [UNIT]: `[Service]\nExecStart=${SLEEP}\nExecStop=/usr/bin/sleep 1.5\n` });
    await box.writeFile(policyPath(UNIT), DEADLY);
    await box.succeed(['systemctl', 'restart', '--no-block', UNIT]);
    await until(`${UNIT} is stopped`, async () => (await isActive(UNIT)) === 'deactivating');
    assert.match((await run(1, 'apply', UNIT)).stdout, /rolled-back/);
    assert.equal(await isActive(UNIT), 'active');
    assert.equal(await filters(UNIT), 0);
  });

  test('another change of the drop-in is reported', async () => {
    const drop = `/etc/systemd/system/${UNIT}.d/zz-sandbox-unit.conf`;
    await box.writeFile(policyPath(UNIT), POLICY.replace('100ms', '3s'));
    const said = await box.sh(
      `${COMMAND} apply --json ${UNIT} >/run/said & pid=$!
       until [ -e ${drop} ] && [ "$(systemctl show --value -p DropInPaths ${UNIT})" = ${drop} ]; do sleep 0.05; done
       printf '[Service]\\nNice=1\\n' >>${drop}; wait $pid && cat /run/said`,
    );
    const [unit] = JSON.parse(said.stdout).units;
    assert.deepEqual([unit.state, unit.verified], ['applied', false]);
    assert.match(said.stdout, /changed-since/);
    assert.match((await run(1, 'status')).stderr, /error\[drift-files\]/);
  });

  test('a service that is stopped in its trial stays stopped, without the policy', async () => {
    const side = `[Unit]\nRequires=${UNIT}\nAfter=${UNIT}\n[Service]\nExecStart=${SLEEP}\n`;
    await units({ 'side-requires.service': side }, 'side-requires.service');
    const said = await inTrial(`systemctl stop ${UNIT}`);
    assert.match(
      said,
      /^exit 1\n(?:.|\n)*note\[stays-stopped\]: main\.service(?:.|\n)*main\.service: rolled-back/,
    );
    for (const unit of [UNIT, 'side-requires.service']) assert.equal(await isActive(unit), 'inactive');
    assert.match((await run(0, 'status')).stdout, /^No unit/);
  });

  test('a service that exits with success in its trial is started as before', async () => {
    await units({ [UNIT]: '[Service]\nExecStart=/bin/sh -c "trap : SYS; sleep infinity; exit 0"\n' }, UNIT);
    const said = await inTrial(
      ':',
      '[syscalls]\ndeny = ["vfork", "clone", "clone3"]\naction = "EPERM"\n[apply]\nsettle = "100ms"\n',
    );
    assert.match(said, /^exit 1\n(?:.|\n)*error\[service-failed\]/);
    assert.equal(await isActive(UNIT), 'active');
    assert.equal(await filters(UNIT), 0);
  });

  test('a service that is restarted in its trial is tried again', async () => {
    const said = await inTrial(`systemctl restart ${UNIT}`);
    assert.match(said, /^exit 0\nmain\.service: applied/);
    assert.equal(await filters(UNIT), 2);
  });

  test('an edit of the drop-in during the trial is left alone', async () => {
    const dropIn = `/etc/systemd/system/${UNIT}.d/zz-sandbox-unit.conf`;
    const said = await inTrial(`echo 'Nice=5' >>${dropIn}; systemctl kill -s SEGV ${UNIT}`);
    assert.match(said, /^exit 1\n(?:.|\n)*error\[changed-since\](?:.|\n)*main\.service: failed/);
    assert.match(await box.succeed(['cat', dropIn]), /^Nice=5$/m);
    await run(0, 'status', UNIT).catch(() => undefined);
    assert.equal((await box.exec(['test', '-e', UNDO])).status, 1);
  });

  test('a service that is stopped in its trial, and exits with an error then, stays stopped', async () => {
    await units(
      { [UNIT]: '[Service]\nExecStart=/bin/sh -c "trap \'exit 3\' TERM; sleep infinity & wait"\n' },
      UNIT,
    );
    const said = await inTrial(`systemctl stop ${UNIT}`);
    assert.match(said, /^exit 1\n(?:.|\n)*note\[stays-stopped\]: main\.service/);
    assert.equal(await isActive(UNIT), 'failed');
  });

  test('a unit that is stopped while apply waits for another stays down', async () => {
    await units(
      {
        [UNIT]: `[Service]\nExecStart=${SLEEP}\n`,
        'side-slow.service': `[Service]\nExecStart=${SLEEP}\nExecStop=/usr/bin/sleep 3\n`,
      },
      'side-slow.service',
    );
    await box.writeFile('/run/policy.toml', POLICY);
    await box.succeed(['systemctl', 'stop', '--no-block', 'side-slow.service']);
    await until('it stops', async () => (await isActive('side-slow.service')) === 'deactivating');
    await beside(
      `apply --policy /run/policy.toml ${UNIT} side-slow.service`,
      `until [ -e ${UNDO} ]; do sleep 0.05; done; sleep 0.3; systemctl stop ${UNIT}`,
    );
    assert.equal(await isActive(UNIT), 'inactive');
    await sandboxUnit(box, 'revert', UNIT, 'side-slow.service');
  });

  test('a service that dies of its policy, and that another unit starts at once, is rolled back', async () => {
    await units(
      {
        [UNIT]:
          '[Service]\nExecStart=/bin/sh -c "if [ -e /run/once ] && rm /run/once; then uname; fi; sleep infinity"\n',
        'side-upholds.service': `[Unit]\nUpholds=${UNIT}\n[Service]\nExecStart=${SLEEP}\n`,
      },
      'side-upholds.service',
      UNIT,
    );
    await box.succeed(['touch', '/run/once']);
    await box.writeFile(
      policyPath(UNIT),
      '[syscalls]\ndeny = ["vfork:kill", "clone:kill", "clone3:kill"]\n[apply]\nsettle = "1s"\n',
    );
    assert.match((await run(1, 'apply', UNIT)).stdout, /rolled-back/);
    assert.equal(await filters(UNIT), 0);
  });

  test('a refused restart leaves a service alone that has restarted itself before', async () => {
    await units({ [UNIT]: `[Service]\nRestart=always\nRestartSec=10ms\nExecStart=${SLEEP}\n` }, UNIT);
    const was = await invocation(UNIT);
    await box.succeed(['systemctl', 'kill', '-s', 'KILL', UNIT]);
    await until(
      'it is up again',
      async () => (await invocation(UNIT)) !== was && (await isActive(UNIT)) === 'active',
    );
    await box.sh(`printf '[Unit]\\nRequires=side-masked.service\\n' >/etc/systemd/system/main-more.conf
      mkdir -p /etc/systemd/system/${UNIT}.d; mv /etc/systemd/system/main-more.conf /etc/systemd/system/${UNIT}.d/
      ln -s /dev/null /etc/systemd/system/side-masked.service; systemctl daemon-reload`);
    const before = await invocation(UNIT);
    assert.match(
      (await run(0, 'apply', UNIT)).stderr,
      /note\[restart-due\](?:.|\n)*side-masked\.service is masked/,
    );
    assert.equal(await invocation(UNIT), before);
    await box.sh(`rm -r /etc/systemd/system/${UNIT}.d; systemctl daemon-reload`);
  });

  const ENDS: readonly (readonly [lines: string, status: number, said: RegExp])[] = [
    ['FailureAction=exit', 1, /error\[on-failure\]/],
    ['OnFailure=calm.target\nOnFailureJobMode=isolate', 1, /error\[on-failure\]/],
    ['OnFailure=side-calls.service', 0, /note\[on-failure\]/],
    ['SuccessAction=exit', 0, /note\[restart-due\](?:.|\n)*SuccessAction=exit/],
  ];
  for (const [lines, status, said] of ENDS) {
    test(`a unit whose end would do more is left running: ${lines.replace('\n', ', ')}`, async () => {
      await units({ [UNIT]: `[Unit]\n${lines}\n[Service]\nExecStart=${SLEEP}\n` });
      const was = await invocation(UNIT);
      await box.writeFile(policyPath(UNIT), POLICY);
      assert.match((await run(status, 'apply', UNIT)).stderr, said);
      assert.equal((await invocation(UNIT)) === was, !lines.includes('side-calls'));
      if (lines.startsWith('SuccessAction')) {
        assert.match((await run(0, 'revert', UNIT)).stderr, /note\[restart-due\]/);
      }
      await units({ [UNIT]: `[Service]\nExecStart=${SLEEP}\n` });
    });
  }
});
