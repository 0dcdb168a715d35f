/** `verify` on services: directives, compared with what a process shows. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { verifyDirectives } from '../support/held-directives.js';
import { changeFiles } from '../support/loaded-units.js';
import { machine } from '../support/machine.js';
import { apply, mainPid, policyPath, sandboxUnit, servicesObstacle } from '../support/service.js';

const UNITS = '/etc/systemd/system';
const SERVICE = '[Service]\nExecStart=/bin/sleep infinity\n';

const QUICK = '[apply]\nsettle = "100ms"\n';

const POLICY = `[service]
CapabilityBoundingSet = ["CAP_CHOWN"]
InaccessiblePaths = ["/opt"]
KeyringMode = "private"
LimitNOFILE = 1000
LockPersonality = true
NoExecPaths = ["/srv"]
NoNewPrivileges = true
PrivateDevices = true
PrivateIPC = true
PrivateNetwork = true
PrivateTmp = true
ProtectControlGroups = true
ProtectHome = true
ProtectHostname = true
ProtectKernelTunables = true
ProtectSystem = "full"
ReadOnlyPaths = ["/var/lib"]
RestrictAddressFamilies = ["AF_UNIX"]
RestrictNamespaces = ["net"]
RestrictRealtime = true
RestrictSUIDSGID = true
TemporaryFileSystem = ["/media"]
User = "daemon"
${QUICK}`;

describe('verify of directives', { skip: servicesObstacle() }, () => {
  const { box, run } = machine('verify-directives', {
    files: { [`${UNITS}/held.service`]: SERVICE },
    start: ['held.service'],
    applied: { 'held.service': POLICY },
  });

  /** Runs commands in the mount namespace of a service's main process. */
  const inside = async (unit: string, ...commands: string[]) => {
    const pid = await mainPid(box, unit);
    await box.succeed(['nsenter', `--target=${pid}`, '--mount', 'sh', '-ec', commands.join('\n')]);
  };

  const verify = (unit = 'held.service') => verifyDirectives(box, unit);

  /** Restarts the service, and waits until systemd has set it up. */
  const afresh = async () => {
    await box.succeed(['systemctl', 'restart', 'held.service']);
    await box.waitFor('the service', async () => {
      const comm = await box.readFile(`/proc/${await mainPid(box, 'held.service')}/comm`);
      return comm.trim() === 'sleep';
    });
  };

  test('reports all as enforced for an untouched service', async () => {
    const { status, of } = await verify();
    assert.deepEqual([status, of('unseen'), of('looser'), of('open')], [0, ['KeyringMode'], [], []]);
  });

  test('reports all as missing for a process that was moved there from outside', async () => {
    const group = '/sys/fs/cgroup$(systemctl show --value --property=ControlGroup held.service)';
    await box.sh(`sleep 1000 > /dev/null 2>&1 & echo $! > ${group}/cgroup.procs`);
    const { status, of, seen } = await verify();
    assert.equal(status, 1);
    const all = POLICY.split('\n').flatMap((line) => /^[A-Z]\w+/.exec(line) ?? []);
    const others = ['KeyringMode'];
    assert.deepEqual(
      of('looser').sort(),
      all.filter((name) => !others.includes(name)),
    );
    assert.match(seen.get('User') ?? '', /^Uid is 0/);
    assert.match(seen.get('PrivateNetwork') ?? '', /manager's net namespace/);
    await afresh();
  });

  test('finds a /sys that systemd leaves writable after the start; ProtectKernelTunables= closes it', async () => {
    const unit = 'tunables.service';
    await changeFiles(box, { [`${UNITS}/${unit}`]: SERVICE });
    await box.succeed(['systemctl', 'start', unit]);
    await box.succeed(['mount', '-o', 'remount,rw', '/sys']);
    const list = `[service]\nReadOnlyPaths = ["/sys"]\nProcSubset = "pid"\n${QUICK}`;
    await box.writeFile(policyPath(unit), list);
    const { status, stdout, stderr } = await sandboxUnit(box, 'apply', unit);
    assert.match(stderr, /error\[looser-directive]: ReadOnlyPaths= .*\/sys can be written to/);
    assert.deepEqual([status, /rolled-back/.test(stdout)], [1, true]);
    const tunables = `[service]\nProtectKernelTunables = true\n${QUICK}`;
    assert.doesNotMatch(await apply(box, tunables, unit), /leaves-open|looser/);
    const closed = await verify(unit);
    assert.deepEqual([closed.status, closed.of('open')], [0, []]);
    await box.succeed(['systemctl', 'stop', unit]);
    await box.succeed(['mount', '-o', 'remount,ro', '/sys']);
  });

  test('finds no writable tunables in a /proc with processes alone, also in a user namespace', async () => {
    const unit = 'subset.service';
    await changeFiles(box, { [`${UNITS}/${unit}`]: SERVICE });
    await box.succeed(['systemctl', 'start', unit]);
    const subset = 'ProcSubset = "pid"\nProtectKernelTunables = true\nPrivateUsers = true\n';
    await apply(box, `[service]\n${subset}${QUICK}`, unit);
    const { status, of } = await verify(unit);
    assert.deepEqual([status, of('looser'), of('unseen')], [0, [], ['BindReadOnlyPaths']]);
    await box.succeed(['systemctl', 'stop', unit]);
  });

  test('warns after the start about paths that systemd leaves open for another directive', async () => {
    const unit = 'open.service';
    await changeFiles(box, { [`${UNITS}/${unit}`]: `${SERVICE}BindPaths=/var/tmp\n` });
    await box.succeed(['systemctl', 'start', unit]);
    const lists = 'NoExecPaths = ["/"]\nExecPaths = ["/usr"]\nStateDirectory = ["open"]\n';
    const policy = `[service]\nProtectSystem = "strict"\nProtectKernelLogs = true\nProcSubset = "pid"\n${lists}${QUICK}`;
    const told = await apply(box, policy, unit);
    assert.match(told, /warning\[leaves-open]: ProtectSystem= .*\/run.*, which can be written to/);
    const { status, of, seen } = await verify(unit);
    assert.deepEqual([status, of('open')], [0, ['ProtectSystem', 'NoExecPaths']]);
    assert.match(seen.get('ProtectSystem')!, /\/usr/);
    assert.match(seen.get('NoExecPaths')!, /\/var\/lib\/open/);
    await box.writeFile(policyPath(unit), `[service]\nPrivateTmp = true\n${QUICK}`);
    const undone = await sandboxUnit(box, 'apply', unit);
    assert.match(undone.stderr, /error\[looser-directive]: PrivateTmp= .*\/var\/tmp is the host's/);
    assert.match(undone.stdout, /rolled-back/);
    await box.succeed(['systemctl', 'stop', unit]);
  });

  test('checks a service without a main process with [ready], and proves nothing with a command with +', async () => {
    const unit = 'daemons.service';
    const lines = 'Type=forking\nGuessMainPID=no\nRemainAfterExit=yes\n';
    const service = `[Service]\n${lines}ExecStart=/bin/sh -c 'sleep infinity &'\n`;
    await changeFiles(box, { [`${UNITS}/${unit}`]: service });
    await box.succeed(['systemctl', 'start', unit]);
    const policy = `[service]\nNoNewPrivileges = true\nProtectHome = true\n${QUICK}`;
    await apply(box, `${policy}[ready]\ndeny = ["chroot"]\n`, unit);
    assert.equal(await mainPid(box, unit), 0);
    const ready = await verify(unit);
    assert.deepEqual([ready.status, ready.of('equal')], [0, ['NoNewPrivileges', 'ProtectHome']]);
    await changeFiles(box, { [`${UNITS}/${unit}`]: `${service}ExecStartPost=+/bin/true\n` });
    await apply(box, policy, unit);
    const { stdout, stderr } = await run(2, 'verify', unit);
    assert.match(stdout, /daemons.service: not proven/);
    assert.match(
      stderr,
      /error\[processes-unseen]: cannot verify NoNewPrivileges=, ProtectHome= of .*a prefix/,
    );
    await box.succeed(['systemctl', 'stop', unit]);
    const stopped = await run(2, 'verify', unit);
    assert.match(stopped.stderr, /error\[not-running]/);
  });

  test('sees a link in the place of a hidden folder', async () => {
    await box.sh('mkdir /var/homes; rmdir /home; ln -s var/homes /home');
    const { status, seen } = await verify();
    assert.deepEqual([status, seen.get('ProtectHome')], [1, '/home can be reached']);
    await box.sh('rm /home; mkdir /home');
  });

  test('a mask over a single file is lost with the file: plan warns, status and verify report it; a folder stays closed', async () => {
    const unit = 'masked.service';
    await box.sh('mkdir -p /var/masked/sub; echo x | tee /var/masked/secret >/var/masked/sub/secret');
    await changeFiles(box, { [`${UNITS}/${unit}`]: `${SERVICE}Type=exec\n` });
    await box.succeed(['systemctl', 'start', unit]);
    const policy = `[service]\nInaccessiblePaths = ["/var/masked/secret"]\n${QUICK}`;
    const warned = await apply(box, policy, unit);
    assert.match(warned, /warning\[file-mask]: InaccessiblePaths= closes \/var\/masked\/secret only until/);
    assert.match(warned, /name its folder \/var\/masked instead/);
    const looks = async () => {
      const { status, stdout, stderr } = await sandboxUnit(box, 'status', unit);
      return { status, text: stdout + stderr };
    };
    assert.equal((await looks()).status, 0);
    await box.sh('echo y >/var/masked/new; mv /var/masked/new /var/masked/secret');
    const { status, text } = await looks();
    assert.equal(status, 1, text);
    assert.match(text, /not proven/);
    assert.match(text, /error\[looser-directive]: InaccessiblePaths= .*\/var\/masked\/secret can be reached/);
    assert.deepEqual((await verify(unit)).of('looser'), ['InaccessiblePaths']);
    await box.succeed(['systemctl', 'restart', unit]);
    assert.equal((await looks()).status, 0);
    const closed = `[service]\nInaccessiblePaths = ["/var/masked/sub"]\n${QUICK}`;
    assert.doesNotMatch(await apply(box, closed, unit), /file-mask/);
    await box.sh('echo y >/var/masked/new; mv /var/masked/new /var/masked/sub/secret');
    assert.equal((await looks()).status, 0);
    await box.succeed(['systemctl', 'stop', unit]);
  });

  test('sees a file system that was mounted after the start', async () => {
    await box.sh('mount --make-rshared /; mkdir --parents /var/lib/late');
    await afresh();
    await box.sh('mount -t tmpfs none /var/lib/late');
    const { status, of, seen } = await verify();
    assert.deepEqual([status, of('open')], [0, ['ReadOnlyPaths']]);
    assert.equal(seen.get('ReadOnlyPaths'), 'systemd leaves out /var/lib/late, which can be written to');
    await afresh();
    assert.deepEqual((await verify()).of('open'), [], 'a restart closes it');
    await box.sh('umount /var/lib/late');
  });

  test('accepts a namespace by its path, and the mounts of a dynamic user', async () => {
    const place = '/run/netns/web';
    await box.sh(`mkdir -p /run/netns; touch ${place}; unshare --net=${place} true`);
    await changeFiles(box, { [`${UNITS}/joined.service`]: SERVICE });
    await box.succeed(['systemctl', 'start', 'joined.service']);
    const policy = `[service]\nDynamicUser = true\nNetworkNamespacePath = "${place}"\n`;
    await apply(box, `${policy}${QUICK}`, 'joined.service');
    assert.deepEqual((await verify('joined.service')).of('unseen'), []);
    await inside('joined.service', 'mount -o remount,bind,rw /');
    const { status, of, seen } = await verify('joined.service');
    assert.deepEqual([status, of('looser')], [1, ['DynamicUser']]);
    assert.match(seen.get('DynamicUser')!, /can be written to/);
  });

  test('reports processes that leave for the host, though they come and go', async () => {
    // The policy holds until the file is there.
    const loop = `while :; do [ ! -e /run/leave ] || nsenter --target=1 --net sleep 2; sleep 0.01; done`;
    await changeFiles(box, { [`${UNITS}/leaves.service`]: `[Service]\nExecStart=/bin/sh -c '${loop}'\n` });
    await box.succeed(['systemctl', 'start', 'leaves.service']);
    await apply(box, `[service]\nPrivateNetwork = true\n${QUICK}`, 'leaves.service');
    await box.writeFile('/run/leave', '');
    const { status, of } = await verify('leaves.service');
    assert.deepEqual([status, of('looser')], [1, ['PrivateNetwork']]);
    await box.succeed(['systemctl', 'stop', 'leaves.service']);
  });

  test('apply rolls back a directive that a start makes void, and excepts a command with a prefix', async () => {
    const late = 'ExecStartPost=+/bin/sh -c "mkdir -p /srv/late; sleep infinity &"\n';
    // A service of type exec has its mounts before ExecStartPost= runs.
    await changeFiles(box, { [`${UNITS}/late.service`]: `${SERVICE}Type=exec\n${late}` });
    await box.writeFile(
      policyPath('late.service'),
      `[service]\nNoNewPrivileges = true\nInaccessiblePaths = ["-/srv/late"]\n${QUICK}`,
    );
    await box.sh('systemctl start late.service; rmdir /srv/late');
    const first = await run(1, 'apply', 'late.service');
    assert.match(first.stderr, /looser-directive.*InaccessiblePaths= .*\/srv\/late can be reached/);
    assert.match(first.stdout, /rolled-back/);
    await run(0, 'apply', 'late.service');
    assert.deepEqual((await verify('late.service')).of('looser'), []);
  });
});
