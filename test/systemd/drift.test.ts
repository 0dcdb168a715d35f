/** What `status` says of a confined unit after a package was upgraded, or something was changed by hand; on a real machine. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Box } from '../support/box.js';
import { sandboxUnit, servicesObstacle } from '../support/service.js';

const skip = servicesObstacle();
const UNIT = 'demo.service';
const POLICY = '/etc/sandbox-unit/demo.service.toml';
const FOLDER = `/etc/systemd/system/${UNIT}.d`;
const LAUNCHER = '/usr/local/libexec/sandbox-unit/launcher';
let box: Box;

/** A package with the service, as a packager makes one: it reloads the manager and restarts the service. */
async function install(version: string, service: string) {
  const root = `/root/demo-${version}`;
  const control = `Package: demo\nVersion: ${version}\nArchitecture: all\nMaintainer: nobody <nobody@localhost>\nDescription: demo\n`;
  const script = `#!/bin/sh\nsystemctl daemon-reload\nsystemctl try-restart ${UNIT}\n`;
  await box.writeFile(`${root}/DEBIAN/control`, control);
  await box.writeFile(`${root}/DEBIAN/postinst`, script, '0755');
  await box.writeFile(`${root}/usr/lib/systemd/system/${UNIT}`, service);
  await box.succeed(['dpkg-deb', '--build', root, `${root}.deb`]);
  await box.succeed(['dpkg', '--install', `${root}.deb`]);
}

const service = (command: string, more = '') => `[Service]\nType=exec\nExecStart=${command}\n${more}`;

before(async () => {
  if (skip) return;
  box = await Box.boot({ name: 'drift' });
  await install('1', service('/usr/bin/sleep 1001'));
  await box.writeFile(POLICY, '[syscalls]\ndeny = ["execve", "execveat"]\n[apply]\nsettle = "50ms"\n');
  await box.succeed(['systemctl', 'start', UNIT]);
});
after(() => box?.stop());

async function drift() {
  const { status, stdout, stderr } = await sandboxUnit(box, 'status', '--json', UNIT);
  assert.equal(stderr, '');
  const { units, diagnostics } = JSON.parse(stdout) as {
    units: { drift: string[]; state: string }[];
    diagnostics: { hint?: string }[];
  };
  return {
    status,
    drift: units[0]!.drift,
    state: units[0]!.state,
    hints: diagnostics.map(({ hint }) => hint),
  };
}

async function apply(exit = 0) {
  const { status, stderr } = await sandboxUnit(box, 'apply', '--quiet', UNIT);
  assert.equal(status, exit, stderr);
}

const running = () =>
  box.succeed(['sh', '-c', `tr '\\0' ' ' </proc/$(systemctl show --value -p MainPID ${UNIT})/cmdline`]);

test('an upgrade that changes the command: the old one runs, which is a finding, until it is applied again', {
  skip,
}, async () => {
  await apply();
  assert.deepEqual(await drift(), { status: 0, drift: [], state: 'live', hints: [] });
  await install('2', service('/usr/bin/sleep 1002', 'Restart=on-failure\n'));
  assert.equal(await running(), '/usr/bin/sleep 1001 ');
  const found = await drift();
  assert.deepEqual([found.status, found.drift], [1, ['drift-command']]);
  const [, remedy] = /^'?(sandbox-unit apply \S+?)'?$/.exec(found.hints[0]!) ?? assert.fail(found.hints[0]);
  assert.equal((await sandboxUnit(box, ...remedy!.split(' ').slice(1))).status, 0);
  assert.equal(await running(), '/usr/bin/sleep 1002 ');
  assert.deepEqual(await drift(), { status: 0, drift: [], state: 'live', hints: [] });
});

test('an upgrade that changes what makes no difference is none', { skip }, async () => {
  await install('3', service('/usr/bin/sleep 1002', 'Restart=always\n'));
  assert.deepEqual((await drift()).drift, []);
});

const CHANGES: Readonly<Record<string, readonly [script: string, drift: string, undo?: string]>> = {
  'the policy': [`sed -i 's/"execve"/"acct", "execve"/' ${POLICY}`, 'drift-policy'],
  'a line of the drop-in': [
    `sed -i 's/^NoNewPrivileges=yes/NoNewPrivileges=no/' ${FOLDER}/zz-sandbox-unit.conf`,
    'drift-files',
  ],
  'a byte of the filter': [
    `cd ${FOLDER}; printf '\\001' | dd of=zz-sandbox-unit.filter bs=1 seek=$(($(stat -c %s zz-sandbox-unit.filter) - 3)) conv=notrunc`,
    'drift-files',
  ],
  'the launcher': [`cp /bin/true ${LAUNCHER}`, 'drift-launcher'],
  "the unit's own filter": [
    `mkdir -p /run/systemd/system/${UNIT}.d; printf '[Service]\\nSystemCallFilter=~@reboot\\n' >/run/systemd/system/${UNIT}.d/own.conf`,
    'drift-unit',
  ],
  'a drop-in that is read later': [
    `printf '[Service]\\nNoNewPrivileges=no\\n' >${FOLDER}/zzz.conf`,
    'overridden',
    `rm ${FOLDER}/zzz.conf; systemctl daemon-reload`,
  ],
};

describe('what is changed by hand is named', { skip: skip ?? false }, () => {
  for (const [what, [script, name, undo]] of Object.entries(CHANGES)) {
    test(what, async () => {
      await apply();
      await box.sh(`${script}\nsystemctl daemon-reload`);
      const found = await drift();
      assert.equal(found.status, 1);
      assert.ok(found.drift.includes(name), JSON.stringify(found));
      if (undo) await box.sh(undo);
      await apply();
      assert.deepEqual((await drift()).drift, []);
    });
  }
});

test('applied twice, the second says that nothing is new, and restarts nothing', { skip }, async () => {
  await apply();
  const pid = await box.succeed(['systemctl', 'show', '--value', '--property=MainPID', UNIT]);
  const { status, stdout } = await sandboxUnit(box, 'apply', UNIT);
  assert.deepEqual([status, stdout], [0, `${UNIT}: unchanged\n`]);
  assert.equal(await box.succeed(['systemctl', 'show', '--value', '--property=MainPID', UNIT]), pid);
});

test('two at once: each waits for the other, and both come to the same', { skip }, async () => {
  await box.sh(`sed -i 's/"execve"/"swapon", "execve"/' ${POLICY}`);
  const [one, two] = await Promise.all([sandboxUnit(box, 'apply', UNIT), sandboxUnit(box, 'apply', UNIT)]);
  assert.deepEqual([one.status, two.status], [0, 0], one.stderr + two.stderr);
  const states = [one, two].map(({ stdout }) => stdout.split('\n')[0]);
  assert.deepEqual(states.sort(), [`${UNIT}: applied`, `${UNIT}: unchanged`]);
  assert.equal([one, two].filter(({ stderr }) => stderr.includes('Another sandbox-unit')).length, 1);
});
