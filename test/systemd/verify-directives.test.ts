/** `verify` on services whose directives somebody has undone: what a process shows of them is held against the policy. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Box } from '../support/box.js';
import { verifyDirectives } from '../support/held-directives.js';
import { changeFiles } from '../support/loaded-units.js';
import {
  apply,
  bootWithPrograms,
  mainPid,
  policyPath,
  sandboxUnit,
  servicesObstacle,
} from '../support/service.js';

const UNITS = '/etc/systemd/system';
const SERVICE = '[Service]\nExecStart=/bin/sleep infinity\n';

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
UMask = "0077"
User = "daemon"
[apply]
settle = "100ms"
`;

describe('verify of directives', { skip: servicesObstacle() }, () => {
  let box: Box;
  before(async () => {
    box = await bootWithPrograms('verify-directives');
    await changeFiles(box, { [`${UNITS}/held.service`]: SERVICE });
    await box.succeed(['systemctl', 'start', 'held.service']);
    await apply(box, POLICY, 'held.service');
  });
  after(() => box?.stop());

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

  test('an untouched service has all its directives', async () => {
    const { status, of } = await verify();
    assert.deepEqual([status, of('unseen'), of('looser'), of('open')], [0, ['KeyringMode'], [], []]);
  });

  test('a process that was moved there from outside has none of it', async () => {
    const group = '/sys/fs/cgroup$(systemctl show --value --property=ControlGroup held.service)';
    await box.sh(`sleep 1000 > /dev/null 2>&1 & echo $! > ${group}/cgroup.procs`);
    const { status, of, seen } = await verify();
    assert.equal(status, 1);
    const all = POLICY.split('\n').flatMap((line) => /^[A-Z]\w+/.exec(line) ?? []);
    const others = ['KeyringMode', 'UMask'];
    assert.deepEqual(
      of('looser').sort(),
      all.filter((name) => !others.includes(name)),
    );
    assert.match(seen.get('User') ?? '', /^Uid is 0/);
    assert.match(seen.get('PrivateNetwork') ?? '', /manager's net namespace/);
    await afresh();
  });

  test('a /sys that systemd leaves writable is told before and after; ProtectKernelTunables= closes it', async () => {
    await changeFiles(box, { [`${UNITS}/tunables.service`]: SERVICE });
    await box.succeed(['systemctl', 'start', 'tunables.service']);
    await box.succeed(['mount', '-o', 'remount,rw', '/sys']);
    const policy = '[service]\nReadOnlyPaths = ["/sys"]\nProcSubset = "pid"\n';
    await box.writeFile(policyPath('tunables.service'), policy);
    const told = /warning\[leaves-open]: ReadOnlyPaths= leaves \/sys \(as the host has it mounted\) writable/;
    for (const words of [['plan'], ['apply', '--check']]) {
      const { stdout, stderr } = await sandboxUnit(box, ...words, 'tunables.service');
      assert.match(stdout + stderr, told, words.join(' '));
    }
    const quick = '[apply]\nsettle = "100ms"\n';
    assert.match(await apply(box, `${policy}${quick}`, 'tunables.service'), told);
    const { status, of, seen } = await verify('tunables.service');
    assert.deepEqual([status, of('open')], [0, ['ReadOnlyPaths']]);
    assert.match(seen.get('ReadOnlyPaths')!, /\/sys out, which can be written to/);
    const tunables = `[service]\nProtectKernelTunables = true\n${quick}`;
    assert.doesNotMatch(await apply(box, tunables, 'tunables.service'), /leaves-open|looser/);
    const closed = await verify('tunables.service');
    assert.deepEqual([closed.status, closed.of('open')], [0, []]);
    await box.succeed(['systemctl', 'stop', 'tunables.service']);
    await box.succeed(['mount', '-o', 'remount,ro', '/sys']);
  });

  test('a link in the place of a hidden folder is seen', async () => {
    await box.sh('mkdir /var/homes; rmdir /home; ln -s var/homes /home');
    const { status, seen } = await verify();
    assert.deepEqual([status, seen.get('ProtectHome')], [1, '/home can be reached']);
    await box.sh('rm /home; mkdir /home');
  });

  test('a mask over a single file goes with the file: plan warns, status and verify see it; a folder stays closed', async () => {
    const unit = 'masked.service';
    const quick = '[apply]\nsettle = "100ms"\n';
    await box.sh('mkdir -p /var/masked/sub; echo x | tee /var/masked/secret >/var/masked/sub/secret');
    await changeFiles(box, { [`${UNITS}/${unit}`]: `${SERVICE}Type=exec\n` });
    await box.succeed(['systemctl', 'start', unit]);
    const policy = `[service]\nInaccessiblePaths = ["/var/masked/secret"]\n${quick}`;
    const warned = await apply(box, policy, unit);
    assert.match(
      warned,
      /warning\[file-mask]: InaccessiblePaths= holds for \/var\/masked\/secret only until/,
    );
    assert.match(warned, /a mount over its folder \/var\/masked stays/);
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
    const closed = `[service]\nInaccessiblePaths = ["/var/masked/sub"]\n${quick}`;
    assert.doesNotMatch(await apply(box, closed, unit), /file-mask/);
    await box.sh('echo y >/var/masked/new; mv /var/masked/new /var/masked/sub/secret');
    assert.equal((await looks()).status, 0);
    await box.succeed(['systemctl', 'stop', unit]);
  });

  test('a file system that was mounted since the start is seen', async () => {
    await box.sh('mount --make-rshared /; mkdir --parents /var/lib/late');
    await afresh();
    await box.sh('mount -t tmpfs none /var/lib/late');
    const { status, seen } = await verify();
    assert.deepEqual([status, seen.get('ReadOnlyPaths')], [1, '/var/lib/late can be written to']);
    await box.sh('umount /var/lib/late');
    assert.equal((await verify()).status, 0);
  });

  test('a namespace is that of its path, and a dynamic user comes with mounts', async () => {
    const place = '/run/netns/web';
    await box.sh(`mkdir -p /run/netns; touch ${place}; unshare --net=${place} true`);
    await changeFiles(box, { [`${UNITS}/joined.service`]: SERVICE });
    await box.succeed(['systemctl', 'start', 'joined.service']);
    const policy = `[service]\nDynamicUser = true\nNetworkNamespacePath = "${place}"\n`;
    await apply(box, `${policy}[apply]\nsettle = "100ms"\n`, 'joined.service');
    assert.deepEqual((await verify('joined.service')).of('unseen'), []);
    await inside('joined.service', 'mount -o remount,bind,rw /');
    await box.sh(`unshare --net=${place} true`);
    const { status, of, seen } = await verify('joined.service');
    assert.deepEqual([status, of('looser')], [1, ['DynamicUser']]);
    assert.match(seen.get('DynamicUser')!, /can be written to/);
    assert.match(seen.get('NetworkNamespacePath')!, /another net namespace than that of/);
  });

  test('processes that leave for the host come and go, and are looser all the same', async () => {
    // The policy holds until the file is there.
    const loop = `while :; do [ ! -e /run/leave ] || nsenter --target=1 --net sleep 2; sleep 0.01; done`;
    await changeFiles(box, { [`${UNITS}/leaves.service`]: `[Service]\nExecStart=/bin/sh -c '${loop}'\n` });
    await box.succeed(['systemctl', 'start', 'leaves.service']);
    await apply(box, '[service]\nPrivateNetwork = true\n[apply]\nsettle = "100ms"\n', 'leaves.service');
    await box.writeFile('/run/leave', '');
    const { status, of } = await verify('leaves.service');
    assert.deepEqual([status, of('looser')], [1, ['PrivateNetwork']]);
    await box.succeed(['systemctl', 'stop', 'leaves.service']);
  });

  test('a directive that a start leaves void is taken back, and a command with a prefix is not held', async () => {
    const late = 'ExecStartPost=+/bin/sh -c "mkdir -p /srv/late; sleep infinity &"\n';
    // A service of type exec has its mounts before ExecStartPost= runs.
    await changeFiles(box, { [`${UNITS}/late.service`]: `${SERVICE}Type=exec\n${late}` });
    const settle = '[apply]\nsettle = "100ms"\n';
    await box.writeFile(
      policyPath('late.service'),
      `[service]\nNoNewPrivileges = true\nInaccessiblePaths = ["-/srv/late"]\n${settle}`,
    );
    await box.sh('systemctl start late.service; rmdir /srv/late');
    const first = await sandboxUnit(box, 'apply', 'late.service');
    assert.equal(first.status, 1, `${first.stdout}${first.stderr}`);
    assert.match(first.stderr, /looser-directive.*InaccessiblePaths= .*\/srv\/late can be reached/);
    assert.match(first.stdout, /rolled-back/);
    const again = await sandboxUnit(box, 'apply', 'late.service');
    assert.equal(again.status, 0, `${again.stdout}${again.stderr}`);
    assert.deepEqual((await verify('late.service')).of('looser'), []);
  });
});
