/** A user watches a service of their own manager, confines it by the recording, and it works. */
import assert from 'node:assert/strict';
import type { Recording } from '../../src/observe/recording/recording.js';
import { machine } from '../support/machine.js';
import { inRepository } from '../support/repository.js';

const USER = 'alice';
const HOME = `/home/${USER}`;
const POLICY = `${HOME}/.config/sandbox-unit/demo.service.toml`;
const COMMAND = `node ${inRepository('dist/sandbox-unit.cjs')}`;
const SERVICE = `[Service]
ExecStart=/usr/bin/redis-server --port 8098 --save "" --daemonize no
ExecReload=/bin/true
`;

const { box, test } = machine('learn-user', {
  prepare: async () => {
    await box.sh(`useradd --create-home ${USER} && systemctl start user@$(id --user ${USER}).service`);
    await box.writeFile(`${HOME}/.config/systemd/user/demo.service`, SERVICE);
    await box.sh(`mkdir ${HOME}/.config/sandbox-unit && chown -R ${USER}: ${HOME}`);
    await asUser('systemctl --user daemon-reload && systemctl --user start demo');
  },
});

const asUser = (command: string) => box.exec(['bash', '-c', command], { user: USER });

test('learn --user needs two capabilities, and its hint is a command that has them', async () => {
  const background = await asUser(`${COMMAND} learn --user --background demo`);
  assert.equal(background.status, 2);
  assert.match(background.stderr, /^error\[needs-root\]: a user manager can't watch /);
  const { status, stderr } = await asUser(`${COMMAND} learn --user demo`);
  assert.equal(status, 2);
  const [, hint = ''] =
    /^error\[cannot-watch\]: .*\n {2}hint: (sudo .*)\n/.exec(stderr) ?? assert.fail(stderr);
  const words = `learn --restart --exercise 'redis-cli -p 8098 set key value; sleep 1'`;
  const command = hint
    .replace('sudo ', '')
    .replace('--pty', '--pipe --quiet')
    .replace('$USER', USER)
    .replace('sandbox-unit learn', `${COMMAND} ${words}`);
  const watched = await box.exec(['bash', '-c', `${command} --write ${POLICY}`]);
  assert.equal(watched.status, 0, watched.stdout + watched.stderr);
  const { stdout: text } = await box.sh(
    `cat ${HOME}/.local/state/sandbox-unit/recordings/demo.service/*.json`,
  );
  const { scope, lives, lost, truncated } = JSON.parse(text) as Recording;
  assert.deepEqual([scope, lives, lost, truncated], ['user', 2, {}, false]);
  const policy = await box.readFile(POLICY);
  assert.match(policy, /^ProtectKernelTunables = true$/m);
});

test('learn --user: the learned policy is applied, and the service works', async () => {
  const applied = await asUser(`${COMMAND} apply --user demo`);
  assert.equal(applied.status, 0, applied.stdout + applied.stderr);
  const { stdout } = await asUser('redis-cli -p 8098 set key value; redis-cli -p 8098 get key');
  assert.equal(stdout, 'OK\nvalue\n');
  // A user may not read back which filters are in force.
  const outside = `systemd-run --pipe --quiet --uid=${USER} -p AmbientCapabilities='CAP_SYS_ADMIN CAP_SYS_PTRACE'`;
  const verified = await box.sh(`${outside} ${COMMAND} verify --user demo`);
  assert.match(verified.stdout, /^demo\.service: enforced /);
});
