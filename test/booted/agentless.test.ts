/** A host without Node is confined from another machine: its facts are gathered, files are made there, and `activate` applies them. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { hostScript } from '../support/asked-elsewhere.js';
import { runCommand } from '../support/command.js';
import { changeFiles } from '../support/loaded-units.js';
import { machine } from '../support/machine.js';
import { inRepository } from '../support/repository.js';
import { properties, servicesObstacle } from '../support/service.js';
import { STAGE, StagedHost } from '../support/staged-host.js';
import { temporaryFolder } from '../support/temporary.js';

const UNIT = 'far.service';
const FILE = `/etc/systemd/system/${UNIT}`;
const DROP_IN = `${FILE}.d/zz-sandbox-unit.conf`;
/** Those of the host, to which the policies of the machine that plans add. */
const DEFAULTS = '/etc/sandbox-unit/defaults.toml';
const LAUNCHER = '/usr/local/libexec/sandbox-unit/launcher';
const SERVICE = '[Service]\nType=exec\nExecStart=/usr/bin/tail -f /dev/null\n';

/** A policy of which both systemd and the launcher enforce a part. */
const POLICY = `[syscalls]
deny = ["execve", "execveat", "uname"]
[service]
ProtectHome = true
[apply]
settle = "200ms"
`;

describe('a host without Node', { skip: servicesObstacle() ?? false }, () => {
  const folder = temporaryFolder({ after });
  const { box, run } = machine('agentless', {
    files: { [UNIT]: SERVICE, [DEFAULTS]: '[service]\nLimitCORE = 0\n' },
    start: [UNIT],
  });
  const host = new StagedHost(box, folder);

  const stage = (policy: string) => host.stage(UNIT, policy);
  const activate = (...words: string[]) => host.activate(...words, UNIT);
  const isConfined = () => host.isConfined(UNIT);

  test('facts of a host have one class, whatever its service and its manager have been through', async () => {
    const hosts = join(folder, 'hosts');
    mkdirSync(hosts);
    writeFileSync(join(folder, 'policy.toml'), '[service]\nProtectHome = true\n');
    const gather = async (name: string) => {
      const { stdout } = await hostScript(box, inRepository('host-scripts/facts'), UNIT);
      writeFileSync(join(hosts, `${name}.facts`), stdout);
    };
    await gather('up');
    await box.succeed(['systemctl', 'daemon-reexec']);
    await box.succeed(['systemctl', 'restart', UNIT]);
    await gather('again');
    await box.succeed(['systemctl', 'stop', UNIT]);
    await gather('down');
    await box.succeed(['systemctl', 'start', UNIT]);
    const words = ['--policy', join(folder, 'policy.toml'), '--output', join(folder, 'classes')];
    const { status, stdout, stderr } = await runCommand(
      ['generate', '--hosts', hosts, ...words, UNIT],
      process.env,
    );
    assert.equal(status, 0, stderr);
    assert.match(stdout, /^again ([0-9a-f]{16})\ndown \1\nup \1\n$/);
  });

  test('activate applies a policy, and the second time changes nothing', async () => {
    await stage(POLICY);
    const asked = await activate('--check');
    assert.equal(asked.status, 3, asked.stderr);
    assert.match(asked.stdout, /would change.*\+LimitCORE=0.*\+ProtectHome=yes/s);
    assert.equal(await isConfined(), false);
    const done = await activate();
    assert.deepEqual([done.status, done.stdout, done.stderr], [0, `${UNIT}: activated\n`, '']);
    assert.equal(await isConfined(), true);
    const again = await activate();
    assert.deepEqual([again.status, again.stdout], [0, `${UNIT}: unchanged\n`]);
    // The command, where it is installed, has the policy's text and finds nothing amiss.
    await run(0, 'status', UNIT);
    await run(0, 'verify', UNIT);
  });

  test("activate rolls back a policy if the service doesn't start", async () => {
    const were = await box.readFile(DROP_IN);
    await stage(POLICY.replace('"uname"', '"uname", "openat", "open"'));
    const { status, stdout, stderr } = await activate();
    assert.deepEqual([status, stdout], [1, `${UNIT}: rolled back\n`]);
    assert.match(stderr, new RegExp(`${UNIT}: ${UNIT} (?:did not stay up|is |does not start)`));
    assert.match(
      stderr,
      / \(signal SIGSYS: a filter has refused a call\); 'journalctl [^']+' shows that run$/m,
    );
    const [, words = ''] = /'(journalctl [^']+)' shows that run/.exec(stderr) ?? [];
    assert.match((await box.sh(words)).stdout, /status=31\/SYS/);
    assert.equal(await box.readFile(DROP_IN), were);
    assert.equal(await isConfined(), true);
    assert.deepEqual(await properties(box, UNIT, 'ActiveState'), { ActiveState: 'active' });
  });

  test('activate rolls back a policy if a probe fails', async () => {
    await stage(`${POLICY}probe = ["false"]\n`);
    const { status, stderr } = await activate();
    assert.deepEqual([status, stderr], [1, `activate: ${UNIT}: the probe fails: false\n`]);
    assert.equal(await isConfined(), true);
  });

  test('activate rolls back a change that is not confirmed', async () => {
    const were = await box.readFile(DROP_IN);
    const other = POLICY.replace('uname', 'sysinfo');
    await stage(other);
    const waits = await activate('--confirm', '10');
    assert.deepEqual([waits.status, waits.stderr], [3, '']);
    assert.notEqual(await box.readFile(DROP_IN), were);
    // The way back needs nothing of what was copied to the host.
    await box.succeed(['rm', '-r', STAGE]);
    await box.waitFor('the way back', async () => (await box.readFile(DROP_IN)) === were);
    await box.waitFor('the end of it', async () => {
      const { status } = await box.sh('! test -e /var/lib/sandbox-unit/activate');
      return status === 0;
    });
    // As the hint of 'not-waiting' has it.
    const told = await box.sh('journalctl --quiet --unit "sandbox-unit*undo*"');
    assert.match(told.stdout, /activate-undo-/, told.stderr);
    await stage(other);
    assert.equal((await activate('--confirm', '600')).status, 3);
    const kept = await activate('--keep');
    assert.deepEqual([kept.status, kept.stdout], [0, `${UNIT}: kept\n`]);
    assert.notEqual(await box.readFile(DROP_IN), were);
    assert.equal((await box.sh('systemctl list-timers --all | grep -c activate-undo')).stdout.trim(), '0');
  });

  test('activate rolls back a killed run when it runs next', async () => {
    const were = await box.readFile(DROP_IN);
    await stage(POLICY.replace('settle = "200ms"', 'settle = "60s"'));
    await box.start(['sh', '-c', 'echo $$ >/root/pid; exec sh "$@"', 'sh', `${STAGE}/activate`, UNIT]);
    await box.waitFor('the drop-in', async () => (await box.readFile(DROP_IN)) !== were);
    await box.sh('kill -KILL $(cat /root/pid)');
    await stage(POLICY.replace('"uname"', '"uname", "sysinfo"'));
    const { status, stdout } = await activate();
    assert.deepEqual(
      [status, stdout.split('\n')[0]],
      [0, `${UNIT}: put back: an earlier run was interrupted`],
    );
  });

  test("facts refuses a unit whose files systemd hasn't read", async () => {
    const later = `${FILE}.d/later.conf`;
    await box.writeFile(later, '[Service]\nExecStart=\nExecStart=/usr/bin/tail -n 2 -f /dev/null\n');
    const { status, stdout, stderr } = await activate();
    assert.deepEqual([status, stdout], [1, `${UNIT}: refused\n`]);
    assert.match(stderr, /have changed since systemd read them: 'systemctl daemon-reload'/);
    await box.sh(`rm ${later}; systemctl daemon-reload`);
    for (const word of ['--keep', '--undo']) assert.equal((await activate(word, '--check')).status, 2);
  });

  test('activate refuses files for a command that has changed since, and the next check names it', async () => {
    await changeFiles(box, { [FILE]: SERVICE.replace('-f', '-n 1 -f') });
    const { status, stdout, stderr } = await activate();
    assert.deepEqual([status, stdout], [1, `${UNIT}: refused\n`]);
    assert.match(stderr, /has changed since the facts were gathered/);
    const policy = join(folder, 'policy.toml');
    const check = await host.here(UNIT, 'apply', '--check', '--diff', '--policy', policy, UNIT);
    assert.equal(check.status, 3, check.stderr);
    assert.match(check.stdout, /^\+ExecStart=.*-n 1 -f/m);
  });

  test('activate refuses files that others could have changed', async () => {
    await stage(POLICY);
    await box.sh(`chown daemon ${STAGE}${DROP_IN}`);
    assert.match((await activate()).stderr, /can be changed by others than root/);
    await box.sh(`chown root ${STAGE}${DROP_IN}; echo >>${STAGE}${DROP_IN}`);
    assert.match((await activate()).stderr, /is not the file that was made/);
    const manifest = `${STAGE}/activate.d/${UNIT}`;
    await box.sh(`sed -i 's,/usr/local/libexec/sandbox-unit/launcher,/etc/passwd,' ${manifest}`);
    assert.match((await activate()).stderr, /names \/etc\/passwd, which is not/);
  });

  test('activate reverts the host to its state before, and a check shows what is removed', async () => {
    const asked = await activate('--check', '--revert');
    assert.deepEqual([asked.status, asked.stderr], [3, '']);
    assert.match(asked.stdout, /would change\n(?:.*\n)*-ProtectHome=yes\n/);
    for (const path of [DROP_IN, LAUNCHER])
      assert.ok(asked.stdout.includes(`  removes ${path}\n`), asked.stdout);
    assert.equal(await isConfined(), true);
    // The line of docs/fleet.md for a host where the folder isn't there any more.
    await box.writeFile('/run/script', readFileSync(inRepository('host-scripts/activate'), 'utf8'));
    const line = `cat >/run/activate && sh /run/activate --revert ${UNIT}`;
    const { status, stdout, stderr } = await box.sh(`cat /run/script | sh -c '${line}'`);
    assert.deepEqual([status, stdout, stderr], [0, `${UNIT}: reverted\n`, '']);
    assert.equal(await isConfined(), false);
    for (const path of [`${FILE}.d`, LAUNCHER])
      assert.equal(existsSync(`/proc/${box.pid}/root${path}`), false, path);
    assert.equal(readFileSync(`/proc/${box.pid}/root${FILE}`, 'utf8').includes('-n 1 -f'), true);
  });

  test('a boot rolls back an unconfirmed change before services start', async () => {
    await stage(POLICY);
    await box.succeed(['systemctl', 'add-wants', 'multi-user.target', UNIT]);
    const waits = await activate('--confirm', '600');
    assert.equal(waits.status, 3, waits.stderr);
    // The box has a soft-reboot masked, which ends all but the kernel (systemd-soft-reboot.service(8)).
    await box.sh(`rm -r ${STAGE} /run/systemd/system/systemd-soft-reboot.service; systemctl daemon-reload
      systemctl soft-reboot`);
    await box.waitFor('the boot', async () => {
      const { stdout } = await box.exec(['journalctl', '--quiet', '--grep=Soft-reboot finished']);
      return stdout !== '';
    });
    await box.waitFor('the service', async () => {
      const { status } = await box.exec(['systemctl', 'is-active', '--quiet', UNIT]);
      return status === 0;
    });
    assert.equal(await isConfined(), false);
    assert.equal(existsSync(`/proc/${box.pid}/root${DROP_IN}`), false);
    const { stdout } = await box.sh('journalctl --quiet --output=cat _PID=1');
    const back = stdout.lastIndexOf('Finished sandbox-unit-activate.service');
    assert.ok(back > 0 && back < stdout.lastIndexOf(`Started ${UNIT}`), stdout);
    assert.doesNotMatch(stdout, /ordering cycle/);
  });
});
