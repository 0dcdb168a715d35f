/** Units that systemd restarts or stops along with a service: they are up again after its restart, and after a roll-back. */
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
import { changeFiles } from '../support/loaded-units.js';
import { policyPath, properties, sandboxUnit, servicesObstacle } from '../support/service.js';
import { until } from '../support/until.js';

describe('units that depend on a service', { skip: servicesObstacle() ?? false }, () => {
  const { box, isActive, invocation, units, run, beside, inTrial } = changedServiceIn('dependents');

  // Without a limit on starts: systemd itself starts a unit again that the test has restarted often.
  const side = (line: string) =>
    `[Unit]\n${line}\nAfter=${UNIT}\nStartLimitIntervalSec=0\n[Service]\nExecStart=${SLEEP}\n`;
  /** Units tied to the service in each of the ways that systemd has, directly and by another unit. */
  const TIED = {
    'side-requires.service': side(`Requires=${UNIT}`),
    'side-binds.service': side(`BindsTo=${UNIT}`),
    'side-requisite.service': side(`Requisite=${UNIT}`),
    'side-part.service': side(`PartOf=${UNIT}`),
    'side-upholds.service': side(`Upholds=${UNIT}`),
    'side-stopped.service': side(`StopPropagatedFrom=${UNIT}`),
    'side-far.service': side('Requires=side-requires.service').replace(UNIT, 'side-requires.service'),
    'side-after-stop.service': side('Requires=side-stopped.service').replace(UNIT, 'side-stopped.service'),
    'side-group.target': `[Unit]\nBindsTo=${UNIT}\nAfter=${UNIT}\nStartLimitIntervalSec=0\n`,
    'side-grouped.service': side('PartOf=side-group.target').replace(`After=${UNIT}\n`, ''),
    'main.socket': '[Socket]\nListenStream=/run/main.socket\n',
    'main.path': '[Path]\nPathExists=/run/absent\n',
  };
  const allUp = async (...names: string[]) => {
    for (const unit of [UNIT, ...names]) assert.equal(await isActive(unit), 'active', unit);
  };

  test('dependents are up after failed trials, an apply and a revert, whatever ties them to the service', async () => {
    await box.succeed(['systemctl', 'stop', UNIT]);
    await units(TIED, 'main.socket', 'main.path', UNIT, ...Object.keys(TIED));
    // A start that fails takes them along, and so does a service that dies later, or too often.
    for (const lines of ['Type=simple', 'Type=exec', 'Restart=on-failure\nRestartSec=10ms']) {
      await units({
        [UNIT]: `[Service]\n${lines}\nExecStart=${SLEEP}\nExecStartPost=/usr/bin/sleep 0.2\n`,
      });
      await box.writeFile(policyPath(UNIT), DEADLY.replace('100ms', '2s'));
      assert.match((await run(1, 'apply', UNIT)).stdout, /rolled-back/);
      await allUp(...Object.keys(TIED));
    }
    await box.writeFile(policyPath(UNIT), POLICY);
    for (const verb of ['apply', 'revert']) {
      const { stderr } = await run(0, verb, UNIT);
      const again = [...stderr.matchAll(/note\[went-down\]: (\S+)/g)].map(([, unit]) => unit);
      assert.deepEqual(again.sort(), ['side-after-stop.service', 'side-stopped.service'], stderr);
      await allUp(...Object.keys(TIED));
    }
    await box.sh('systemctl stop main.socket main.path');
  });

  test("dependents in a user's manager are up after a restart", async () => {
    const user = { env: { XDG_RUNTIME_DIR: '/run/user/0' } };
    const { UNIT: own, ...names } = {
      UNIT: 'side-own.service',
      needs: 'side-needs.service',
      gone: 'side-gone.service',
    };
    const line = (text: string) => side(text).replaceAll(UNIT, own);
    await box.sh('systemctl start user@0.service');
    await changeFiles(box, {
      [`/root/.config/systemd/user/${own}`]: `[Service]\nType=exec\nExecStart=${SLEEP}\n`,
      [`/root/.config/systemd/user/${names.needs}`]: line(`Requires=${own}`),
      [`/root/.config/systemd/user/${names.gone}`]: line(`StopPropagatedFrom=${own}`),
    });
    const manager = (...words: string[]) => box.exec(['systemctl', '--user', ...words], user);
    const all = [own, names.needs, names.gone];
    await manager('daemon-reload');
    await manager('start', ...all);
    for (const [policy, end] of [
      [DEADLY, /rolled-back/],
      [POLICY, /applied/],
    ] as const) {
      await box.writeFile(`/root/.config/sandbox-unit/${own}.toml`, policy);
      const { stdout, stderr } = await box.exec([...COMMAND.split(' '), 'apply', '--user', own], user);
      assert.match(stdout, end, stderr);
      assert.equal((await manager('is-active', ...all)).stdout, 'active\n'.repeat(3), stderr);
    }
    await manager('stop', ...all);
  });

  test('a socket that clients wait for is up again, though its service was started too often', async () => {
    const serve = 'open S, "+<&=3" or die; while (accept C, S) { close C } exit 1';
    const call = `use Socket; for (1..1500) { socket C, AF_UNIX, SOCK_STREAM, 0;
      connect C, sockaddr_un("/run/main.socket"); sysread C, $x, 1; close C; select undef, undef, undef, 0.002 }`;
    await box.writeFile('/run/serve.pl', serve);
    await box.writeFile('/run/call.pl', call);
    await box.succeed(['systemctl', 'stop', UNIT]);
    await units(
      {
        'main.socket': '[Socket]\nListenStream=/run/main.socket\n',
        [UNIT]: '[Service]\nExecStart=/usr/bin/perl /run/serve.pl\n',
      },
      'main.socket',
    );
    await box.writeFile(policyPath(UNIT), POLICY.replace('"ptrace"', '"accept", "accept4"'));
    for (let i = 0; i < 4; i++) {
      await box.succeed(['systemctl', 'restart', UNIT]);
      const said = await box.sh(
        `perl /run/call.pl & sleep 0.2; ${COMMAND} apply ${UNIT} || echo "exit $?"; kill $!; wait $! || :`,
      );
      assert.match(said.stdout, /main\.service: rolled-back\nexit 1/, said.stderr);
      await allUp('main.socket');
      const { MainPID } = await properties(box, UNIT, 'MainPID');
      assert.match(await box.succeed(['ls', '-l', `/proc/${MainPID}/fd`]), / 3 -> socket:/);
    }
    await box.sh('systemctl stop main.socket; rm -f /run/serve.pl /run/call.pl');
  });

  test('a dependent that needs a refused call rolls the service back', async () => {
    await units(
      {
        [UNIT]: `[Service]\nExecStartPre=-/bin/rmdir /run/made\nExecStart=/bin/sh -c "mkdir /run/made; exec ${SLEEP}"\n`,
        'side-needs.service': dependent(
          'ExecStart=/bin/sh -c "sleep 0.2; [ -d /run/made ] && exec sleep infinity; exit 3"',
        ),
      },
      UNIT,
    );
    await box.succeed(['systemctl', 'restart', UNIT]);
    await box.succeed(['systemctl', 'start', 'side-needs.service']);
    await box.writeFile(
      policyPath(UNIT),
      '[syscalls]\ndeny = ["mkdir:EPERM", "mkdirat:EPERM"]\n[apply]\nsettle = "500ms"\n',
    );
    const { stdout, stderr } = await run(1, 'apply', UNIT);
    assert.match(stdout, /rolled-back/);
    assert.match(stderr, /error\[went-down\]: side-needs\.service .*main\.service/);
    await allUp('side-needs.service');
  });

  test('a dependent that fails late in its start rolls the service back', async () => {
    const pre =
      '/bin/sh -c "sleep 1; grep -q Seccomp:.0 /proc/$(systemctl show --value -p MainPID main.service)/status"';
    await units(
      { 'side-late.service': dependent(`Type=exec\nExecStartPre=${pre}\nExecStart=${SLEEP}`) },
      'side-late.service',
    );
    const { stdout, stderr } = await run(1, 'apply', UNIT);
    assert.match(`${stdout}${stderr}`, /error\[went-down\]: side-late\.service/);
    for (const unit of [UNIT, 'side-late.service']) assert.equal(await isActive(unit), 'active', unit);
  });

  test('a dependent that is stopped in the trial is started again', async () => {
    await units({ 'side-needs.service': dependent(`ExecStart=${SLEEP}`) }, 'side-needs.service');
    const said = await inTrial('systemctl stop side-needs.service');
    assert.match(said, /^exit 0\n(?:.|\n)*^main\.service: applied/m);
    assert.match(said, /note\[takes-along\].*side-needs\.service/);
    assert.match(said, /note\[went-down\]: side-needs\.service/);
    await allUp('side-needs.service');
  });

  test("a dependent whose stop waits for the service doesn't block the roll-back", async () => {
    const stop = 'sleep 1; until [ -e /run/main.well ]; do sleep 0.1; done; touch /run/side.well';
    await units({
      [UNIT]: `[Service]
ExecStartPre=/usr/bin/rm -f /run/main.well
ExecStart=/bin/sh -c 'sleep 0.1 && touch /run/main.well && exec ${SLEEP}'\n`,
      'side-slow.service': `[Unit]\nStopPropagatedFrom=${UNIT}
[Service]\nExecStart=${SLEEP}\nExecStop=/bin/sh -c '${stop}'\nTimeoutStopSec=10\n`,
    });
    await box.sh(`rm -f /run/side.well; systemctl restart ${UNIT}; systemctl start side-slow.service`);
    await box.writeFile(policyPath(UNIT), DEADLY);
    assert.match((await run(1, 'apply', UNIT)).stdout, /rolled-back/);
    // A stop that isn't over in time is ended by systemd, before the last command.
    await box.succeed(['test', '-e', '/run/side.well']);
    for (const unit of [UNIT, 'side-slow.service']) assert.equal(await isActive(unit), 'active', unit);
  });

  test('a dependent that is stopped before the restart stays stopped', async () => {
    await units(
      {
        'side-needs.service': dependent(`ExecStart=${SLEEP}`),
        'side-slow.service': `[Service]\nExecStart=${SLEEP}\nExecStop=/usr/bin/sleep 3\n`,
      },
      'side-needs.service',
      'side-slow.service',
    );
    await box.writeFile('/run/policy.toml', POLICY);
    await box.succeed(['systemctl', 'stop', '--no-block', 'side-slow.service']);
    const was = await invocation(UNIT);
    const said = await beside(
      `apply --policy /run/policy.toml ${UNIT} side-slow.service`,
      `until [ -e ${UNDO} ]; do sleep 0.05; done; sleep 0.3; systemctl stop side-needs.service`,
    );
    assert.match(said, /^exit 0\n(?:.|\n)*^main\.service: applied/m);
    assert.notEqual(await invocation(UNIT), was);
    assert.equal(await isActive('side-needs.service'), 'inactive', said);
    await sandboxUnit(box, 'revert', UNIT, 'side-slow.service');
  });

  test('a dependent is up again, though its condition needs what the service creates', async () => {
    const made = 'ExecStart=/bin/sh -c "sleep 0.4; touch /run/mainrt/ready; exec sleep infinity"';
    await units({ [UNIT]: `[Service]\nRuntimeDirectory=mainrt\n${made}\n` });
    await box.succeed(['systemctl', 'restart', UNIT]);
    await until(
      'it is ready',
      async () => (await box.exec(['test', '-e', '/run/mainrt/ready'])).status === 0,
    );
    const side = dependent(`ExecStart=${SLEEP}`).replace(
      '[Unit]',
      '[Unit]\nConditionPathExists=/run/mainrt/ready',
    );
    await units({ 'side-skipped.service': side }, 'side-skipped.service');
    await box.writeFile(policyPath(UNIT), POLICY.replace('100ms', '600ms'));
    const { stderr } = await run(0, 'apply', UNIT);
    assert.doesNotMatch(stderr, /stays-stopped/);
    assert.equal(await isActive('side-skipped.service'), 'active', stderr);
  });

  test('a service whose requirement fails in its trial is left running by the roll-back', async () => {
    await units({
      [UNIT]: `[Unit]\nRequires=side-db.service\nAfter=side-db.service\n[Service]\nExecStart=${SLEEP}\n`,
      'side-db.service': `[Service]\nExecStart=${SLEEP}\n`,
    });
    await box.sh(`systemctl stop ${UNIT}; systemctl start ${UNIT}`);
    await box.writeFile(
      '/run/fails',
      '#!/bin/sh\nsystemctl kill -s KILL side-db.service; sleep 0.2; exit 1\n',
      '0755',
    );
    await box.writeFile(policyPath(UNIT), `${POLICY}probe = ["/run/fails"]\n`);
    const { stderr } = await run(1, 'apply', UNIT);
    assert.match(
      stderr,
      /note\[restart-due\](?:.|\n)*Requires=side-db\.service has failed: start that first/,
    );
    assert.equal(await isActive(UNIT), 'active');
  });

  test('a dependent that refuses to start is named, and is no failure of the service', async () => {
    const side = `[Unit]\nRefuseManualStart=yes\nStopPropagatedFrom=${UNIT}\n[Service]\nExecStart=${SLEEP}\n`;
    await units(
      {
        'side-refuses.service': side,
        'side-pulls.service': `[Unit]\nWants=side-refuses.service\n[Service]\nExecStart=${SLEEP}\n`,
      },
      'side-pulls.service',
    );
    assert.equal(await isActive('side-refuses.service'), 'active');
    await box.writeFile(policyPath(UNIT), POLICY);
    assert.match((await run(0, 'apply', UNIT)).stderr, /warning\[went-down\]: side-refuses\.service/);
  });

  test('a conflicting unit that explain --record stops is up again', async () => {
    await box.succeed(['systemctl', 'stop', UNIT]);
    await units(
      { 'side-foe.service': `[Unit]\nConflicts=${UNIT}\n[Service]\nExecStart=${SLEEP}\n` },
      'side-foe.service',
    );
    const was = await invocation('side-foe.service');
    const { stdout, stderr } = await sandboxUnit(box, 'explain', '--record', UNIT);
    assert.notEqual(await invocation('side-foe.service'), was, `${stdout}${stderr}`);
    assert.deepEqual([await isActive(UNIT), await isActive('side-foe.service')], ['inactive', 'active']);
  });
});
