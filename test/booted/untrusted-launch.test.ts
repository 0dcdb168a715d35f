/** Services whose user can replace the launcher, or the program behind it. */
import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import { numbersOf } from '../../src/seccomp/syscalls/numbers.js';
import { LAUNCHER } from '../support/demo-service.js';
import { assertRefused, listing } from '../support/hostile.js';
import { changeFiles } from '../support/loaded-units.js';
import { machine } from '../support/machine.js';
import { MACHINE } from '../support/native.js';
import { mainPid, PROGRAMS, policyPath, revert, sandboxUnit } from '../support/service.js';

/** linux/sched.h */
const [CLONE_NEWNS, CLONE_NEWUSER] = [0x20000, 0x10000000];
const UNIT = 'untrusted.service';
const CALLS = '[syscalls]\ndeny = ["execve", "execveat"]\n[apply]\nsettle = "100ms"\n';
/** With Type=exec systemd has made the folders of a root of its own once the start is over. */
const PLAIN = '[Service]\nType=exec\nUser=daemon\nExecStart=/usr/bin/tail -f /dev/null\n';

const { box, run, skip, test } = machine('untrusted', {
  programs: { 'replace-launcher': ['test/booted/programs/replace-launcher.c', '-static'] },
});

const sh = async (script: string): Promise<void> => {
  const { status, stderr } = await box.sh(`set -e; ${script}`);
  assert.equal(status, 0, `${script}: ${stderr}`);
};

/** Defines the unit, and starts it without a policy. */
async function start(unit: string, policy = CALLS): Promise<void> {
  await changeFiles(box, { [`/etc/systemd/system/${UNIT}`]: unit, [policyPath(UNIT)]: policy });
  await box.succeed(['systemctl', 'start', UNIT]);
}

/** Where root's own folder becomes the user's, and where it is so from the start. */
const HANDED: readonly [what: string, unit: string, policy: string, make: string, open: string][] = [
  [
    'the root',
    `${PLAIN}RootDirectory=/srv/root\n`,
    CALLS,
    'mkdir /srv/root; for d in usr lib lib64; do mkdir /srv/root/$d; mount --bind /$d /srv/root/$d; done; mkdir /srv/root/dev',
    'chown daemon /srv/root',
  ],
  [
    'a root that a specifier stands for',
    `${PLAIN}RootDirectory=/srv/%p\n`,
    CALLS,
    'mkdir /srv/untrusted; for d in usr lib lib64; do mkdir /srv/untrusted/$d; mount --bind /$d /srv/untrusted/$d; done; mkdir /srv/untrusted/dev',
    'chown daemon /srv/untrusted',
  ],

  [
    'a folder above the root',
    `${PLAIN}RootDirectory=/srv/above/root\n`,
    CALLS,
    'mkdir -p /srv/above/root; for d in usr lib lib64; do mkdir /srv/above/root/$d; mount --bind /$d /srv/above/root/$d; done',
    'chmod g+w /srv/above',
  ],
  [
    'a folder that is mounted over the launcher',
    `${PLAIN}BindPaths=/srv/local:/usr/local\n`,
    CALLS,
    'mkdir /srv/local',
    'chown daemon /srv/local',
  ],

  [
    'a script of ExecStartPost=, which runs without the launcher',
    `${PLAIN}ExecStartPost=/srv/post/script\n`,
    CALLS,
    `mkdir /srv/post; printf '#!/bin/sh\n' >/srv/post/script; chmod +x /srv/post/script`,
    'chown daemon /srv/post',
  ],
  [
    'a script that root gets by ExecReload=+ from a folder mounted there, beside a policy without calls',
    `${PLAIN}BindPaths=/srv/reload:/opt\nExecReload=+/bin/sh /opt/script\n`,
    '[service]\nProtectHome = true\n[apply]\nsettle = "100ms"\n',
    'mkdir /srv/reload; touch /srv/reload/script',
    'chown daemon /srv/reload',
  ],
];

const CLEAN = `
  systemctl stop ${UNIT} || :; systemctl reset-failed ${UNIT} 2>/dev/null || :
  for m in $(awk '$5 ~ "^/srv/" { print $5 }' /proc/self/mountinfo); do umount $m; done
  rm -rf /srv/*`;

describe("a file that the service's user can change is refused:", { skip }, () => {
  for (const [what, unit, policy, make, open] of HANDED) {
    test(what, async () => {
      try {
        await sh(`${make}; ${open}`);
        await start(unit, policy);
        const were = await listing(box);
        for (const verb of ['plan', 'apply']) {
          assertRefused(await sandboxUnit(box, verb, UNIT), 'untrusted-path', verb, '/srv/');
        }
        assert.equal(await listing(box), were);
        const none = await run(1, 'verify', UNIT);
        assertRefused(none, 'unconfined', 'verify');

        await sh('chown root /srv/*; chmod go-w /srv/*');
        await run(0, 'apply', UNIT);
        await run(0, 'verify', UNIT);
        await run(0, 'status', UNIT);

        await sh(open);
        const status = await run(1, 'status', UNIT);
        assert.match(status.stdout, /enforcing +not proven/);
        assertRefused(status, 'untrusted-path', 'status', '/srv/');
        const opened = await run(2, 'verify', UNIT);
        assert.match(opened.stdout, /: not proven/);
        await sh('chown root /srv/*; chmod go-w /srv/*');
        await revert(box, UNIT);
      } finally {
        await sh(CLEAN);
      }
    });
  }

  test("a service's own program that its user can change runs behind the filter", async () => {
    try {
      await sh('mkdir -p /srv/app; cp /usr/bin/tail /srv/app; chown -R daemon /srv/app');
      await start('[Service]\nUser=daemon\nExecStart=/srv/app/tail -f /dev/null\n');
      await run(0, 'apply', UNIT);
      await run(0, 'verify', UNIT);
      await revert(box, UNIT);
    } finally {
      await sh(CLEAN);
    }
  });

  test('a root directory in which the service can replace the launcher: nothing is reported as enforced', async () => {
    try {
      await sh(`mkdir -p /srv/jail/own; cp ${PROGRAMS}/replace-launcher /srv/jail/app`);
      await start(
        '[Service]\nUser=daemon\nRootDirectory=/srv/jail\nWorkingDirectory=/own\nExecStart=/app\nRestart=always\nRestartSec=50ms\n',
      );
      await run(0, 'apply', UNIT);
      await sh('chown -R daemon /srv/jail; touch /srv/jail/go');
      await box.waitFor('a start without the launcher', async () => {
        return (await box.exec(['test', '-e', '/srv/jail/own/free'])).status === 0;
      });
      const verified = await run(2, 'verify', UNIT);
      assertRefused(verified, 'untrusted-path', 'verify', '/srv/jail');
      const status = await run(1, 'status', UNIT);
      assertRefused(status, 'untrusted-path', 'status', '/srv/jail');

      // Once the folders are root's, and the launcher is where it belongs, the same process still runs.
      await sh('cd /srv/jail; rm usr; mv real usr; chown -R root: /srv/jail');
      const before = await mainPid(box, UNIT);
      const mended = await sandboxUnit(box, 'status', UNIT);
      assert.match(mended.stdout, /enforcing +restart due/);
      assertRefused(await sandboxUnit(box, 'verify', UNIT), 'restart-due', 'verify');
      await run(0, 'apply', UNIT);
      assert.notEqual(await mainPid(box, UNIT), before);
      await run(0, 'verify', UNIT);
      await revert(box, UNIT);
    } finally {
      await sh(CLEAN);
    }
  });
});

describe("a guard that is not known to be the launcher's counts as an open execve:", {
  skip,
}, () => {
  before(async () => {
    await start(`${PLAIN}PrivateTmp=yes\n`);
    await run(0, 'apply', UNIT);
  });
  after(async () => {
    await revert(box, UNIT);
    await sh(CLEAN);
  });

  /** Changes what is mounted where the service runs, and nowhere else. */
  const MOUNTED: readonly [what: string, make: string, source: string, destination: string, why: RegExp][] = [
    [
      'another program',
      `cp /bin/true /srv/other`,
      '/srv/other',
      LAUNCHER,
      /is another program in its mount namespace/,
    ],
    [
      "a folder of the user's",
      'mkdir -p /srv/local; cp -a /usr/local/. /srv/local; chown daemon /srv/local',
      '/srv/local',
      '/usr/local',
      /\/usr\/local belongs to user \d+ in its mount namespace/,
    ],
  ];

  for (const [what, make, source, destination, why] of MOUNTED) {
    test(what, async () => {
      const inside = `nsenter --target ${await mainPid(box, UNIT)} --mount --`;
      try {
        await run(0, 'verify', UNIT);
        await sh(`${make}; ${inside} mount --bind ${source} ${destination}`);
        const { status, stdout, stderr } = await sandboxUnit(box, 'verify', UNIT);
        assert.equal(status, 1, stdout + stderr);
        assert.match(stderr, why);
        assert.match(stderr, /error\[launcher-unknown\]/);
        const isOpen = why.source.includes('belongs');
        const { status: told, stderr: tells } = await sandboxUnit(box, 'status', UNIT);
        assert.equal(told, isOpen ? 1 : 0, tells);
        if (isOpen)
          assert.match(
            tells,
            /error\[untrusted-path\]: \/usr\/local belongs to user \d+ in the mount namespace of untrusted\.service/,
          );
        assert.match(stderr, /error\[looser\]: .*execve \(x86-64\) gets 'allow' for some arguments/);
      } finally {
        await sh(`${inside} umount ${destination} || :; rm -rf /srv/*`);
      }
    });
  }
});

test('a service that creates namespaces for itself keeps its confinement', async () => {
  const nr = numbersOf(MACHINE!).get('unshare')!;
  const program = `/usr/bin/perl -e 'syscall(${nr}, ${CLONE_NEWUSER | CLONE_NEWNS}) == 0 or exit 3; sleep 1000'`;
  try {
    await start(`[Service]\nUser=daemon\nExecStart=${program}\n`, CALLS);
    const namespace = async (pid: number | 'self') => box.succeed(['readlink', `/proc/${pid}/ns/user`]);
    await box.waitFor('its namespace', async () => {
      return (await namespace(await mainPid(box, UNIT))) !== (await namespace('self'));
    });
    await run(0, 'apply', UNIT);
    await run(0, 'verify', UNIT);
    await run(0, 'status', UNIT);
    await revert(box, UNIT);
  } finally {
    await sh(CLEAN);
  }
});
