/** Packages: built twice, checked, installed, upgraded while they confine services, and removed. */
import assert from 'node:assert/strict';
import { cpSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { PACKAGED_INJECTOR } from '../../src/systemd/paths/programs.js';
import type { Box } from '../support/box.js';
import { inLayer } from '../support/layer.js';
import { changeFiles } from '../support/loaded-units.js';
import { machine } from '../support/machine.js';
import { MACHINE } from '../support/native.js';
import { lintPackages, makePackages, type PackageKind, packagesObstacle } from '../support/packages.js';
import { inRepository } from '../support/repository.js';
import type { RunResult } from '../support/run.js';
import { mainPid, policyPath, processStatus, servicesObstacle } from '../support/service.js';
import { StagedHost } from '../support/staged-host.js';
import { temporaryFolder } from '../support/temporary.js';
import { LONG } from '../support/thorough.js';

const HERE = MACHINE === 'arm64' ? 'arm64' : 'x86-64';
const OTHER = HERE === 'arm64' ? 'x86-64' : 'arm64';
const TIME = { SOURCE_DATE_EPOCH: '1795000000' };
const NEXT = '999.0.0';
const KINDS: readonly PackageKind[] = ['deb', 'rpm'];

const UNIT = 'nginx.service';
/** A script that becomes the daemon. */
const WRAPPED = 'memcached.service';
const UNITS = [WRAPPED, UNIT];
const POLICY = '[syscalls]\ndeny = ["execve", "execveat", "ptrace"]\naction = "EPERM"\n';
/** Refuses calls once the service serves, too. */
const READY = `${POLICY}[ready]\ndeny = ["chroot"]\nreload = true\n`;
/** As `POLICY`, of a daemon that a script becomes. */
const LATER =
  '[syscalls]\ndeny = ["ptrace:EPERM"]\nenforcer = "launcher"\n[ready]\ndeny = ["execve", "execveat"]\n';
const LAUNCHER = '/usr/libexec/sandbox-unit/launcher';
const OBSERVER = '/usr/libexec/sandbox-unit/observe';
const ENABLED = '/etc/sandbox-unit/enabled';
/** The programs that `apply` installs where no package has. */
const OWN_LAUNCHER = '/usr/local/libexec/sandbox-unit/launcher';
const OWN_TIGHTEN = '/usr/local/libexec/sandbox-unit/tighten';
/** Units that the generator of earlier versions has confined, or keeps from starting. */
const EARLY = 'early.service';
const REFUSED = 'refused.service';
const WATCH = 'sandbox-unit-learn-nginx.service';
const STATUS_TIMER = 'sandbox-unit-status.timer';
const STATUS_SERVICE = 'sandbox-unit-status.service';

describe('packages', { skip: LONG || (servicesObstacle() ?? packagesObstacle() ?? false) }, () => {
  const folder = temporaryFolder({ after });
  const made = (name: string) => join(folder, name);
  before(async () => {
    const elsewhere = { ...TIME, TZ: 'Asia/Kolkata', LANG: 'C', HOME: '/tmp', USER: 'somebody' };
    await makePackages(made('first'), HERE, KINDS, TIME);
    await Promise.all([
      makePackages(made('again'), HERE, KINDS, elsewhere),
      makePackages(made('next'), HERE, ['deb'], { ...TIME, VERSION: NEXT }),
    ]);
  });

  test('two builds give the same bytes', () => {
    const names = readdirSync(made('first'));
    assert.equal(names.length, 4, names.join(' '));
    assert.deepEqual(readdirSync(made('again')), names);
    for (const name of names)
      assert.ok(
        readFileSync(join(made('first'), name)).equals(readFileSync(join(made('again'), name))),
        name,
      );
  });

  test('lintian and rpmlint find nothing except what the overrides list with reasons', async () => {
    assert.equal(await lintPackages(made('first')), '');
  });

  test('packages for the other architecture can be built', async () => {
    await makePackages(made('other'), OTHER, ['deb', 'rpm'], TIME);
    assert.equal(await lintPackages(made('other')), '');
  });

  test('a .rpm can be installed, and not removed while units are confined', async () => {
    const policy = `${UNIT}.d/zz-sandbox-unit.conf`;
    const enabled = `mkdir -p ${ENABLED}/activate.d; touch ${ENABLED}/activate.d/${UNIT}`;
    const script = `
      ${enabled}
      if rpm --install --nodeps ${made('first')}/*-launcher-*.rpm || rpm --query sandbox-unit-launcher; then exit 9; fi
      rm -r ${ENABLED}
      rpm --install --nodeps ${made('first')}/*.rpm
      ${enabled}
      if rpm --upgrade --force --nodeps ${made('first')}/*-launcher-*.rpm; then exit 9; fi
      rpm --query sandbox-unit-launcher
      rm -r ${ENABLED}
      ${LAUNCHER} --version
      test -L /usr/bin/sandbox-unit -a -x /usr/lib/sandbox-unit/dist/sandbox-unit.cjs
      ${completionsIn('/usr/share/zsh/site-functions')}
      rpm --query --provides sandbox-unit | sed -n 's/^bundled(npm(\\(.*\\))) = /\\1 /p' | sort >/tmp/provided
      grep -E '^[^ ]+ [0-9]+[.][0-9]+[.][0-9]+$' dist/LICENSES | sort | diff - /tmp/provided
      mkdir -p /etc/systemd/system/${UNIT}.d
      echo "ExecStart=${LAUNCHER} --" >/etc/systemd/system/${policy}
      ! rpm --erase sandbox-unit
      ! rpm --erase --nodeps sandbox-unit-launcher
      test -x ${LAUNCHER} -a -L /usr/bin/sandbox-unit
      rm /etc/systemd/system/${policy}
      rpm --erase sandbox-unit sandbox-unit-launcher
      ! find / -xdev -name '*sandbox-unit*' -not -path '/tmp/*' -not -path '/proc/*' | grep .`;
    const words = ['bash', '-euo', 'pipefail', '-c', script];
    const { status, stdout, stderr } = await inLayer(words, { tree: 'clang', folders: [made('first')] });
    assert.equal(status, 0, stdout + stderr);
    assert.match(stderr, /sandbox-unit: not removed, since .*\n {2}sandbox-unit revert nginx\.service\n/);
    assert.match(stderr, /sandbox-unit-launcher: not removed, since /);
    const converted = `sandbox-unit-launcher: not installed\\. .*\\n {2}${UNIT}: systemd is not running here, `;
    assert.equal(stderr.match(new RegExp(converted, 'g'))?.length, 2, stderr);
  });

  /** A command that sees whether each shell finds its completion. */
  function completionsIn(zsh: string): string {
    const names = [
      '/usr/share/bash-completion/completions/sandbox-unit',
      `${zsh}/_sandbox-unit`,
      '/usr/share/fish/vendor_completions.d/sandbox-unit.fish',
    ];
    return names.map((name) => `test -s ${name}`).join(' && ');
  }

  /** Copies packages into a box, where no Node is but Debian's. */
  async function bring(box: Box, ...names: string[]) {
    for (const name of names) cpSync(made(name), `/proc/${box.pid}/root/root/${name}`, { recursive: true });
    const { status } = await box.sh('umount --lazy /usr/local/bin/node || :; rm /usr/local/bin/node');
    assert.equal(status, 0);
  }

  /** What is left of a package's own files. */
  const leftOf = async (box: Box) =>
    (await box.sh('find /etc /usr /run /var -xdev -iname "*sandbox*unit*" -not -path "/var/lib/dpkg/*"'))
      .stdout;

  /** The command lines that a refused removal has named. */
  const wayOut = ({ stdout, stderr }: RunResult) =>
    [...(stdout + stderr).matchAll(/^ {2}((?:sandbox-unit|sh|rm) .*)$/gm)].map(([, line]) => line!);

  describe('on Debian 13', () => {
    const { box, run } = machine('packages', {
      policies: { [UNIT]: READY, [WRAPPED]: LATER },
      start: UNITS,
      prepare: async () => {
        await run(0, 'apply', ...UNITS);
        assert.deepEqual(await programsOf(), new Set([OWN_LAUNCHER, OWN_TIGHTEN]));
        await bring(box, 'first', 'next');
      },
    });

    const programsOf = async () =>
      new Set(
        (await box.succeed(['systemctl', 'cat', ...UNITS])).match(
          /\/usr\/[a-z/]*libexec\/sandbox-unit\/(?:launcher|tighten)/g,
        ),
      );

    const mainPids = () => Promise.all(UNITS.map((unit) => mainPid(box, unit)));

    const areConfined = async () => {
      for (const unit of UNITS) {
        const verified = await box.exec(['sandbox-unit', 'verify', unit]);
        assert.deepEqual([verified.status, verified.stderr], [0, ''], verified.stdout);
        assert.equal((await processStatus(box, await mainPid(box, unit))).get('Seccomp'), '2');
      }
    };

    test('installed packages confine services, and start nothing by themselves', async () => {
      const { status, stderr } = await box.sh('dpkg --install /root/first/*.deb');
      assert.equal(status, 0);
      // They are confined as they were, by what was installed in another way, until the next apply.
      assert.match(stderr, /units use \S+, but a package has installed /);
      for (const pid of await mainPids()) assert.equal((await processStatus(box, pid)).get('Seccomp'), '2');
      assert.equal(
        await box.succeed(['sandbox-unit', '--version']),
        await box.succeed(['/usr/bin/node', '/usr/lib/sandbox-unit/dist/sandbox-unit.cjs', '--version']),
      );
      assert.equal((await box.sh(completionsIn('/usr/share/zsh/vendor-completions'))).status, 0);
      const enabled = await box.exec(['systemctl', 'is-enabled', STATUS_TIMER]);
      assert.deepEqual([enabled.status, enabled.stdout], [1, 'disabled\n']);

      await box.succeed(['sandbox-unit', 'apply', ...UNITS]);
      assert.deepEqual(await programsOf(), new Set([LAUNCHER, PACKAGED_INJECTOR]));
      await areConfined();
      await box.succeed(['sandbox-unit', 'run', '--wait', '--pipe', '--deny', 'uname', '--', 'true']);
    });

    test("the kernel loads the BPF programs of the packaged observer, as the packager's clang compiled them", async () => {
      const input = 'unit 0 /sys/fs/cgroup/system.slice/nginx.service\nstart\n';
      const { status, stdout } = await box.exec([OBSERVER], { input });
      assert.equal(status, 0, stdout);
      assert.deepEqual(JSON.parse(stdout.split('\n')[0]!).ready?.blind, [], stdout);
    });

    test('the manual page has the commands that let package managers check for drift', async () => {
      const page = readFileSync(inRepository('docs/install.md'), 'utf8');
      const [, block = ''] = /^With a \.deb[^`]*```console\n(.*?)```/ms.exec(page) ?? [];
      const commands = [...block.matchAll(/^# (.*)$/gm)].map(([, command]) => command!);
      assert.equal(commands.length, 2);
      for (const command of commands) await box.succeed(['sh', '-c', command]);
      await box.succeed(['systemctl', 'is-active', STATUS_TIMER]);
      assert.match(await box.succeed(['apt-config', 'dump']), /^DPkg::Post-Invoke.*sandbox-unit status/m);
      await box.succeed(['rm', '/etc/apt/apt.conf.d/90sandbox-unit']);
      await box.succeed(['systemctl', 'disable', '--now', STATUS_TIMER]);
    });

    test("an upgrade is refused while a unit that was enabled at boot doesn't fit, and the generator stays", async () => {
      const generator = '/etc/systemd/system-generators/earlier';
      await changeFiles(box, {
        [`/etc/systemd/system/${EARLY}`]: '[Service]\nType=exec\nExecStart=/usr/bin/tail -f /dev/null\n',
        [policyPath(EARLY)]: READY.replace('reload = true\n', 'settle = "0"\n'),
      });
      await box.succeed(['sandbox-unit', 'generate', '--runtime', '--output', ENABLED, EARLY]);
      // Drop-ins of versions with the generator don't have the field for the files of a run.
      await box.sh(
        `sed -i '/^# which files a run /d; /^LogExtraFields=/d' ${ENABLED}/run/systemd/system/*/*.conf`,
      );
      // It has done this at the last boot; another unit it keeps from starting.
      const early = `$2/${REFUSED}.d/zz-sandbox-unit-refused`;
      const refuses = `mkdir $2/${REFUSED}.d; >${early}.conf; echo '${REFUSED} is not started without its policy: gone' >${early}.reason`;
      await box.writeFile(generator, `#!/bin/sh\n${refuses}\n`, '0755');
      const enabled = await box.sh(`set -e; mkdir ${ENABLED}/activate.d; cp -r ${ENABLED}/run /
        for unit in ${EARLY} ${REFUSED}; do echo 'sandbox-unit 1' >${ENABLED}/activate.d/$unit; done
        systemctl daemon-reload; systemctl add-wants multi-user.target ${EARLY}; systemctl start ${EARLY}`);
      assert.equal(enabled.status, 0, enabled.stderr);
      const { status, stderr } = await box.sh('dpkg --install /root/next/*.deb');
      assert.notEqual(status, 0);
      const [, way = ''] =
        new RegExp(`^ {2}${REFUSED}: gone; to go on without it: (.*)$`, 'm').exec(stderr) ?? [];
      assert.ok(way, stderr);
      assert.doesNotMatch(await box.succeed([LAUNCHER, '--version']), new RegExp(NEXT));
      await box.succeed(['test', '-e', `${ENABLED}/activate.d/${EARLY}`]);
      await box.succeed(['sh', '-c', `${way}; rm ${generator}`]);
    });

    test('an upgrade leaves confined services running, and confined after a restart', async () => {
      const before = await mainPids();
      const early = await mainPid(box, EARLY);
      const launcher = await box.succeed(['sha256sum', LAUNCHER]);
      await box.succeed(['systemctl', 'enable', '--now', STATUS_TIMER]);
      const { status, stdout, stderr } = await box.sh('dpkg --install /root/next/*.deb');
      assert.deepEqual([status, stderr], [0, '']);
      assert.match(stdout, new RegExp(`^sandbox-unit-launcher: confined by files below .*: ${EARLY}$`, 'm'));
      assert.equal(await mainPid(box, EARLY), early);
      assert.equal((await box.exec(['systemctl', 'is-active', STATUS_TIMER])).stdout, 'active\n');
      assert.equal(await box.succeed([LAUNCHER, '--version']), `sandbox-unit-launcher ${NEXT}\n`);
      assert.notEqual(await box.succeed(['sha256sum', LAUNCHER]), launcher);
      assert.deepEqual(await mainPids(), before);
      await areConfined();
      await box.succeed(['systemctl', 'restart', ...UNITS]);
      for (const [i, pid] of (await mainPids()).entries()) assert.notEqual(pid, before[i]);
      await areConfined();
      await box.succeed(['sandbox-unit', 'status']);
      await box.succeed(['systemctl', 'start', STATUS_SERVICE]);
    });

    test('a unit that an upgrade has converted is confined by its policy after a boot', async () => {
      // What is in /run is gone after a boot, but not after a soft-reboot, which the box has masked.
      await box.sh(`rm -r /run/systemd/system/${EARLY}.d /run/systemd/system/systemd-soft-reboot.service
        systemctl daemon-reload; systemctl soft-reboot`);
      await box.waitFor('the boot', async () => {
        const { stdout } = await box.exec(['journalctl', '--quiet', '--grep=Soft-reboot finished']);
        return stdout !== '';
      });
      await box.waitFor('the service', async () => {
        const { status } = await box.exec(['systemctl', 'is-active', '--quiet', EARLY]);
        return status === 0;
      });
      const verified = await box.exec(['sandbox-unit', 'verify', EARLY]);
      assert.deepEqual([verified.status, verified.stderr], [0, ''], verified.stdout);
      const { status, stdout } = await box.exec(['sandbox-unit', 'status', EARLY]);
      assert.equal(status, 0, stdout);
      await box.succeed(['sandbox-unit', 'revert', EARLY]);
      await box.succeed(['systemctl', 'start', ...UNITS]);
    });

    test('no package can be removed while units are confined, until they are reverted as its message says', async () => {
      for (const words of [
        ['--remove', 'sandbox-unit'],
        ['--purge', 'sandbox-unit'],
        ['--purge', '--force-depends', 'sandbox-unit-launcher'],
      ]) {
        const refused = await box.exec(['dpkg', ...words]);
        assert.notEqual(refused.status, 0);
        assert.deepEqual(wayOut(refused), [`sandbox-unit revert ${UNITS.join(' ')}`], refused.stderr);
        await box.succeed(['test', '-x', LAUNCHER]);
        await areConfined();
      }
      await box.writeFile(policyPath(UNIT), `${POLICY}[service]\nProtectHome = true\n`);
      assert.notEqual((await box.exec(['systemctl', 'start', STATUS_SERVICE])).status, 0);
      await box.writeFile(policyPath(UNIT), POLICY);
      await box.succeed(['sandbox-unit', 'revert', ...UNITS]);

      // As 'learn --background' starts it.
      await box.succeed(['systemd-run', '--quiet', `--unit=${WATCH}`, 'sleep', 'infinity']);
      const { status, stderr } = await box.exec(['dpkg', '--purge', 'sandbox-unit', 'sandbox-unit-launcher']);
      assert.equal(status, 0, stderr);
      assert.equal((await box.exec(['systemctl', 'is-active', WATCH])).stdout, 'inactive\n');
      assert.equal((await processStatus(box, await mainPid(box, UNIT))).get('Seccomp'), '0');
      // Policies are the administrator's.
      assert.equal(await leftOf(box), '/etc/sandbox-unit\n');
      await box.succeed(['test', '-e', policyPath(UNIT)]);
      assert.equal((await box.exec(['systemctl', 'is-active', STATUS_TIMER])).stdout, 'inactive\n');
      assert.equal((await box.exec(['systemctl', 'is-failed', STATUS_SERVICE])).stdout, 'inactive\n');
    });
  });

  describe('the launcher alone, on Debian 12 without Node', () => {
    const CONFINED = 'far.service';
    const { box } = machine('launcher', {
      tree: 'bookworm',
      files: { [CONFINED]: '[Service]\nType=exec\nExecStart=/usr/bin/tail -f /dev/null\n' },
      start: [CONFINED],
      prepare: () => bring(box, 'first'),
    });
    const host = new StagedHost(box, folder);

    test("units are confined from another machine, and the launcher's package stays while they are", async () => {
      await box.sh('dpkg --install /root/first/sandbox-unit-launcher*.deb');
      await host.stage(CONFINED, POLICY);
      const script = '/usr/lib/sandbox-unit/host-scripts/activate';
      const purge = () => box.exec(['dpkg', '--purge', 'sandbox-unit-launcher']);

      assert.equal((await host.activate('--confirm', '600', CONFINED)).status, 3);
      const waiting = await purge();
      const ways = ['undo', 'revert'].map((verb) => `sh ${script} --${verb} ${CONFINED}`);
      assert.deepEqual([waiting.status !== 0, wayOut(waiting)], [true, ways], waiting.stderr);
      for (const line of ways) assert.equal((await box.sh(line)).status, 0, line);
      assert.equal(await host.isConfined(CONFINED), false);

      const activated = await host.activate(CONFINED);
      assert.deepEqual([activated.status, activated.stderr], [0, '']);
      assert.ok((await box.succeed(['systemctl', 'cat', CONFINED])).includes(`ExecStart=${LAUNCHER} `));
      await box.succeed(['test', '!', '-e', '/usr/local/libexec/sandbox-unit']);
      assert.equal(await host.isConfined(CONFINED), true);

      const refused = await purge();
      assert.notEqual(refused.status, 0);
      assert.deepEqual(wayOut(refused), [`sh ${script} --revert ${CONFINED}`], refused.stderr);
      await box.succeed(['systemctl', 'restart', CONFINED]);
      assert.equal(await host.isConfined(CONFINED), true);

      await box.sh(wayOut(refused)[0]!);
      assert.equal(await host.isConfined(CONFINED), false);
      assert.equal((await purge()).status, 0);
      assert.equal(existsSync(`/proc/${box.pid}/root${LAUNCHER}`), false);
    });
  });
});
