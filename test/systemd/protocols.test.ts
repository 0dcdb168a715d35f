/** How systemd and a service talk to each other, with the launcher in between. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Box } from '../support/box.js';
import { changeFiles } from '../support/loaded-units.js';
import { REPOSITORY } from '../support/repository.js';
import {
  apply,
  bootWithPrograms,
  mainPid,
  PROGRAMS,
  policyPath,
  processStatus,
  properties,
  sandboxUnit,
  servicesObstacle,
} from '../support/service.js';

const skip = servicesObstacle();
const DAEMON = `${PROGRAMS}/daemon`;
const POLICIES = ['exec', 'entry'].map(
  (stage) => `[syscalls]\ndeny = ["execve", "execveat"]\nstage = "${stage}"\n`,
);

const BUS_NAME = 'org.example.Owner';
const OWNER = `require("${REPOSITORY}/node_modules/dbus-next").systemBus().requestName("${BUS_NAME}", 0)`;

/** What lets root own the name, and what starts the service that does. */
const BUS_FILES = {
  '/etc/dbus-1/system.d/owner.conf': `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "busconfig.dtd">
<busconfig><policy user="root"><allow own="${BUS_NAME}"/><allow send_destination="${BUS_NAME}"/></policy></busconfig>
`,
  [`/usr/share/dbus-1/system-services/${BUS_NAME}.service`]: `[D-BUS Service]\nName=${BUS_NAME}\nExec=/bin/false\nUser=root\nSystemdService=owner.service\n`,
};

const FILES = {
  'echo.socket': '[Socket]\nListenStream=127.0.0.1:4242\nFileDescriptorName=the-echo',
  'echo.service': `[Service]\nType=notify\nExecStart=${DAEMON}`,
  'reload.service': `[Service]\nType=notify-reload\nExecStart=${DAEMON}`,
  'hangup.service': `[Service]\nType=notify\nExecStart=${DAEMON}\nExecReload=kill -HUP $MAINPID`,
  'owner.service': `[Service]\nType=dbus\nBusName=${BUS_NAME}\nExecStart=/usr/local/bin/node -e '${OWNER}'`,
  'forking.service': `[Service]\nType=forking\nPIDFile=/run/forked.pid\nExecStart=/bin/bash -c 'read <>/run/forked.fifo & echo $$! >/run/forked.pid'`,
  'each.socket': '[Socket]\nListenStream=127.0.0.1:4243\nAccept=yes',
  'each@.service':
    '[Service]\nStandardInput=socket\nStandardError=journal\nExecStart=/usr/bin/grep Seccomp_filters /proc/self/status',
  'watched.service': `[Service]\nType=notify\nWatchdogSec=2s\nDynamicUser=yes\nExecStart=${DAEMON}`,
};

let box: Box;
before(async () => {
  if (skip) return;
  box = await bootWithPrograms('protocols', { daemon: ['test/systemd/programs/daemon.c', '-static'] });
  const files = Object.entries(FILES).map(([unit, text]) => [`/etc/systemd/system/${unit}`, `${text}\n`]);
  await changeFiles(box, { ...Object.fromEntries(files), ...BUS_FILES });
  await box.succeed(['systemctl', 'try-reload-or-restart', 'dbus.service']);
  await box.succeed(['mkfifo', '/run/forked.fifo']);
});
after(() => box?.stop());

const statusText = async (unit: string) => (await properties(box, unit, 'StatusText')).StatusText;

/** How many filters the main process has. */
const filters = async (unit: string) =>
  Number((await processStatus(box, await mainPid(box, unit))).get('Seccomp_filters'));

/** Starts a service, tries something with it, and does so again under a policy of each stage. */
async function withAndWithout(unit: string, attempt: () => Promise<void>): Promise<void> {
  await attempt();
  const own = await filters(unit);
  for (const [stages, policy] of POLICIES.entries()) {
    await apply(box, policy, unit);
    await attempt();
    assert.ok((await filters(unit)) > own + stages, `${unit} lacks a filter of ours`);
  }
}

test('a socket that systemd listens on starts the service and is served by it', { skip }, async () => {
  await box.succeed(['systemctl', 'start', 'echo.socket']);
  await withAndWithout('echo.service', async () => {
    await box.succeed(['systemctl', 'stop', 'echo.service']);
    const said = await box.succeed(['curl', '-sS', 'telnet://127.0.0.1:4242']);
    assert.equal(said, `process ${await mainPid(box, 'echo.service')}, descriptor 3 of 1, the-echo\n`);
  });
});

for (const unit of ['reload.service', 'hangup.service']) {
  test(`readiness, status and reload are told (${unit})`, { skip }, async () => {
    await withAndWithout(unit, async () => {
      await box.succeed(['systemctl', 'restart', unit]);
      const pid = await mainPid(box, unit);
      assert.equal(await statusText(unit), 'ready');
      await box.succeed(['systemctl', 'reload', unit]);
      await box.waitFor('word of the reload', async () => (await statusText(unit)) === 'reloaded 1');
      assert.equal(await mainPid(box, unit), pid);
    });
  });
}

test('the watchdog hears the service, and ends it when it is silent', { skip }, async () => {
  const unit = 'watched.service';
  await withAndWithout(unit, async () => {
    await box.succeed(['systemctl', 'restart', unit]);
    await box.waitFor(
      'several signs of life',
      async () => /^alive ([5-9]|\d\d)/.test(await statusText(unit)),
      30_000,
    );
  });
  await box.succeed(['systemctl', 'kill', '--signal=USR1', unit]);
  const isOver = async () => (await properties(box, unit, 'Result')).Result === 'watchdog';
  await box.waitFor('the watchdog', isOver, 30_000);
});

test('a call on the bus starts the service and is answered by it', { skip }, async () => {
  const unit = 'systemd-hostnamed.service';
  await withAndWithout(unit, async () => {
    await box.succeed(['systemctl', 'stop', unit]);
    const name = [
      'org.freedesktop.hostname1',
      '/org/freedesktop/hostname1',
      'org.freedesktop.hostname1',
      'Hostname',
    ];
    assert.equal(await box.succeed(['busctl', 'get-property', ...name]), 's "protocols"\n');
  });
});

test('a service that waits for its name on the bus, and is started by a call to it', { skip }, async () => {
  const unit = 'owner.service';
  await withAndWithout(unit, async () => {
    await box.succeed(['systemctl', 'stop', unit]);
    await box.succeed(['busctl', 'call', BUS_NAME, '/', 'org.freedesktop.DBus.Peer', 'Ping']);
    const status = await box.succeed(['busctl', 'status', BUS_NAME]);
    assert.match(status, new RegExp(`^PID=${await mainPid(box, unit)}$`, 'm'));
  });
});

test('a service that forks', { skip }, async () => {
  const unit = 'forking.service';
  await withAndWithout(unit, async () => {
    await box.succeed(['systemctl', 'restart', unit]);
    assert.equal(`${await mainPid(box, unit)}\n`, await box.readFile('/run/forked.pid'));
  });
});

test('each connection starts an instance, by the policy of the template', { skip }, async () => {
  await box.succeed(['systemctl', 'start', 'each.socket']);
  const connect = async () => {
    const [, count] =
      /^Seccomp_filters:\t(\d+)$/m.exec(await box.succeed(['curl', '-sS', 'telnet://127.0.0.1:4243'])) ??
      assert.fail();
    return Number(count);
  };
  const own = await connect();
  await box.writeFile(policyPath('each@.service'), POLICIES[0]!);
  const { status, stderr } = await sandboxUnit(box, 'apply', '--root=/', 'each@.service');
  assert.equal(status, 0, stderr);
  await box.succeed(['systemctl', 'daemon-reload']);
  assert.ok((await connect()) > own);
});
