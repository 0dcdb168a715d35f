/** What a package says of confined units before it goes. */
import assert from 'node:assert/strict';
import { inLayer, layerAvailable } from '../support/layer.js';
import { temporaryFolder, writeTree } from '../support/temporary.js';
import { testsUnless } from '../support/tests-unless.js';

const test = testsUnless(layerAvailable());
const COMMAND = 'sandbox-unit';
const PACKAGE = 'sandbox-unit-launcher';
const STARTS = '[Service]\nExecStart=/usr/libexec/sandbox-unit/launcher -- /bin/true\n';
const TIGHTENS = '[Service]\nExecStartPost=+/usr/libexec/sandbox-unit/tighten --cgroup self\n';
const ACTIVATE = 'sh /usr/lib/sandbox-unit/host-scripts/activate';
const dropIn = (folder: string, unit: string) => `${folder}/systemd/system/${unit}.d/zz-sandbox-unit.conf`;

/** Asks the script of a machine that has these files. */
async function ask(
  t: Parameters<typeof temporaryFolder>[0],
  words: readonly string[],
  files: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string>> = {},
) {
  const folder = temporaryFolder(t);
  writeTree(folder, { 'etc/x': '', 'run/x': '', 'usr/x': '', 'var/x': '', ...files });
  const script = `cp -r ${folder}/* / && chmod -f +x /usr/bin/sandbox-unit; exec packaging/still-confined "$@"`;
  const { status, stdout, stderr } = await inLayer(['bash', '-c', script, 'bash', ...words], {
    folders: [folder],
    env,
  });
  assert.equal(stdout, '');
  const ways = [...stderr.matchAll(/^ {2}(.*)$/gm)].map(([, line]) => line!);
  assert.equal(stderr === '', status === 0, stderr);
  return { status, ways };
}

const NOTHING = { status: 0, ways: [] };
const told = (...ways: string[]) => ({ status: 1, ways });

test('still-confined: prints nothing if no unit is confined', async (t) => {
  const others = {
    'etc/systemd/system/a.service': '[Service]\nExecStart=/bin/true\n',
    'etc/sandbox-unit/a.service.toml': '',
    // Any user could have made it.
    'home/user/.config/systemd/user/b.service.d/zz-sandbox-unit.conf': STARTS,
    'var/lib/sandbox-unit/recordings/a.service/x.json': '{}',
  };
  for (const name of [COMMAND, PACKAGE]) assert.deepEqual(await ask(t, [name], others), NOTHING, name);
});

test('still-confined: quotes units for a shell, in the command that reverts them', async (t) => {
  const files = {
    [dropIn('etc', 'nginx.service')]: STARTS,
    [dropIn('run', 'dev-disk-by\\x2duuid.service')]: STARTS,
    [dropIn('etc', 'a@.service')]: STARTS,
    'run/systemd/system.control/b.service.d/zz-sandbox-unit.conf': STARTS,
    'var/lib/sandbox-unit/waits.service.u': '',
  };
  const ours = "'a@.service' 'b.service' 'dev-disk-by\\x2duuid.service' 'nginx.service'";
  const way = told(`${ACTIVATE} --revert ${ours} 'waits.service'`);
  for (const name of [COMMAND, PACKAGE]) assert.deepEqual(await ask(t, [name], files), way, name);
  const installed = { ...files, 'usr/bin/sandbox-unit': '#!/bin/sh\n' };
  assert.deepEqual(await ask(t, [PACKAGE], installed), told(`sandbox-unit revert ${ours} 'waits.service'`));
});

test("still-confined: allows removing the launcher if drop-ins don't need it, and the command on request", async (t) => {
  const files = { [dropIn('etc', 'c.service')]: '[Service]\nProtectHome=yes\n' };
  assert.deepEqual(await ask(t, [PACKAGE], files), NOTHING);
  assert.deepEqual(await ask(t, [COMMAND], files), told(`${ACTIVATE} --revert c.service`));
  const env = { SANDBOX_UNIT_LEAVE_CONFINED: 'yes' };
  assert.deepEqual(await ask(t, [COMMAND], files, env), NOTHING);
  const waits = { ...files, 'var/lib/sandbox-unit/w.service.u': '' };
  assert.deepEqual(await ask(t, [COMMAND], waits, env), told(`${ACTIVATE} --revert w.service`));
  for (const lines of [STARTS, TIGHTENS]) {
    const needed = { [dropIn('etc', 'c.service')]: lines };
    assert.deepEqual(await ask(t, [PACKAGE], needed, env), told(`${ACTIVATE} --revert c.service`));
  }
});

test('still-confined: keeps the launcher for other users of it', async (t) => {
  const files = {
    'var/lib/sandbox-unit/activate/e.service/files': '',
    'var/lib/sandbox-unit/activate/activate': '',
    'run/systemd/transient/run-1.service': STARTS,
    'etc/systemd/system/own.service': STARTS,
    'etc/systemd/system/f.service.d/own.conf': STARTS,
    'etc/systemd/system/g.service.d/own.conf': TIGHTENS,
  };
  const take = 'take /usr/libexec/sandbox-unit/launcher out of';
  const { status, ways } = await ask(t, [PACKAGE], files);
  assert.equal(status, 1);
  assert.deepEqual(ways.slice(0, 2), [`${ACTIVATE} --undo e.service`, 'systemctl stop run-1.service']);
  const found = ways.slice(2, 3).map((line) => line.replace(take, '').trim().split(' ').sort());
  assert.deepEqual(found, [['/etc/systemd/system/f.service.d/own.conf', '/etc/systemd/system/own.service']]);
  const tightens = 'take /usr/libexec/sandbox-unit/tighten out of /etc/systemd/system/g.service.d/own.conf';
  assert.deepEqual(ways.slice(3), [tightens]);
  assert.deepEqual(await ask(t, [COMMAND], files), NOTHING);
});
