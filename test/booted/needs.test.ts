/** Directives that systemd knows and silently ignores on some machines. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { mountOf, parseMountInfo } from '../../src/systemd/formats/mount-info.js';
import { boxAvailable } from '../support/box.js';
import { BESIDE_TUNABLES } from '../support/ineffective-cases.js';
import { machine } from '../support/machine.js';
import { launcherObstacle } from '../support/native.js';
import { planned, targetOf } from '../support/planned.js';
import { mainPid, sandboxUnit } from '../support/service.js';
import type { TreeName } from '../support/tree.js';

const POLICY =
  '[service]\nSocketBindDeny = ["any"]\nRestrictFileSystems = ["~tmpfs"]\nAppArmorProfile = "demo"\n' +
  'TasksMax = 3\nMemoryMax = "1G"\nCPUWeight = 50\nIOWeight = 50\nAllowedCPUs = "0"\n';

/** Directives, and the controllers that they need. */
const LIMITS = [
  ['TasksMax', 'pids'],
  ['MemoryMax', 'memory'],
  ['CPUWeight', 'cpu'],
  ['IOWeight', 'io'],
  ['AllowedCPUs', 'cpuset'],
] as const;

/** Binds a port, and reads a file on a tmpfs. */
const PROGRAM = `
const net = require('node:net');
const fs = require('node:fs');
const reads = () => { try { fs.readFileSync('/run/file'); return 'reads'; } catch ({ code }) { return code; } };
const server = net.createServer();
const done = (bind) => { fs.writeSync(1, bind + ' ' + reads() + '\\n'); process.exit(0); };
server.on('error', ({ code }) => done(code)).listen(8123, '127.0.0.1', () => done('binds'));
`;

/** What the plan says of SocketBindDeny= and RestrictFileSystems=, and what the program can do. */
const TREES: readonly [TreeName, socketBind: string, fileSystems: string, outcome: string][] = [
  [
    'bookworm',
    'systemd was built without BPF_FRAMEWORK',
    'systemd was built without BPF_FRAMEWORK',
    'binds reads',
  ],
  ['machine', 'in force', "the security module 'bpf' is not in use", 'EPERM reads'],
  ['forky', 'systemd finds no libbpf', 'systemd finds no libbpf', 'binds reads'],
];

for (const [tree, socketBind, fileSystems, outcome] of TREES) {
  const skip = boxAvailable(tree) ?? launcherObstacle() ?? false;

  describe(`directives that the plan calls enforced are enforced on ${tree}`, { skip }, () => {
    const { box, run } = machine(`needs-${tree}`, {
      tree,
      files: {
        '/opt/program.js': PROGRAM,
        '/run/file': '',
        'demo.service': `[Service]\nType=oneshot\nStandardOutput=file:/var/lib/outcome\nExecStart=/usr/bin/env node /opt/program.js\n`,
      },
      policies: { 'demo.service': POLICY },
    });

    test('the plan names those that are not', async () => {
      const { stdout } = await sandboxUnit(box, 'plan', '--json', 'demo.service');
      const { diagnostics } = JSON.parse(stdout) as { diagnostics: { code: string; message: string }[] };
      const said = (name: string) => {
        const [gap] = diagnostics.filter(({ message }) => message.startsWith(`'${name}' `));
        return gap ? `${gap.code}: ${gap.message.replace(/^.*?: /, '')}` : 'in force';
      };
      const gap = (reason: string) => (reason === 'in force' ? reason : `gap-directive: ${reason}`);
      assert.equal(said('SocketBindDeny'), gap(socketBind));
      assert.equal(said('RestrictFileSystems'), gap(fileSystems));
      assert.equal(said('AppArmorProfile'), gap("the security module 'apparmor' is not in use"));
    });

    test('limits are in force if the manager has their controllers', async () => {
      const { stdout } = await sandboxUnit(box, 'plan', '--json', 'demo.service');
      const { diagnostics } = JSON.parse(stdout) as { diagnostics: { message: string }[] };
      const controllers = (await box.readFile('/sys/fs/cgroup/cgroup.controllers')).trim().split(' ');
      for (const [name, controller] of LIMITS) {
        const gap = `'${name}' would have no effect: the service manager has no control group controller '${controller}'`;
        const isGap = diagnostics.some(({ message }) => message === gap);
        assert.equal(isGap, !controllers.includes(controller), name);
      }
    });

    const versionOfSystemd = async () =>
      Number(/^systemd (\d+)/.exec(await box.succeed(['systemctl', '--version']))![1]);

    test('the plan binds /sys if ProtectKernelTunables= would leave it as it is mounted, and not otherwise', async () => {
      const systemd = await versionOfSystemd();
      await box.succeed(['mount', '-o', 'remount,rw', '/sys']);
      /** Whether something can be written to in a service with these lines; undefined where there is no mount of it. */
      const areOpen = async (properties: readonly string[], ...paths: readonly string[]) => {
        const { stdout } = await box.exec([
          ...['systemd-run', '--quiet', '--wait', '--pipe'],
          ...properties.flatMap((line) => ['-p', line]),
          ...['cat', '/proc/self/mountinfo'],
        ]);
        const mounts = parseMountInfo(stdout);
        return paths.map(
          (path) => mounts.findLast((one) => one.path === path)?.options.includes('ro') === false,
        );
      };
      for (const [lines, mayBeOpen] of BESIDE_TUNABLES) {
        const [isOpen] = await areOpen(['ProtectKernelTunables=yes', lines], '/sys');
        const { directives, diagnostics } = planned(
          '[service]\nProtectKernelTunables = true\n',
          lines,
          targetOf(systemd, { mounts: parseMountInfo(await box.readFile('/proc/self/mountinfo')) }),
        );
        const added = directives.flatMap(({ name, values }) => values.map((value) => `${name}=${value}`));
        const isAdded = added.includes('BindReadOnlyPaths=/sys');
        const open = mayBeOpen && systemd >= 255;
        assert.deepEqual({ lines, isOpen, isAdded }, { lines, isOpen: open, isAdded: open });
        assert.ok(!diagnostics.some(({ message }) => message.startsWith('ProtectKernelTunables= leaves')));
        if (isAdded) assert.deepEqual(await areOpen([...added, lines], '/sys'), [false], lines);
      }
      for (const lines of ['ProtectControlGroups=no', 'ProtectControlGroups=yes', 'PrivateDevices=yes']) {
        const properties = ['ProtectKernelTunables=yes', 'BindReadOnlyPaths=/sys', lines];
        const groups = lines !== 'ProtectControlGroups=yes';
        assert.deepEqual(await areOpen(properties, '/sys', '/sys/fs/cgroup'), [false, groups], lines);
      }
      const some = ['ProtectKernelTunables=yes', 'BindReadOnlyPaths=/sys', 'ReadWritePaths=/sys/kernel'];
      assert.deepEqual(await areOpen(some, '/sys', '/sys/kernel'), [false, true]);
    });

    test('the template hardened makes /sys read-only', async () => {
      await box.writeFile(
        '/etc/systemd/system/steady.service',
        '[Service]\nExecStart=sleep infinity\nBindReadOnlyPaths=/etc:/media\n',
      );
      await box.succeed(['systemctl', 'daemon-reload']);
      await box.succeed(['systemctl', 'start', 'steady.service']);
      const { stderr } = await run(0, 'apply', '--template', 'hardened', 'steady.service');
      assert.doesNotMatch(stderr, /warning/);
      const mounts = parseMountInfo(
        await box.readFile(`/proc/${await mainPid(box, 'steady.service')}/mountinfo`),
      );
      for (const place of ['/sys', '/media'])
        assert.equal(mountOf(mounts, place)?.options.includes('ro'), true, place);
      assert.equal(mountOf(mounts, '/media')?.path, '/media');
      await run(0, 'verify', 'steady.service');
      await box.succeed(['systemctl', 'stop', 'steady.service']);
      await box.succeed(['mount', '-o', 'remount,ro', '/sys']);
    });

    test('systemd does as planned, without a message', async () => {
      const dropIn = '[Service]\nSocketBindDeny=any\nRestrictFileSystems=~tmpfs\nAppArmorProfile=demo\n';
      await box.writeFile('/etc/systemd/system/demo.service.d/by-hand.conf', dropIn);
      await box.succeed(['systemctl', 'daemon-reload']);
      await box.succeed(['systemctl', 'start', 'demo.service']);
      assert.equal(await box.readFile('/var/lib/outcome'), `${outcome}\n`);
      await box.succeed(['journalctl', '--sync']);
      const log = await box.succeed([
        'journalctl',
        '--unit=demo.service',
        '--output=cat',
        '--priority=notice',
      ]);
      assert.doesNotMatch(log, /bpf|LSM|SocketBind|RestrictFileSystems|AppArmor/i);
    });
  });
}
