/** Verbs that run inside the service that they would restart. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ExecOptions } from '../support/box.js';
import { changeFiles } from '../support/loaded-units.js';
import { COMMAND, oneServiceIn, POLICY, SLEEP, UNIT, UNITS } from '../support/one-service.js';
import { sandboxUnit, servicesObstacle } from '../support/service.js';

describe('the command in the service that it changes', { skip: servicesObstacle() ?? false }, () => {
  const { box, units, run, isThere, filters } = oneServiceIn('within');
  const user: ExecOptions = { env: { XDG_RUNTIME_DIR: '/run/user/0' } };
  /** Runs words in the service, and the service on; what they said, and their exit status. */
  const within = async (words: string, before = '', options: ExecOptions = {}) => {
    const manager = options === user ? ['systemctl', '--user'] : ['systemctl'];
    await box.writeFile('/opt/within', `${before}\n${words} >/run/said 2>&1; echo "exit $?" >>/run/said\n`);
    await box.succeed(['rm', '-f', '/run/said']);
    await box.succeed([...manager, 'daemon-reload'], options);
    await box.succeed([...manager, 'restart', UNIT], options);
    const ended = async () => (await box.exec(['grep', '-q', '^exit', '/run/said'])).status === 0;
    await box.waitFor('its end', ended, 30_000);
    return box.readFile('/run/said');
  };
  const service = (mode: string) =>
    `[Service]\nKillMode=${mode}\nDelegate=yes\nExecStart=/bin/bash -c 'test -e /run/once || { touch /run/once; bash /opt/within & }; exec ${SLEEP}'\n`;

  for (const [mode, verb] of [
    ['control-group', 'apply'],
    ['control-group', 'apply --check'],
    ['control-group', 'explain --record'],
    ['mixed', 'apply'],
    ['process', 'apply'],
  ] as const) {
    test(`KillMode=${mode}: ${verb} is refused`, async () => {
      await units({ [UNIT]: service(mode) });
      const said = await within(`${COMMAND} ${verb} ${UNIT}`);
      assert.match(said, /error\[own-service\]: this command runs inside main\.service(?:.|\n)*^exit 1$/m);
      assert.equal(await isThere(`${UNITS}/${UNIT}.d`), false);
    });
  }

  test('revert in the service, or in a group below, is refused', async () => {
    await units({ [UNIT]: service('control-group') });
    await run(0, 'apply', '--no-restart', UNIT);
    const below = 'mkdir /sys/fs/cgroup/system.slice/main.service/below && echo $$ >$_/cgroup.procs';
    assert.match(await within(`${COMMAND} revert ${UNIT}`, below), /error\[own-service\](?:.|\n)*^exit 1$/m);
    await box.succeed(['rm', '/run/once']);
    assert.match(await within(`${COMMAND} revert --no-restart ${UNIT}`), /^exit 0$/m);
  });

  test('the command in the hint works', async () => {
    await units({ [UNIT]: service('control-group') });
    const said = await within(`${COMMAND} apply ${UNIT}`);
    const [, hint] = /hint: run it outside: '(.*?)'/.exec(said) ?? assert.fail(said);
    await box.succeed(['rm', '/run/once']);
    await box.writeFile('/usr/local/bin/sandbox-unit', `#!/bin/sh\nexec ${COMMAND} "$@"\n`, '0755');
    await box.writeFile('/opt/within', `${hint} >/run/said 2>&1\n`);
    await box.succeed(['systemctl', 'restart', UNIT]);
    await box.waitFor('its end', async () => {
      const { stdout } = await sandboxUnit(box, 'status', UNIT);
      return /enforcing +live/.test(stdout);
    });
  });

  test("a command in a service of a user's manager is refused", async () => {
    await box.sh('systemctl start user@0.service');
    await changeFiles(box, {
      [`/root/.config/systemd/user/${UNIT}`]: service('control-group'),
      [`/root/.config/sandbox-unit/${UNIT}.toml`]: POLICY,
    });
    const said = await within(`${COMMAND} apply --user ${UNIT}`, '', user);
    assert.match(
      said,
      /error\[own-service\](?:.|\n)*'systemd-run --user --wait --pipe sandbox-unit apply --user/,
    );
    await box.succeed(['systemctl', '--user', 'stop', UNIT], user);
  });

  test("a command in a service that restarts along is refused, in any other service it isn't", async () => {
    await units({ [UNIT]: `[Service]\nExecStart=${SLEEP}\n` });
    await box.succeed(['systemctl', 'start', UNIT]);
    const inOther = (...lines: string[]) => {
      const words = ['systemd-run', '--wait', '--pipe', '--collect', '--unit=main.service-other'];
      return box.exec([...words, ...lines.map((line) => `-p${line}`), ...COMMAND.split(' '), 'apply', UNIT]);
    };
    const part = await inOther(`PartOf=${UNIT}`);
    assert.equal(part.status, 1, part.stderr);
    assert.match(
      part.stderr,
      /error\[own-service\]: this command runs inside main\.service-other\.service, which a restart of main/,
    );
    const other = await inOther();
    assert.equal(other.status, 0, other.stderr);
    assert.equal(await filters(), 2);
  });
});
