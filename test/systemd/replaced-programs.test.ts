/** Programs of `[exec] programs`: ones that are replaced while their service runs, as a package's upgrade does it, and namesakes. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Box } from '../support/box.js';
import { apply, mainPid, processStatus, revert, sandboxUnit, servicesObstacle } from '../support/service.js';

const skip = servicesObstacle();
const UNIT = 'replaced.service';
const PROGRAM = '/opt/bin/demod';
const POLICY = `[syscalls]\ndeny = ["execve", "execveat"]\n[exec]\nprograms = ["${PROGRAM}"]\n[apply]\nsettle = "50ms"\n`;
const UPGRADE = `cp /usr/bin/sleep ${PROGRAM}.new; mv ${PROGRAM}.new ${PROGRAM}`;
let box: Box;

/** Starts the program, and another beside it when it is told. */
const SCRIPT = `#!/bin/bash
( until [ -e /run/again ]; do sleep 0.05; done; ${PROGRAM} 2002 ) &
exec ${PROGRAM} 2001
`;

before(async () => {
  if (skip) return;
  box = await Box.boot({ name: 'replaced' });
  await box.sh(`mkdir -p /opt/bin; cp /usr/bin/sleep ${PROGRAM}`);
  await box.writeFile('/opt/bin/start', SCRIPT, '0755');
  await box.writeFile(`/etc/systemd/system/${UNIT}`, '[Service]\nExecStart=/opt/bin/start\n');
  await box.sh(`systemctl daemon-reload; systemctl start ${UNIT}`);
});
after(() => box?.stop());

/** Exit status, and the codes of what is said. */
async function said(...words: string[]) {
  const { status, stdout } = await sandboxUnit(box, ...words, '--json', UNIT);
  const { diagnostics } = JSON.parse(stdout) as { diagnostics: { severity: string; code: string }[] };
  return [status, ...diagnostics.map(({ severity, code }) => `${severity} ${code}`)];
}

test('what runs stays confined, what is started anew is not, and a restart puts it right', {
  skip,
}, async () => {
  await apply(box, POLICY, UNIT);
  assert.deepEqual(await said('verify'), [0]);
  assert.deepEqual(await said('status'), [0]);
  await box.sh(UPGRADE);
  const filters = async (pid: number) => Number((await processStatus(box, pid)).get('Seccomp_filters'));
  const old = await mainPid(box, UNIT);
  await box.succeed(['touch', '/run/again']);
  let other = 0;
  await box.waitFor('the other program', async () => {
    other = Number((await box.exec(['pgrep', '-f', `^${PROGRAM} 2002`])).stdout);
    return other > 0;
  });
  assert.ok((await filters(other)) < (await filters(old)));
  await box.succeed(['kill', `${other}`]);

  assert.deepEqual(await said('verify'), [1, 'error program-replaced']);
  assert.deepEqual(await said('status'), [1, 'error program-replaced']);
  assert.deepEqual(await said('apply', '--check'), [3, 'warning program-replaced']);
  assert.deepEqual(await said('apply', '--no-restart'), [1, 'error program-replaced']);
  assert.equal(await mainPid(box, UNIT), old);
  assert.deepEqual(await said('apply'), [0, 'warning program-replaced']);
  assert.notEqual(await mainPid(box, UNIT), old);
  assert.deepEqual(await said('verify'), [0]);
  assert.deepEqual(await said('apply'), [0]);
});

test('one that is replaced while the service is down is mounted over at its start', { skip }, async () => {
  await box.sh(`systemctl stop ${UNIT}; ${UPGRADE}; systemctl start ${UNIT}`);
  await box.waitFor('the program', async () => (await said('verify'))[0] === 0);
  await revert(box, UNIT);
});

test('instances of a template that run programs of one name are confined by one policy', {
  skip,
}, async () => {
  const services = ['twin@a.service', 'twin@b.service'];
  const programs = ['/opt/a/twind', '/opt/b/twind'];
  const script = '#!/bin/sh\nexec /opt/$1/twind 2003\n';
  await box.sh(`mkdir -p /opt/a /opt/b; for one in a b; do cp /usr/bin/sleep /opt/$one/twind; done`);
  await box.writeFile('/opt/bin/twin', script, '0755');
  await box.writeFile('/etc/systemd/system/twin@.service', '[Service]\nExecStart=/opt/bin/twin %i\n');
  await box.sh(`systemctl daemon-reload; systemctl start ${services.join(' ')}`);
  const policy = POLICY.replace(`["${PROGRAM}"]`, JSON.stringify(programs));
  await apply(box, policy, 'twin@.service');
  for (const service of services) {
    const status = await processStatus(box, await mainPid(box, service));
    assert.deepEqual([status.get('Name'), status.get('Seccomp')], ['twind', '2']);
    assert.equal((await sandboxUnit(box, 'verify', service)).status, 0);
  }
  assert.equal((await sandboxUnit(box, 'status')).status, 0);
  await revert(box, 'twin@.service');
  assert.equal((await box.exec(['ls', '/etc/systemd/system/twin@.service.d'])).status, 2);
});
