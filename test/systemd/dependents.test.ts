/** Units that a restart stops or restarts along with a service: they are up again after it, and after a roll-back. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  COMMAND,
  changedServiceIn,
  DEADLY,
  dependent,
  POLICY,
  SLEEP,
  UNDO,
  UNIT,
} from '../support/changed-service.js';
import { policyPath, properties, sandboxUnit, servicesObstacle } from '../support/service.js';
import { until } from '../support/until.js';

describe('while a unit is changed', { skip: servicesObstacle() ?? false }, () => {
  const { box, isActive, invocation, filters, units, run, beside, inTrial } = changedServiceIn('dependents');

  test('units that depend on it are up again when it is put back', async () => {
    const side = (line: string) => `[Unit]\n${line}\nAfter=${UNIT}\n[Service]\nExecStart=${SLEEP}\n`;
    const sides = {
      'side-requires.service': side(`Requires=${UNIT}`),
      'side-binds.service': side(`BindsTo=${UNIT}`),
      'side-requisite.service': side(`Requisite=${UNIT}`),
      'side-part.service': side(`PartOf=${UNIT}`),
      'side-far.service': side('Requires=side-requires.service').replace(
        `After=${UNIT}`,
        'After=side-requires.service',
      ),
    };
    await units(sides, ...Object.keys(sides));
    // A start that fails takes them along, and so does a service that dies later.
    for (const type of ['simple', 'exec']) {
      await units({
        [UNIT]: `[Service]\nType=${type}\nExecStart=${SLEEP}\nExecStartPost=/usr/bin/sleep 0.2\n`,
      });
      await box().writeFile(policyPath(UNIT), DEADLY);
      assert.match((await run(1, 'apply', UNIT)).stdout, /rolled-back/);
      for (const unit of [UNIT, ...Object.keys(sides)]) assert.equal(await isActive(unit), 'active', unit);
    }
  });

  test('a socket that clients wait for comes back, though its service was started too often', async () => {
    const serve = 'open S, "+<&=3" or die; while (accept C, S) { close C } exit 1';
    const call = `use Socket; for (1..1500) { socket C, AF_UNIX, SOCK_STREAM, 0;
      connect C, sockaddr_un("/run/main.socket"); sysread C, $x, 1; close C; select undef, undef, undef, 0.002 }`;
    await box().writeFile('/run/serve.pl', serve);
    await box().writeFile('/run/call.pl', call);
    await box().succeed(['systemctl', 'stop', UNIT]);
    await units(
      {
        'main.socket': '[Socket]\nListenStream=/run/main.socket\n',
        [UNIT]: '[Service]\nExecStart=/usr/bin/perl /run/serve.pl\n',
      },
      'main.socket',
    );
    await box().writeFile(policyPath(UNIT), POLICY.replace('"ptrace"', '"accept", "accept4"'));
    for (let i = 0; i < 4; i++) {
      await box().succeed(['systemctl', 'restart', UNIT]);
      const said = await box().sh(
        `perl /run/call.pl & sleep 0.2; ${COMMAND} apply ${UNIT} || echo "exit $?"; kill $!; wait $! || :`,
      );
      assert.match(said.stdout, /main\.service: rolled-back\nexit 1/, said.stderr);
      assert.deepEqual([await isActive('main.socket'), await isActive(UNIT)], ['active', 'active']);
    }
    await box().sh('systemctl stop main.socket; rm -f /run/serve.pl /run/call.pl');
  });

  test('a socket that starts it listens again when it is put back', async () => {
    await units({
      'main.socket': '[Socket]\nListenStream=/run/main.socket\n',
      [UNIT]: `[Service]\nExecStart=${SLEEP}\nRestart=on-failure\nRestartSec=10ms\n`,
    });
    await box().succeed(['systemctl', 'stop', UNIT]);
    await box().succeed(['systemctl', 'start', 'main.socket']);
    await box().succeed(['systemctl', 'start', UNIT]);
    await box().writeFile(policyPath(UNIT), DEADLY.replace('100ms', '3s'));
    assert.match((await run(1, 'apply', UNIT)).stdout, /rolled-back/);
    assert.equal(await isActive('main.socket'), 'active');
    assert.equal(await isActive(UNIT), 'active');
    const { MainPID } = await properties(box(), UNIT, 'MainPID');
    assert.match(await box().succeed(['ls', '-l', `/proc/${MainPID}/fd`]), / 3 -> socket:/);
  });

  for (const [when, needs] of [
    [
      'at its start',
      'ExecStartPre=/bin/sleep 0.2\nExecStartPre=/usr/bin/test -d /run/made\nExecStart=/usr/bin/sleep infinity',
    ],
    ['later', 'ExecStart=/bin/sh -c "sleep 0.2; [ -d /run/made ] && exec sleep infinity; exit 3"'],
  ] as const)
    test(`a unit that depends on it fails for its policy ${when}: both are up again as they were`, async () => {
      await units(
        {
          [UNIT]: `[Service]\nExecStartPre=-/bin/rmdir /run/made\nExecStart=/bin/sh -c "mkdir /run/made; exec ${SLEEP}"\n`,
          'side-needs.service': dependent(needs),
        },
        UNIT,
      );
      await box().succeed(['systemctl', 'restart', UNIT]);
      await box().succeed(['systemctl', 'start', 'side-needs.service']);
      await box().writeFile(
        policyPath(UNIT),
        '[syscalls]\ndeny = ["mkdir:EPERM", "mkdirat:EPERM"]\n[apply]\nsettle = "500ms"\n',
      );
      const { stdout, stderr } = await run(1, 'apply', UNIT);
      assert.match(stdout, /rolled-back/);
      assert.match(stderr, /error\[dependent-failed\]: side-needs\.service .*main\.service/);
      for (const unit of [UNIT, 'side-needs.service']) assert.equal(await isActive(unit), 'active', unit);
    });

  test('somebody stops a unit that depends on it, in its trial: it stays so', async () => {
    await units({ 'side-needs.service': dependent(`ExecStart=${SLEEP}`) }, 'side-needs.service');
    const said = await inTrial('systemctl stop side-needs.service');
    assert.match(said, /^exit 0\n(?:.|\n)*^main\.service: applied/m);
    assert.match(said, /note\[takes-along\].*side-needs\.service/);
    assert.doesNotMatch(said, /started-again/);
    assert.equal(await isActive('side-needs.service'), 'inactive');
  });

  test('somebody stops units that depend on it in a trial that fails: they are started again', async () => {
    const sides = {
      'side-needs.service': dependent(`ExecStart=${SLEEP}`),
      'side-bound.service': dependent(`ExecStart=${SLEEP}`).replace('Requires=', 'BindsTo='),
    };
    await units(sides, ...Object.keys(sides));
    const policy = `${POLICY.replace('100ms', '3s')}probe = ["/bin/false"]\n`;
    const said = await inTrial('systemctl stop side-needs.service side-bound.service', policy);
    assert.match(said, /^exit 1\n(?:.|\n)*main\.service: rolled-back/);
    assert.doesNotMatch(said, /stays-stopped/);
    for (const unit of [UNIT, ...Object.keys(sides)]) assert.equal(await isActive(unit), 'active', unit);
    assert.equal(await filters(UNIT), 0);
  });

  test('a unit whose stop waits for it does not keep it from being put back', async () => {
    const stop = 'sleep 1; until [ -e /run/main.well ]; do sleep 0.1; done; touch /run/side.well';
    await units({
      [UNIT]: `[Service]
ExecStartPre=/usr/bin/rm -f /run/main.well
ExecStart=/bin/sh -c 'sleep 0.1 && touch /run/main.well && exec ${SLEEP}'\n`,
      'side-slow.service': `[Unit]\nStopPropagatedFrom=${UNIT}
[Service]\nExecStart=${SLEEP}\nExecStop=/bin/sh -c '${stop}'\nTimeoutStopSec=10\n`,
    });
    await box().sh(`rm -f /run/side.well; systemctl restart ${UNIT}; systemctl start side-slow.service`);
    await box().writeFile(policyPath(UNIT), DEADLY);
    assert.match((await run(1, 'apply', UNIT)).stdout, /rolled-back/);
    // A stop that isn't over in time is ended by systemd, before the last command.
    await box().succeed(['test', '-e', '/run/side.well']);
    for (const unit of [UNIT, 'side-slow.service']) assert.equal(await isActive(unit), 'active', unit);
  });

  test('somebody stops an instance in the trial of another, which fails: what depends on it stays stopped', async () => {
    const side = (i: number) => dependent(`ExecStart=${SLEEP}`).replaceAll(UNIT, `main@${i}.service`);
    const far = side(1).replaceAll('main@1', 'side-1');
    const names = ['side-1.service', 'side-2.service', 'side-far.service'];
    const [one, two, three] = names as [string, string, string];
    await units(
      {
        ...{
          'main@.service': `[Service]\nExecStart=${SLEEP}\n`,
          [one]: side(1),
          [two]: side(2),
          [three]: far,
        },
      },
      ...names,
    );
    await box().sh(`
      printf '%s\n' '#!/bin/sh' 'mkdir /run/first && exit' 'systemctl stop main@1.service; exit 1' >/run/probe
      chmod 755 /run/probe; rm -rf /run/first`);
    await box().writeFile(policyPath('main@.service'), `${POLICY}probe = ["/run/probe"]\n`);
    const { stdout, stderr } = await run(1, 'apply', 'main@.service');
    assert.match(stdout, /rolled-back/);
    for (const unit of ['main@1.service', one, three]) {
      assert.match(stderr, new RegExp(`note\\[stays-stopped\\]: ${unit} `));
      assert.equal(await isActive(unit), 'inactive', unit);
    }
    for (const unit of ['main@2.service', two]) assert.equal(await isActive(unit), 'active', unit);
    await box().sh(`rm -rf /run/first /run/probe ${policyPath('main@.service')}`);
  });

  test('of two units that are being stopped before the restart one is started again: the one in a restart of its own', async () => {
    const side = dependent(`ExecStart=${SLEEP}\nExecStop=/usr/bin/sleep 3`);
    const [stopped, restarted] = ['side-stopped.service', 'side-restarted.service'] as const;
    await units({ [stopped]: side, [restarted]: side }, stopped, restarted);
    await box().writeFile(policyPath(UNIT), `${POLICY}probe = ["/bin/false"]\n`);
    await box().sh(
      `systemctl stop --no-block ${stopped}; systemctl restart --no-block ${restarted}; sleep 0.3`,
    );
    assert.match((await run(1, 'apply', UNIT)).stdout, /rolled-back/);
    assert.deepEqual([await isActive(stopped), await isActive(restarted)], ['inactive', 'active']);
  });

  test('somebody masks a unit that depends on it in a trial that fails: that, and what needs it, stays stopped', async () => {
    const names = ['side-masked.service', 'side-far.service', 'side-needs.service'];
    const [masked, far, other] = names as [string, string, string];
    const file = `/usr/lib/systemd/system/${masked}`;
    const side = dependent(`ExecStart=${SLEEP}`);
    await box().writeFile(file, side);
    await units({ [far]: side.replaceAll(UNIT, masked), [other]: side }, ...names);
    const policy = `${POLICY.replace('100ms', '3s')}probe = ["/bin/false"]\n`;
    const said = await inTrial(`systemctl mask --now ${masked}`, policy);
    assert.match(said, /^exit 1\n(?:.|\n)*main\.service: rolled-back/);
    for (const unit of [masked, far]) {
      assert.ok(said.includes(`note[stays-stopped]: ${unit} `), said);
      assert.equal(await isActive(unit), 'inactive', unit);
    }
    for (const unit of [UNIT, other]) assert.equal(await isActive(unit), 'active', unit);
    await box().sh(`systemctl unmask ${masked}; rm ${file}`);
  });

  test('somebody stops a unit that depends on it before the restart: it stays so', async () => {
    await units(
      {
        'side-needs.service': dependent(`ExecStart=${SLEEP}`),
        'side-slow.service': `[Service]\nExecStart=${SLEEP}\nExecStop=/usr/bin/sleep 3\n`,
      },
      'side-needs.service',
      'side-slow.service',
    );
    await box().writeFile('/run/policy.toml', POLICY);
    await box().succeed(['systemctl', 'stop', '--no-block', 'side-slow.service']);
    const was = await invocation(UNIT);
    const said = await beside(
      `apply --policy /run/policy.toml ${UNIT} side-slow.service`,
      `until [ -e ${UNDO} ]; do sleep 0.05; done; sleep 0.3; systemctl stop side-needs.service`,
    );
    assert.match(said, /^exit 0\n(?:.|\n)*^main\.service: applied/m);
    assert.notEqual(await invocation(UNIT), was);
    assert.equal(await isActive('side-needs.service'), 'inactive', said);
    await sandboxUnit(box(), 'revert', UNIT, 'side-slow.service');
  });

  for (const verb of ['apply', 'revert'])
    test(`somebody stops a unit that depends on it in the restart of ${verb}: it is started again`, async () => {
      await units(
        { 'side-needs.service': dependent(`ExecStart=${SLEEP}\nExecStop=/usr/bin/sleep 2`) },
        'side-needs.service',
      );
      if (verb === 'revert') await run(0, 'apply', UNIT);
      const said = await beside(
        `${verb} ${UNIT}`,
        `until systemctl show -p Job side-needs.service | grep -q =[1-9]; do sleep 0.05; done
         systemctl stop side-needs.service`,
      );
      assert.match(said, /^exit 0\n(?:.|\n)*note\[started-again\]: side-needs\.service/);
      for (const unit of [UNIT, 'side-needs.service']) assert.equal(await isActive(unit), 'active', unit);
    });

  test('what waits for something that it makes, and is skipped where it comes too early, is up again', async () => {
    const made = 'ExecStart=/bin/sh -c "sleep 0.4; touch /run/mainrt/ready; exec sleep infinity"';
    await units({ [UNIT]: `[Service]\nRuntimeDirectory=mainrt\n${made}\n` });
    await box().succeed(['systemctl', 'restart', UNIT]);
    await until(
      'it is ready',
      async () => (await box().exec(['test', '-e', '/run/mainrt/ready'])).status === 0,
    );
    const side = dependent(`ExecStart=${SLEEP}`).replace(
      '[Unit]',
      '[Unit]\nConditionPathExists=/run/mainrt/ready',
    );
    await units({ 'side-skipped.service': side }, 'side-skipped.service');
    await box().writeFile(policyPath(UNIT), POLICY.replace('100ms', '600ms'));
    const { stderr } = await run(0, 'apply', UNIT);
    assert.doesNotMatch(stderr, /stays-stopped/);
    assert.equal(await isActive('side-skipped.service'), 'active', stderr);
  });

  test('a unit that depends on it fails late in its start: both are up again as they were', async () => {
    const pre =
      '/bin/sh -c "sleep 1; grep -q Seccomp:.0 /proc/$(systemctl show --value -p MainPID main.service)/status"';
    await units(
      { 'side-late.service': dependent(`Type=exec\nExecStartPre=${pre}\nExecStart=${SLEEP}`) },
      'side-late.service',
    );
    const { stdout, stderr } = await run(1, 'apply', UNIT);
    assert.match(`${stdout}${stderr}`, /error\[dependent-failed\]: side-late\.service/);
    for (const unit of [UNIT, 'side-late.service']) assert.equal(await isActive(unit), 'active', unit);
  });

  test('it goes down in its trial: what is bound to it, and what depends on that, is up again', async () => {
    const sides = {
      'side-bound.service': dependent(`ExecStart=${SLEEP}`).replace('Requires=', 'BindsTo='),
      'side-far.service': dependent(`ExecStart=${SLEEP}`).replaceAll(UNIT, 'side-bound.service'),
      'side-group.target': `[Unit]\nBindsTo=${UNIT}\nAfter=${UNIT}\n`,
      'side-part.service': `[Unit]\nPartOf=side-group.target\n[Service]\nExecStart=${SLEEP}\n`,
    };
    await units(sides, ...Object.keys(sides));
    await box().writeFile(policyPath(UNIT), DEADLY);
    assert.match((await run(1, 'apply', UNIT)).stdout, /rolled-back/);
    for (const unit of [UNIT, ...Object.keys(sides)]) assert.equal(await isActive(unit), 'active', unit);
  });

  test('its restart stops a unit that others depend on: all are up again', async () => {
    const sides = {
      'side-stopped.service': `[Unit]\nStopPropagatedFrom=${UNIT}\n[Service]\nExecStart=${SLEEP}\n`,
      'side-far.service': dependent(`ExecStart=${SLEEP}`).replaceAll(UNIT, 'side-stopped.service'),
    };
    await units(sides, ...Object.keys(sides));
    for (const verb of ['apply', 'revert']) {
      await run(0, verb, UNIT);
      for (const unit of [UNIT, ...Object.keys(sides)]) assert.equal(await isActive(unit), 'active', unit);
    }
  });

  test('what it requires goes down in a trial that fails: it is left running', async () => {
    await units({
      [UNIT]: `[Unit]\nRequires=side-db.service\nAfter=side-db.service\n[Service]\nExecStart=${SLEEP}\n`,
      'side-db.service': `[Service]\nExecStart=${SLEEP}\n`,
    });
    await box().sh(`systemctl stop ${UNIT}; systemctl start ${UNIT}`);
    await box().writeFile(
      '/run/fails',
      '#!/bin/sh\nsystemctl kill -s KILL side-db.service; sleep 0.2; exit 1\n',
      '0755',
    );
    await box().writeFile(policyPath(UNIT), `${POLICY}probe = ["/run/fails"]\n`);
    const { stderr } = await run(1, 'apply', UNIT);
    assert.match(
      stderr,
      /note\[restart-due\](?:.|\n)*Requires=side-db\.service has failed: start that first/,
    );
    assert.equal(await isActive(UNIT), 'active');
  });

  test('what its restart stops and nobody may start is named, and no failure of its own', async () => {
    const side = `[Unit]\nRefuseManualStart=yes\nStopPropagatedFrom=${UNIT}\n[Service]\nExecStart=${SLEEP}\n`;
    await units(
      {
        'side-refuses.service': side,
        'side-pulls.service': `[Unit]\nWants=side-refuses.service\n[Service]\nExecStart=${SLEEP}\n`,
      },
      'side-pulls.service',
    );
    assert.equal(await isActive('side-refuses.service'), 'active');
    await box().writeFile(policyPath(UNIT), POLICY);
    assert.match((await run(0, 'apply', UNIT)).stderr, /warning\[went-down\]: side-refuses\.service/);
  });

  test('a recorded run starts it and stops what conflicts with it: that is up again', async () => {
    await box().succeed(['systemctl', 'stop', UNIT]);
    await units(
      { 'side-foe.service': `[Unit]\nConflicts=${UNIT}\n[Service]\nExecStart=${SLEEP}\n` },
      'side-foe.service',
    );
    const was = await invocation('side-foe.service');
    const { stdout, stderr } = await sandboxUnit(box(), 'explain', '--record', UNIT);
    assert.notEqual(await invocation('side-foe.service'), was, `${stdout}${stderr}`);
    assert.deepEqual([await isActive(UNIT), await isActive('side-foe.service')], ['inactive', 'active']);
  });

  test('what its restart stops is started again', async () => {
    const side = `[Unit]\nStopPropagatedFrom=${UNIT}\n[Service]\nExecStart=${SLEEP}\n`;
    await units({ 'side-stopped.service': side }, 'side-stopped.service');
    await box().writeFile(policyPath(UNIT), POLICY);
    for (const verb of ['apply', 'revert']) {
      assert.match((await run(0, verb, UNIT)).stderr, /note\[started-again\]: side-stopped\.service/);
      assert.equal(await isActive('side-stopped.service'), 'active');
    }
  });
});
