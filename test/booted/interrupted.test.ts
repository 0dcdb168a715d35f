/** Runs that are interrupted or killed while they change units: the run itself or the next one rolls back. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  COMMAND,
  changedServiceIn,
  DEADLY,
  dependent,
  POLICY,
  SLEEP,
  SLOW,
  UNDO,
  UNIT,
} from '../support/changed-service.js';
import { policyPath, sandboxUnit, servicesObstacle } from '../support/service.js';
import { until } from '../support/until.js';

describe('an interrupted change', { skip: servicesObstacle() ?? false }, () => {
  const { box, isActive, invocation, filters, units, run, interrupted, killedInTrial } =
    changedServiceIn('interrupted');

  test('killed before the restart: a service that an administrator has stopped stays down', async () => {
    await box.writeFile(policyPath(UNIT), POLICY);
    const said = await interrupted(`apply ${UNIT}`, 'KILL', `[ -e ${UNDO} ]`);
    assert.match(said, /^exit (?:0|137)/);
    if (said.startsWith('exit 0')) return;
    const text = await box.succeed(['cat', UNDO]);
    if (JSON.parse(text).step === 'restart') return;
    await box.succeed(['systemctl', 'stop', UNIT]);
    assert.match((await run(0, 'status')).stderr, /warning\[put-back\]/);
    assert.equal(await isActive(UNIT), 'inactive');
  });

  test('killed: the next run restores the unit, and other commands report it', async () => {
    await killedInTrial();
    const checked = await run(3, 'apply', '--check', UNIT);
    assert.match(checked.stderr, /warning\[half-done\]: main\.service/);
    const { stdout } = await run(3, 'apply', '--check', '--json', UNIT);
    assert.equal(JSON.parse(stdout).changed, true);
    assert.match((await run(1, 'verify', UNIT)).stderr, /error\[half-done\]: main\.service/);
    const { stderr } = await run(2, 'explain', '--record', 'absent.service');
    assert.match(stderr, /warning\[put-back\]: .*main\.service(?:.|\n)*error\[no-unit\]/);
    assert.equal(await filters(UNIT), 0);
    assert.equal(await isActive(UNIT), 'active');
  });

  test('killed: later changes by the administrator are left alone', async () => {
    await run(0, 'apply', UNIT);
    await killedInTrial();
    await box.succeed(['rm', '-r', `/etc/systemd/system/${UNIT}.d`]);
    await box.succeed(['systemctl', 'daemon-reload']);
    await box.succeed(['systemctl', 'restart', UNIT]);
    const was = await invocation(UNIT);
    assert.match((await run(1, 'status')).stderr, /warning\[changed-since\]/);
    assert.deepEqual([await invocation(UNIT), await filters(UNIT)], [was, 0]);
    const { stderr } = await run(1, 'status');
    assert.doesNotMatch(stderr, /changed-since/);
    assert.match(stderr, /error\[drift-files\]: main\.service was confined, but its drop-in is gone/);
    await run(0, 'revert', UNIT);
  });

  test('killed: a unit that an administrator has stopped stays down', async () => {
    await killedInTrial();
    await box.succeed(['systemctl', 'stop', UNIT]);
    assert.match((await run(0, 'status')).stderr, /note\[stays-stopped\]/);
    assert.equal(await isActive(UNIT), 'inactive');
  });

  test('power cut: services that the boot started are as before the change', async () => {
    await box.succeed(['systemctl', 'stop', UNIT]);
    const when = '[ -e /etc/systemd/system/main.service.d/zz-sandbox-unit.conf ]';
    await box.writeFile(policyPath(UNIT), POLICY);
    await box.exec([
      'bash',
      '-c',
      `strace -f -o /run/trace -e trace=rename -e inject=rename:signal=KILL:when=2 ${COMMAND} apply ${UNIT}; ${when}`,
    ]);
    await box.succeed(['sed', '-i', 's/"boot": "[^"]*"/"boot": "another"/', UNDO]);
    await box.succeed(['systemctl', 'daemon-reload']);
    await box.succeed(['systemctl', 'start', UNIT]);
    await run(0, 'status');
    assert.equal(await filters(UNIT), 0);
    assert.equal(await isActive(UNIT), 'active');
  });

  test("killed in a run of a hundred units: untouched services aren't restarted", async () => {
    const names = Array.from({ length: 100 }, (_, i) => `side${i}.service`);
    await units(Object.fromEntries(names.map((name) => [name, `[Service]\nExecStart=${SLEEP}\n`])), ...names);
    const runs = async () =>
      (await box.succeed(['systemctl', 'show', '--value', '-p', 'InvocationID', ...names]))
        .split('\n')
        .filter((line) => line !== '');
    const were = await runs();
    await box.writeFile('/run/policy.toml', POLICY);
    const when = '[ $(ls /var/lib/sandbox-unit | wc -l) -ge 90 ]';
    await interrupted(`apply --policy /run/policy.toml ${names.join(' ')}`, 'KILL', when);
    await run(0, 'status');
    assert.deepEqual(await runs(), were);
    assert.equal(await box.succeed(['ls', '/var/lib/sandbox-unit']).catch(() => ''), '');
  });

  test('a signal during revert: the next run finishes it', async () => {
    const names = ['side0.service', 'side1.service', 'side2.service'];
    const slow = `[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/usr/bin/sleep 0.1\nExecStop=/usr/bin/sleep 2\n`;
    await units(Object.fromEntries(names.map((name) => [name, slow])), ...names);
    await box.writeFile('/run/policy.toml', POLICY);
    await run(0, 'apply', '--policy', '/run/policy.toml', ...names);
    const when = `[ $(systemctl is-active side0.service) = deactivating ]`;
    const said = await interrupted(`revert ${names.join(' ')}`, 'TERM', when);
    assert.match(said, /^exit 1\n/);
    await until('it runs', async () => (await isActive(names[0]!)) === 'active');
    const { stdout } = await sandboxUnit(box, 'status');
    for (const name of names) assert.match(stdout, new RegExp(`^${name} +enforcing +live`, 'm'));
    await run(0, 'revert', ...names);
    assert.match((await run(0, 'status')).stdout, /^No unit/);
  });

  test("a signal during apply: units that waited for their turn don't count as applied", async () => {
    const names = Array.from({ length: 12 }, (_, i) => `side${i}.service`);
    await units(
      Object.fromEntries(names.map((name) => [name, `[Service]\nExecStart=${SLEEP}\n`])),
      names[0]!,
    );
    await box.writeFile('/run/policy.toml', SLOW);
    const was = await invocation(names[0]!);
    const when = `[ "$(systemctl show --value -p InvocationID ${names[0]})" != ${was} ]`;
    const said = await interrupted(`apply --policy /run/policy.toml ${names.join(' ')}`, 'TERM', when);
    assert.match(said, /^exit 1\n/);
    // Those of its batch that had nothing to try were done with.
    assert.match(said, /side0\.service: rolled-back/);
    for (const name of names.slice(8)) assert.match(said, new RegExp(`^${name}: rolled-back`, 'm'));
    await sandboxUnit(box, 'revert', ...names);
  });

  test('a unit that never gets ready: a second signal ends the wait', async () => {
    await units({ [UNIT]: `[Service]\nType=notify\nTimeoutStartSec=infinity\nExecStart=${SLEEP}\n` });
    await box.succeed(['systemctl', 'restart', '--no-block', UNIT]);
    const was = await invocation(UNIT);
    const when = `[ "$(systemctl show --value -p InvocationID ${UNIT})" != "${was}" ] && [ -e ${UNDO} ]`;
    const said = await interrupted(`apply ${UNIT}`, 'TERM TERM', when);
    assert.match(said, /^exit 1\n/);
    assert.match((await run(0, 'status')).stdout, /^No unit/);
    assert.equal(await isActive(UNIT), 'activating');
  });

  test('killed: dependents are up again, also those that were stopped since', async () => {
    const head = `[Unit]\nRequires=${UNIT}\nAfter=${UNIT}\n`;
    const sides = {
      'side-a.target': head,
      'side-b.socket': `${head}[Socket]\nListenStream=/run/side-b\n`,
      'side-c.service': `${head}[Service]\nExecStart=${SLEEP}\n`,
    };
    await units({ ...sides, 'side-b.service': `[Service]\nExecStart=${SLEEP}\n` }, ...Object.keys(sides));
    await killedInTrial();
    await box.succeed(['systemctl', 'stop', ...Object.keys(sides)]);
    const { stderr } = await run(0, 'status');
    assert.match(stderr, /warning\[put-back\]/);
    assert.doesNotMatch(stderr, /stays-stopped/);
    for (const unit of [UNIT, ...Object.keys(sides)]) assert.equal(await isActive(unit), 'active', unit);
    assert.equal(await filters(UNIT), 0);
  });

  test('killed after a failed restart: dependents are up again', async () => {
    await units(
      {
        [UNIT]: `[Service]\nType=exec\nExecStart=${SLEEP}\nExecStartPost=/usr/bin/sleep 0.5\nTimeoutStopSec=20\n`,
        'side-needs.service': dependent(`ExecStart=${SLEEP}`),
      },
      UNIT,
      'side-needs.service',
    );
    await box.writeFile(policyPath(UNIT), DEADLY);
    const when = `systemctl is-failed --quiet ${UNIT}`;
    assert.match(await interrupted(`apply ${UNIT}`, 'KILL', when), /^exit 137/);
    assert.equal(await isActive('side-needs.service'), 'inactive');
    assert.match((await run(0, 'status')).stderr, /warning\[put-back\]/);
    for (const unit of [UNIT, 'side-needs.service']) assert.equal(await isActive(unit), 'active', unit);
  });

  for (const [what, script] of [
    ['never gets ready', 'true'],
    [
      'is waited for by a unit that something else keeps waiting',
      'systemctl start --no-block side-long.service',
    ],
  ] as const)
    test(`a unit that ${what}: an interrupt restores it, a second one ends the wait`, async () => {
      const isLong = script !== 'true';
      const type = isLong ? '' : 'Type=notify\nTimeoutStartSec=infinity\n';
      const start = isLong
        ? SLEEP
        : '/bin/sh -c "[ -e /run/mute ] || systemd-notify --ready; exec sleep infinity"';
      await units({ [UNIT]: `[Service]\n${type}NotifyAccess=all\nExecStart=${start}\n` });
      await box.succeed(['systemctl', 'restart', UNIT]);
      await units(
        {
          'side-needs.service': dependent(`ExecStart=${SLEEP}`).replace('After=', 'After=side-long.service '),
          'side-long.service':
            '[Service]\nType=oneshot\nTimeoutStartSec=infinity\nExecStart=/usr/bin/sleep infinity\n',
        },
        'side-needs.service',
      );
      await box.sh(`touch /run/mute; ${script}`);
      await box.writeFile(policyPath(UNIT), SLOW);
      const when = `[ "$(systemctl show --value -p ActiveState side-needs.service)" = inactive ]`;
      const said = await interrupted(`apply ${UNIT}`, 'INT INT', when);
      // The second may come when all is done, also before that is said.
      assert.match(said, /^exit (?:1|130)\n/);
      assert.match((await run(0, 'status')).stdout, /^No unit/);
      await box.sh('rm -f /run/mute; systemctl stop side-long.service; systemctl cancel');
    });
});
