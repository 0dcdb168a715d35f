/** Protocols between systemd and a service, with the launcher in between. */
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { type CommandOptions, runCommand } from '../support/command-in-box.js';
import { changeFiles } from '../support/loaded-units.js';
import { machine } from '../support/machine.js';
import { REPOSITORY } from '../support/repository.js';
import { folderWithSystem, PROGRAMS, policyPath, processStatus, properties } from '../support/service.js';

const DAEMON = `${PROGRAMS}/daemon`;
const STATUS = '/proc/self/status';
const POLICIES = ['exec', 'entry'].map(
  (stage) => `[syscalls]\ndeny = ["execve", "execveat"]\nstage = "${stage}"\n[apply]\nsettle = "100ms"\n`,
);

const USER = 'alice';

interface Manager {
  readonly what: string;
  readonly bus: 'system' | 'session';
  /** Options of systemctl(1), busctl(1) and of the command. */
  readonly words: readonly string[];
  readonly exec: CommandOptions;
  readonly folder: string;
  /** Where its sockets listen. */
  readonly port: number;
}

const SYSTEM: Manager = {
  what: "the system's manager",
  bus: 'system',
  words: [],
  exec: {},
  folder: '/etc/systemd/system',
  port: 4242,
};
const USERS: Manager = {
  what: "a user's manager",
  bus: 'session',
  words: ['--user'],
  exec: { user: USER },
  folder: '/etc/systemd/user',
  port: 4252,
};

const BUS_NAME = 'org.example.Owner';

/** What lets root own the name on the system's bus, and what starts the service that does. */
const BUS_FILES = {
  '/etc/dbus-1/system.d/owner.conf': `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "busconfig.dtd">
<busconfig><policy user="root"><allow own="${BUS_NAME}"/><allow send_destination="${BUS_NAME}"/></policy></busconfig>
`,
  ...Object.fromEntries(
    ['system-services', 'services'].map((folder) => [
      `/usr/share/dbus-1/${folder}/${BUS_NAME}.service`,
      `[D-BUS Service]\nName=${BUS_NAME}\nExec=/bin/false\nUser=root\nSystemdService=owner.service\n`,
    ]),
  ),
};

const filesOf = ({ bus, port }: Manager) => ({
  'echo.socket': `[Socket]\nListenStream=127.0.0.1:${port}\nFileDescriptorName=the-echo`,
  'echo.service': `[Service]\nType=notify\nExecStart=${DAEMON}`,
  'reload.service': `[Service]\nType=notify-reload\nExecStart=${DAEMON}`,
  'hangup.service': `[Service]\nType=notify\nExecStart=${DAEMON}\nExecReload=kill -HUP $MAINPID`,
  'owner.service': `[Service]\nType=dbus\nBusName=${BUS_NAME}\nExecStart=/usr/local/bin/node -e 'require("${REPOSITORY}/node_modules/dbus-next").${bus}Bus().requestName("${BUS_NAME}", 0)'`,
  'forking.service': `[Service]\nType=forking\nPIDFile=%t/forked.pid\nExecStart=/bin/bash -c 'read <>%t/forked.fifo & echo $$! >%t/forked.pid'`,
  'oneshot.service': `[Service]\nType=oneshot\nExecStart=/usr/bin/cp ${STATUS} %t/first ; /usr/bin/cp ${STATUS} %t/second\nExecStart=-/usr/bin/cp ${STATUS} %t/third`,
  'each.socket': `[Socket]\nListenStream=127.0.0.1:${port + 1}\nAccept=yes`,
  'each@.service': `[Service]\nStandardInput=socket\nStandardError=journal\nExecStart=/usr/bin/grep Seccomp_filters ${STATUS}`,
  'watched.service': `[Service]\nType=notify\nWatchdogSec=2s\nDynamicUser=yes\nExecStart=${DAEMON}`,
});

const { box, run, skip, test } = machine('protocols', {
  programs: { daemon: ['test/booted/programs/daemon.c', '-static'] },
  prepare: async () => {
    await box.succeed(['useradd', '--create-home', USER]);
    const files = [SYSTEM, USERS].flatMap((manager) =>
      Object.entries(filesOf(manager)).map(([unit, text]) => [`${manager.folder}/${unit}`, `${text}\n`]),
    );
    await changeFiles(box, { ...Object.fromEntries(files), ...BUS_FILES });
    await box.succeed(['systemctl', 'try-reload-or-restart', 'dbus.service']);
    await box.sh(`systemctl start user@$(id --user ${USER}).service`);
  },
});

const statusOf = async (pid: number | string) =>
  Number((await processStatus(box, Number(pid))).get('Seccomp_filters'));

/** What is done with the units of a manager. */
function unitsOf({ words, exec }: Manager) {
  const systemctl = (...more: string[]) => box.succeed(['systemctl', ...words, ...more], exec);
  const shown = async (unit: string, property: string) =>
    (await systemctl('show', '--value', `--property=${property}`, unit)).trimEnd();
  /** How many filters the main process has. */
  const filters = async (unit: string) => statusOf(await shown(unit, 'MainPID'));

  /** Applies a policy to a unit, which has to succeed. */
  async function confine(unit: string, policy: string): Promise<void> {
    await box.writeFile('/run/policy.toml', policy);
    const command = ['apply', ...words, '--policy=/run/policy.toml', unit];
    const { status, stderr } = await runCommand(box, command, exec);
    assert.equal(status, 0, stderr);
  }

  /** Tries something with a service, and does so again under a policy of each stage. */
  async function withAndWithout(
    unit: string,
    attempt: () => Promise<void>,
    count = () => filters(unit),
  ): Promise<void> {
    await attempt();
    const own = await count();
    for (const [stages, policy] of POLICIES.entries()) {
      await confine(unit, policy);
      await attempt();
      assert.ok((await count()) > own + stages, `${unit} lacks a filter of ours`);
    }
  }
  return { systemctl, shown, withAndWithout };
}

for (const manager of [SYSTEM, USERS]) {
  const { systemctl, shown, withAndWithout } = unitsOf(manager);
  const { words, exec, port } = manager;
  const runtime = async () =>
    exec.user ? `/run/user/${(await box.succeed(['id', '--user', exec.user])).trim()}` : '/run';

  describe(manager.what, { skip }, () => {
    test('listens on a socket, starts the service and hands the socket on', async () => {
      await systemctl('start', 'echo.socket');
      await withAndWithout('echo.service', async () => {
        await systemctl('stop', 'echo.service');
        const said = await box.succeed(['curl', '-sS', `telnet://127.0.0.1:${port}`]);
        const pid = await shown('echo.service', 'MainPID');
        assert.equal(said, `process ${pid}, descriptor 3 of 1, the-echo\n`);
      });
    });

    for (const unit of ['reload.service', 'hangup.service']) {
      test(`reports readiness, status and reload (${unit})`, async () => {
        await withAndWithout(unit, async () => {
          await systemctl('restart', unit);
          const pid = await shown(unit, 'MainPID');
          assert.equal(await shown(unit, 'StatusText'), 'ready');
          await systemctl('reload', unit);
          const isReloaded = async () => (await shown(unit, 'StatusText')) === 'reloaded 1';
          await box.waitFor('word of the reload', isReloaded);
          assert.equal(await shown(unit, 'MainPID'), pid);
        });
      });
    }

    test('waits for a name on the bus, and starts its owner when it is called', async () => {
      const unit = 'owner.service';
      const busctl = (...more: string[]) => box.succeed(['busctl', ...words, ...more], exec);
      await withAndWithout(unit, async () => {
        await systemctl('stop', unit);
        await busctl('call', BUS_NAME, '/', 'org.freedesktop.DBus.Peer', 'Ping');
        const pid = await shown(unit, 'MainPID');
        assert.match(await busctl('status', BUS_NAME), new RegExp(`^PID=${pid}$`, 'm'));
      });
    });

    test('finds the main process of a forking service', async () => {
      const unit = 'forking.service';
      const folder = await runtime();
      await box.succeed(['mkfifo', '--mode=666', `${folder}/forked.fifo`]);
      await withAndWithout(unit, async () => {
        await systemctl('restart', unit);
        assert.equal(`${await shown(unit, 'MainPID')}\n`, await box.readFile(`${folder}/forked.pid`));
      });
    });

    test('runs one command after the other', async () => {
      const folder = await runtime();
      const files = ['first', 'second', 'third'].map((name) => `${folder}/${name}`);
      const count = async () => {
        const found = await Promise.all(files.map((file) => box.readFile(file)));
        const counts = found.map((text) => Number(/^Seccomp_filters:\t(\d+)$/m.exec(text)?.[1]));
        assert.deepEqual(new Set(counts).size, 1);
        return counts[0]!;
      };
      const start = async () => {
        await box.succeed(['rm', '-f', ...files]);
        await systemctl('start', 'oneshot.service');
      };
      await withAndWithout('oneshot.service', start, count);
    });
  });
}

const { withAndWithout } = unitsOf(SYSTEM);
const statusText = async (unit: string) => (await properties(box, unit, 'StatusText')).StatusText;

test('the watchdog hears a confined service, and ends it when it is silent', async () => {
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

test('a call on the bus starts a confined service, which answers it', async () => {
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

test('each connection starts an instance, with the policy of the template', async () => {
  await box.succeed(['systemctl', 'start', 'each.socket']);
  const connect = async () => {
    const [, count] =
      /^Seccomp_filters:\t(\d+)$/m.exec(await box.succeed(['curl', '-sS', 'telnet://127.0.0.1:4243'])) ??
      assert.fail();
    return Number(count);
  };
  const own = await connect();
  await box.writeFile(policyPath('each@.service'), POLICIES[0]!);
  const root = await folderWithSystem(box);
  await run(0, 'apply', '--root', root, 'each@.service');
  await box.succeed(['systemctl', 'daemon-reload']);
  assert.ok((await connect()) > own);
});
