/** Services are watched at work and confined by the recording; then they do other work, with a reload and a log rotation. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ChecklistItem } from '../../src/learn/profile/checklist.js';
import { mountOf, parseMountInfo } from '../../src/systemd/formats/mount-info.js';
import { newlyRefused, recordingsOf } from '../support/learned-in-box.js';
import { machine } from '../support/machine.js';
import { mainPid, policyPath, sandboxUnit, servicesObstacle } from '../support/service.js';
import { alternatives } from '../support/thorough.js';

interface Service {
  readonly unit: string;
  /** Work for the watch, and other work of the same kind for the policy. */
  readonly work: string;
  readonly otherWork: string;
  readonly answer: RegExp;
  /** Whether the other work has a rotation of logs. */
  readonly rotates?: boolean;
  /** Whether ProtectKernelTunables= is the policy's, and not of its unit. */
  readonly tunables?: boolean;
  /** The file with its process ID, directly in /run. */
  readonly pidFile?: string;
  /** The daemon that a start script becomes. */
  readonly daemon?: string;
}

const MEMCACHED = (words: string) => `printf '${words}quit\\r\\n' | curl -sS telnet://127.0.0.1:11211`;

const SERVICES: readonly Service[] = [
  {
    unit: 'nginx.service',
    work: 'for i in 1 2 3; do curl -sS http://127.0.0.1/ http://127.0.0.1/none >/dev/null; done',
    otherWork: `curl -sS --head http://localhost/
      systemctl reload nginx; curl -sS http://127.0.0.1/
      mv /var/log/nginx/access.log /var/log/nginx/access.log.1
      systemctl kill --signal=USR1 --kill-whom=main nginx; sleep 0.5
      curl -sS http://127.0.0.1/ >/dev/null; wc -l </var/log/nginx/access.log`,
    rotates: true,
    tunables: true,
    pidFile: '/run/nginx.pid',
    answer: /200 OK[\s\S]*<title>Welcome to nginx!<\/title>[\s\S]*\n1\n$/,
  },
  {
    unit: 'redis-server.service',
    work: 'redis-cli set a 1; redis-cli get a; redis-cli bgsave; sleep 2',
    otherWork:
      'redis-cli del list; redis-cli lpush list 1 2 3; redis-cli bgsave; sleep 1; redis-cli lrange list 0 -1',
    answer: /^1\n3\nBackground saving started\n3\n2\n1\n$/,
  },
  {
    unit: 'memcached.service',
    work: MEMCACHED('set key 0 0 7\\r\\na value\\r\\nget key\\r\\n'),
    otherWork: MEMCACHED('set other 0 0 1\\r\\nx\\r\\nappend other 0 0 1\\r\\ny\\r\\nget other\\r\\n'),
    answer: /VALUE other 0 2\r\nxy\r\n/,
    daemon: '/usr/bin/memcached',
  },
];

describe('learn', { skip: servicesObstacle() ?? false }, () => {
  const recordings = (unit: string) => recordingsOf(box, unit);

  const { box, run } = machine('learn', {
    prepare: async () => {
      // As hosts have it.
      await box.succeed(['mount', '-o', 'remount,rw', '/sys']);
      await box.succeed(['systemctl', 'start', ...SERVICES.map(({ unit }) => unit)]);
    },
  });

  for (const { unit, work, otherWork, answer, rotates, tunables, pidFile, daemon } of alternatives(
    SERVICES,
  )) {
    test(`${unit} is confined by what it was seen to do, and does other work`, async () => {
      await run(0, 'learn', '--restart', '--exercise', work, unit, '--write', policyPath(unit));
      const [seen] = await recordings(unit);
      assert.deepEqual([seen!.lives, seen!.lost], [2, {}]);
      const { checklist } = JSON.parse((await run(0, 'learn', '--show', unit, '--json')).stdout);
      assert.deepEqual(
        checklist.filter((item: ChecklistItem) => item.seen === 'no').map(({ what }: ChecklistItem) => what),
        ['log-rotation', 'day', 'week'],
      );
      const applied = await run(0, 'apply', unit);
      assert.match(applied.stdout, /^Restarted, and verified\.$/m);
      const mounts = async () =>
        parseMountInfo(await box.readFile(`/proc/${await mainPid(box, unit)}/mountinfo`));
      assert.equal(mountOf(await mounts(), '/sys')?.options.includes('ro'), tunables === true);
      const { stdout } = await run(0, 'learn', '--exercise', `${otherWork}; sleep 2`, unit, '--json');
      assert.equal(JSON.parse(stdout).ok, true);
      const [, confined] = await recordings(unit);
      if (rotates) assert.ok(confined!.events.some(({ what }) => what === 'log-rotation'));
      assert.deepEqual(newlyRefused(seen!, confined!), [], 'calls that the policy refused');
      const again = (await run(0, 'learn', '--show', unit, '--write')).stdout;
      assert.equal(
        /^# Calls made only by the start script\. Its daemon, (\S+), loses/m.exec(again)?.[1],
        daemon,
      );
      assert.doesNotMatch(again, /^programs = /m);
      assert.match((await run(2, 'learn', '--promote', unit)).stderr, /^error\[not-promoted\]: /);
      const waits = await run(3, 'learn', '--promote', '--after', '1s', '--check', '--json', unit);
      assert.match(JSON.parse(waits.stdout).waiting.join(' '), /SocketBindDeny SocketBindAllow/);
      const promoted = await run(0, 'learn', '--promote', '--now', unit);
      assert.match(promoted.stdout, /^-action = "log"$/m);
      assert.match(promoted.stdout, /^\+SocketBindDeny = "any"$/m);
      assert.match(promoted.stderr, /^warning\[stated-early\]: no day of work /m);
      const strict = await run(0, 'apply', unit);
      assert.match(strict.stdout, /^Restarted, and verified\.$/m);
      assert.doesNotMatch(strict.stderr, /leaves-open/);
      assert.equal(mountOf(await mounts(), '/run/extensions')?.options.includes('ro'), true);
      if (pidFile) assert.equal(mountOf(await mounts(), pidFile)?.options.includes('ro'), false);
      const { stdout: said } = await box.sh(otherWork);
      assert.match(said, answer);
      await box.succeed(['systemctl', 'restart', unit]);
      await run(0, 'verify', unit);
      if (pidFile) assert.equal((await box.readFile(pidFile)).trim(), String(await mainPid(box, unit)));
      assert.equal(await box.succeed(['systemctl', 'is-failed', unit, '--quiet']).catch(() => 'no'), 'no');
    });
  }

  test('leaves to the service a link below /tmp, its own capabilities, and a PID file that stays in /run', async () => {
    const unit = 'links.service';
    const keeps = 'setpriv --inh-caps=-all,+net_bind_service --ambient-caps=-all,+net_bind_service';
    const command = `${keeps} sh -c 'echo $$$$ >/run/links.pid; read line </tmp/receiver && exec sleep infinity'`;
    await box.sh('ln -sfn /etc/hostname /tmp/receiver');
    await box.writeFile(`/etc/systemd/system/${unit}`, `[Service]\nType=exec\nExecStart=${command}\n`);
    await box.sh(`systemctl daemon-reload; systemctl start ${unit}`);
    await run(0, 'learn', '--restart', '--exercise', 'true', '--now', unit, '--write', policyPath(unit));
    const policy = await box.readFile(policyPath(unit));
    assert.match(
      policy,
      /^# PrivateTmp = true: \/tmp\/receiver was used, but not created by the service\.$/m,
    );
    assert.match(policy, /^CapabilityBoundingSet = .*"CAP_NET_BIND_SERVICE"/m);
    assert.match(policy, /^ReadWritePaths = \["-\/run\/links\.pid"\]$/m);
    assert.match((await run(0, 'apply', unit)).stdout, /^Restarted, and verified\.$/m);
    await box.succeed(['systemctl', 'restart', unit]);
    // The restart ends at the exec, and the program writes the emptied file after that.
    await box.waitFor('the PID file', async () => (await box.readFile('/run/links.pid')) !== '');
    assert.equal(await box.readFile('/run/links.pid'), `${await mainPid(box, unit)}\n`);
  });

  test('a background watch is listed, is the only one of its service, and can be stopped', async () => {
    const unit = SERVICES[0]!.unit;
    const before = (await recordings(unit)).length;
    await run(0, 'learn', '--background', unit);
    assert.match((await run(0, 'learn', '--list')).stdout, /^nginx\.service \(serving\): watched for /);
    const second = await run(2, 'learn', '--for', '1s', unit);
    assert.match(second.stderr, /^error\[watched\]: nginx\.service is already being watched$/m);
    await box.succeed(['systemctl', 'restart', unit]);
    await run(0, 'learn', '--stop', unit);
    assert.match((await run(0, 'learn', '--list')).stdout, /^No service is being watched/);
    const all = await recordings(unit);
    assert.equal(all.length, before + 1);
    assert.equal(all.at(-1)!.lives, 1);
    assert.equal(all.at(-1)!.truncated, false);
  });

  test('a watch explains a call that fails with an errno, which no log has', async () => {
    const { unit, work } = SERVICES[0]!;
    const policy = '[syscalls]\naction = "EPERM"\nallow = ["@system-service"]\ndeny = ["writev"]\n';
    await box.writeFile(policyPath(unit), policy);
    await run(0, 'apply', unit);
    await run(
      0,
      'learn',
      '--exercise',
      `${work.replaceAll('curl', 'curl --max-time 2')}; sleep 1`,
      unit,
      '--quiet',
    );
    const { stdout } = await run(1, 'explain', unit);
    assert.match(stdout, /:4:9: error\[refused-call\]: writev \(20\) failed: deny writev$/m);
    assert.match(stdout, /by nginx \(\/usr\/sbin\/nginx\)/);
  });

  test('a killed watch leaves nothing behind', async () => {
    const unit = SERVICES[0]!.unit;
    await run(0, 'learn', '--background', unit);
    await box.succeed(['systemctl', 'kill', '--signal=KILL', `sandbox-unit-learn-${unit}`]);
    await box.waitFor('the end of the watch', async () =>
      (await sandboxUnit(box, 'learn', '--list')).stdout.startsWith('No service'),
    );
    assert.equal(
      await box.succeed(['find', '/run/sandbox-unit/watches', '-type', 'f', '!', '-name', '*.lock']),
      '',
    );
    assert.notEqual((await box.exec(['pgrep', '-x', 'observe'])).status, 0);
    await run(0, 'learn', '--for', '1s', unit);
  });
});
