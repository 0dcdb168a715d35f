/** Services with mounts, the launcher's or their own, on every supported systemd. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { changeFiles } from '../support/loaded-units.js';
import { machine } from '../support/machine.js';
import { RENAMING_CASES } from '../support/renaming-cases.js';
import { properties, servicesObstacle } from '../support/service.js';
import { alternatives } from '../support/thorough.js';
import type { TreeName } from '../support/tree.js';

const EARLY = '[Unit]\nDefaultDependencies=no\nBefore=local-fs-pre.target\n';
const SERVICE = '[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true\n';
const MOUNT =
  '[Unit]\nDefaultDependencies=no\n[Mount]\nWhat=/srv/libexec\nWhere=/usr/local/libexec\nOptions=bind\n';
const DROP_IN = '/etc/systemd/system/early.service.d/zz-sandbox-unit.conf';

for (const tree of alternatives<TreeName>(['machine', 'bookworm', 'forky'])) {
  describe(tree, { skip: servicesObstacle(tree) ?? false }, () => {
    const { box } = machine(`mounts-${tree}`, {
      tree,
      files: { 'early.service': EARLY + SERVICE },
      applied: { 'early.service': '[syscalls]\ndeny = ["execve", "execveat"]\n' },
    });

    const statusOf = async (command: string, ...lines: string[]) => {
      const properties = lines.map((line) => `--property=${line}`);
      const words = ['systemd-run', '--quiet', '--pipe', '--wait', ...properties, 'sh', '-c', command];
      return (await box.exec(words)).status;
    };

    test('a service that starts before all others is ordered after the root file system only', async () => {
      const { After } = await properties(box, 'early.service', 'After');
      const found = After.split(' ').filter((name) => name.endsWith('.mount'));
      assert.deepEqual(found, ['-.mount']);
      await box.succeed(['systemctl', 'add-wants', 'sysinit.target', 'early.service']);
      const { stdout, stderr } = await box.exec(['systemd-analyze', 'verify', '--man=no', 'default.target']);
      assert.doesNotMatch(stdout + stderr, /cycle/);
    });

    test('a folder that is bound onto itself stays closed if another directive closes a part of it', async () => {
      await box.sh('mkdir -p /srv/all/hidden /srv/all/fixed; touch /srv/all/hidden/file');
      const binds = ['BindPaths=/srv/all'];
      const read = 'cat /srv/all/hidden/file';
      const write = 'touch /srv/all/fixed/file';
      assert.equal(await statusOf(`${read}; ${write}`, ...binds), 0);
      assert.notEqual(await statusOf(read, ...binds, 'InaccessiblePaths=/srv/all/hidden'), 0);
      assert.notEqual(await statusOf(read, ...binds, 'TemporaryFileSystem=/srv/all/hidden'), 0);
      assert.notEqual(await statusOf(write, ...binds, 'ReadOnlyPaths=/srv/all/fixed'), 0);
      const home = 'ls /run/user/closed';
      await box.sh('mkdir -p /run/user/closed');
      assert.equal(await statusOf(home, 'BindReadOnlyPaths=/run'), 0);
      assert.notEqual(await statusOf(home, 'BindReadOnlyPaths=/run', 'ProtectHome=yes'), 0);
    });

    test('ReadOnlyPaths=, not ProtectSystem=strict, closes /run; a bind mount of it shows what is hidden', async () => {
      await box.sh('mkdir -p /srv/hidden; touch /srv/hidden/file');
      const lines = ['ProtectSystem=strict', 'ProtectKernelTunables=yes', 'InaccessiblePaths=/srv/hidden'];
      const write = 'touch /run/file';
      const look = 'cat /srv/hidden/file || cat /run/systemd/*/srv/hidden/file';
      assert.equal(await statusOf(write, ...lines), 0);
      assert.notEqual(await statusOf(write, ...lines, 'ReadOnlyPaths=/run'), 0);
      assert.notEqual(await statusOf(look, ...lines, 'ReadOnlyPaths=/run'), 0);
      assert.equal(await statusOf(look, ...lines, 'BindReadOnlyPaths=/run'), 0);
      await box.sh('rm -r /run/file /srv/hidden');
    });

    test('a folder above a closed path can be renamed if the plan warns about it, and no other folder', async () => {
      for (const protect of ['strict', 'no']) {
        for (const { service, folder, says } of RENAMING_CASES) {
          await box.sh('rm -rf /srv/*; mkdir -p /srv/a/b/c; chown -R nobody /srv');
          const lines = Object.entries(service).map(([name, paths]) => `${name}=${paths.join(' ')}`);
          const words = ['User=nobody', `ProtectSystem=${protect}`, ...lines].map(
            (one) => `--property=${one}`,
          );
          const move = `mv ${folder} ${folder}-moved && mkdir -p /srv/a/b && echo new >/srv/a/b/file`;
          const script = `test -d ${folder} || exit 9; ${move} || exit 8`;
          const { status } = await box.exec([
            'systemd-run',
            '--quiet',
            '--pipe',
            '--wait',
            ...words,
            'sh',
            '-c',
            script,
          ]);
          assert.equal(status, says ? 0 : 8, `${words.join(' ')}: ${folder}`);
          if (says) assert.equal(await box.readFile('/srv/a/b/file'), 'new\n');
        }
      }
      await box.sh('rm -rf /srv/*; chown root /srv');
    });

    test("a program in ReadOnlyPaths= and ExecPaths= can't be executed below a read-only path", async () => {
      const lines = ['ProtectSystem=strict', 'NoExecPaths=/', 'ExecPaths=/usr'];
      const startOf = async (line: string) => {
        const properties = [...lines, line].map((one) => `--property=${one}`);
        return (await box.exec(['systemd-run', '--quiet', '--pipe', '--wait', ...properties, 'true'])).status;
      };
      assert.equal(await startOf('BindReadOnlyPaths=/usr'), 0);
      assert.notEqual(await startOf('ReadOnlyPaths=/usr'), 0);
    });

    test('the mount with the launcher is ordered first', async () => {
      await box.sh('mv /usr/local/libexec /srv/libexec; mkdir /usr/local/libexec');
      await changeFiles(box, {
        '/etc/systemd/system/usr-local-libexec.mount': MOUNT,
        '/etc/systemd/system/early.service': `[Unit]\nDefaultDependencies=no\n${SERVICE}`,
      });
      const start = async () => (await box.exec(['systemctl', 'start', 'early.service'])).status;
      assert.equal(await start(), 0);
      await box.succeed(['systemctl', 'stop', 'early.service', 'usr-local-libexec.mount']);
      await box.sh(`sed -i /^RequiresMountsFor=/d ${DROP_IN}; systemctl daemon-reload`);
      assert.notEqual(await start(), 0);
    });
  });
}
