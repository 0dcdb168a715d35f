/** The template for services of a user's own manager: the user applies it, the service works, and is confined. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { machine } from '../support/machine.js';
import { splitLines } from '../support/run.js';
import { COMMAND, servicesObstacle } from '../support/service.js';
import { alternatives } from '../support/thorough.js';
import type { TreeName } from '../support/tree.js';

const USER = 'alice';
const HOME = `/home/${USER}`;
const UNIT = 'worker.service';
const UID = '1000';
const RUNTIME = `/run/user/${UID}`;
const ANSWERS = `${RUNTIME}/worker/answers`;

/** What it has of /run under the template. */
const OWN = [
  ...['dev-log', 'io.systemd.journal', 'socket', 'stdout'].map((name) => `/run/systemd/journal/${name}`),
  ...['/run/systemd/notify', `${RUNTIME}/systemd/notify`, `${RUNTIME}/worker`],
];

/** What it tries, a line each: a word, and a command of a shell. What works is undone. */
const TRIED = [
  ['state', 'touch $STATE_DIRECTORY/written'],
  ['home', 'cat ~/.bashrc'],
  ['own-program', 'echo >>~/worker'],
  ['shell', 'echo >>~/.bashrc'],
  ['new-shell', 'echo >~/.bash_profile && rm ~/.bash_profile'],
  ['unit', 'touch ~/.config/systemd/user/another.service && rm ~/.config/systemd/user/another.service'],
  ['renamed-folder', 'mv ~/.config ~/moved && mv ~/moved ~/.config'],
  [
    'launcher',
    'd=~/.local/libexec/sandbox-unit && mkdir -p $d && touch $d/launcher.new && rm $d/launcher.new',
  ],
  ['runtime-unit', 'd=$XDG_RUNTIME_DIR/systemd/user && mkdir -p $d && rmdir $d'],
  ['renamed-manager', 'cd $XDG_RUNTIME_DIR && mv systemd moved && mv moved systemd'],
  ['keys', 'cat ~/.gnupg/key'],
  ['ssh-keys', 'cat ~/.ssh/key'],
  ['manager', 'systemctl --user list-units'],
  ['namespace', 'unshare --user true'],
  ['engine', 'test -S $XDG_RUNTIME_DIR/docker.sock'],
  ['bus', 'test -S $XDG_RUNTIME_DIR/bus || test -S /run/dbus/system_bus_socket'],
  ['system', 'touch /etc/written'],
] as const;

/** Says what it can do in a file of its own folder, and has the manager execute itself. */
const SCRIPT = `#!/bin/bash
try() { if sh -c "$2" >/dev/null 2>&1; then echo "$1 yes"; else echo "$1 no"; fi; }
{
${TRIED.map(([name, command]) => `  try ${name} '${command}'`).join('\n')}
} >$RUNTIME_DIRECTORY/answers.new
mv $RUNTIME_DIRECTORY/answers.new $RUNTIME_DIRECTORY/answers
trap 'kill -s RTMIN+25 $PPID' USR1
trap 'systemd-notify --status=again' USR2
systemd-notify --ready
while :; do sleep 0.1; done
`;

/** The answers of a service that can do all but this. */
const allBut = (...names: readonly (typeof TRIED)[number][0][]) =>
  TRIED.map(([name]) => `${name} ${names.includes(name) ? 'no' : 'yes'}\n`).join('');

for (const tree of alternatives<TreeName>(['machine', 'bookworm'])) {
  describe(`a service of a user of ${tree}`, { skip: servicesObstacle(tree) ?? false }, () => {
    const asUser = (...words: readonly string[]) => box.exec(words, { user: USER });

    const { box } = machine(`user-template-${tree}`, {
      tree,
      prepare: async () => {
        await box.sh(`useradd --uid ${UID} --create-home ${USER} && systemctl start user@${UID}.service`);
        const unit = `[Service]\nType=notify\nNotifyAccess=all\nExecStart=${HOME}/worker\nRuntimeDirectory=worker\nStateDirectory=worker\n`;
        await box.writeFile(`${HOME}/.config/systemd/user/${UNIT}`, unit);
        await box.writeFile(`${HOME}/worker`, SCRIPT);
        await box.sh(
          `cd ${HOME} && mkdir .gnupg .ssh && touch .gnupg/key .ssh/key .bashrc && chmod 755 worker`,
        );
        await box.sh(`chown -R ${USER}: ${HOME}`);
        await box.writeFile('/etc/systemd/user/engine.socket', '[Socket]\nListenStream=%t/docker.sock\n');
        await box.writeFile(
          '/etc/systemd/user/engine.service',
          '[Service]\nExecStart=/usr/bin/sleep infinity\n',
        );
        await box.succeed(['mount', '--make-rshared', '/']);
        await asUser('systemctl', '--user', 'daemon-reload');
        await asUser('systemctl', '--user', 'start', 'engine.socket');
      },
    });

    /** What the service says of itself after a start. */
    async function answers(): Promise<string> {
      await box.sh(`rm -f ${ANSWERS}`);
      const { status, stderr } = await asUser('systemctl', '--user', 'restart', UNIT);
      assert.equal(status, 0, stderr);
      await box.sh(`timeout 60 sh -c 'until [ -e ${ANSWERS} ]; do sleep 0.1; done'`);
      return box.readFile(ANSWERS);
    }

    /** Files, folders and sockets in /run that the service can write to or connect with. */
    async function open(): Promise<string[]> {
      const { stdout: pid } = await asUser(
        'systemctl',
        '--user',
        'show',
        '--value',
        '--property=MainPID',
        UNIT,
      );
      const root = `/proc/${pid.trim()}/root`;
      return splitLines(await box.succeed(['find', `${root}/run`, '-writable', '-o', '-type', 's']))
        .map((path) => path.slice(root.length))
        .filter((path) => path !== ANSWERS)
        .sort();
    }

    test('without the template can do what its user can', async () => {
      assert.equal(await answers(), allBut('system'));
    });

    test("works under the template, and can't get out", async () => {
      await box.succeed(['mount', '-o', 'remount,rw', '/sys']);
      const applied = await asUser(...COMMAND, 'apply', '--user', '--template', 'user-service', UNIT);
      assert.equal(applied.status, 0, applied.stdout + applied.stderr);
      // A user may not read filters back.
      assert.doesNotMatch(applied.stderr, /warning\[(?!filters-unreadable\])/);
      const others = TRIED.map(([name]) => name).filter((name) => name !== 'state' && name !== 'home');
      assert.equal(await answers(), allBut(...others));
      assert.deepEqual(await open(), OWN);
    });

    test("still can't after it made the manager re-execute itself, and still notifies it", async () => {
      const socket = async () => (await asUser('stat', '--format=%i', `${RUNTIME}/systemd/private`)).stdout;
      const before = await socket();
      const signal = (name: string) =>
        asUser('systemctl', '--user', 'kill', '--kill-whom=main', `--signal=${name}`, UNIT);
      await signal('USR1');
      await box.waitFor('a new socket of the manager', async () => !['', before].includes(await socket()));
      await asUser('systemctl', '--user', 'restart', 'engine.socket');
      assert.deepEqual(await open(), OWN);
      await box.waitFor('a word of the service', async () => {
        await signal('USR2');
        return (await asUser('systemctl', '--user', 'show', '--property=StatusText', UNIT)).stdout.includes(
          'again',
        );
      });
    });
  });
}
