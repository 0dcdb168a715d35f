/** `status` of a confined unit after an upgrade of its package, or a change by hand, on a real machine. */
import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import { FOLDER, LAUNCHER, UNIT } from '../support/demo-service.js';
import { machine } from '../support/machine.js';
import { inRepository } from '../support/repository.js';
import { COMMAND, sandboxUnit } from '../support/service.js';

const POLICY = '/etc/sandbox-unit/demo.service.toml';
const CONTROL = `/etc/systemd/system.control/${UNIT}.d`;

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

const { box, run, skip, test } = machine('drift', {
  policies: {
    [UNIT]:
      '[syscalls]\ndeny = ["execve", "execveat"]\n[service]\nDevicePolicy = "closed"\n[apply]\nsettle = "50ms"\n',
  },
  prepare: async () => {
    await install('1', service('/usr/bin/sleep 1001'));
    await box.succeed(['systemctl', 'start', UNIT]);
  },
});

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

test('an upgrade that changes the command: the old one still runs, which is a finding until the next apply', async () => {
  await apply();
  assert.deepEqual(await drift(), { status: 0, drift: [], state: 'live', hints: [] });
  await install('2', service('/usr/bin/sleep 1002', 'Restart=on-failure\n'));
  assert.equal(await running(), '/usr/bin/sleep 1001 ');
  const found = await drift();
  assert.deepEqual([found.status, found.drift], [1, ['drift-command']]);
  const [, remedy] = /^'?(sandbox-unit apply \S+?)'?$/.exec(found.hints[0]!) ?? assert.fail(found.hints[0]);
  await run(0, ...remedy!.split(' ').slice(1));
  assert.equal(await running(), '/usr/bin/sleep 1002 ');
  assert.deepEqual(await drift(), { status: 0, drift: [], state: 'live', hints: [] });
});

test('an upgrade that makes no difference is no finding', async () => {
  await install('3', service('/usr/bin/sleep 1002', 'Restart=always\n'));
  assert.deepEqual((await drift()).drift, []);
});

const CHANGES: Readonly<Record<string, readonly [script: string, drift: string, undo?: string]>> = {
  'the policy': [`sed -i 's/"execve"/"acct", "execve"/' ${POLICY}`, 'drift-policy'],
  "the host's defaults": [
    "printf '[service]\\nProtectClock = true\\n' >/etc/sandbox-unit/defaults.toml",
    'drift-policy',
  ],
  'a line of the drop-in': [
    `sed -i 's/^NoNewPrivileges=yes/NoNewPrivileges=no/' ${FOLDER}/zz-sandbox-unit.conf`,
    'drift-files',
  ],
  'a byte of the filter': [
    `cd ${FOLDER}; printf '\\001' | dd of=zz-sandbox-unit.filter bs=1 seek=$(($(stat -c %s zz-sandbox-unit.filter) - 3)) conv=notrunc`,
    'drift-files',
  ],
  'a drop-in that is gone': [`rm ${FOLDER}/zz-sandbox-unit.conf`, 'drift-files'],
  'the launcher': [`cp /bin/true ${LAUNCHER}`, 'drift-launcher'],
  "the unit's own filter": [
    `mkdir -p /run/systemd/system/${UNIT}.d; printf '[Service]\\nSystemCallFilter=~@reboot\\n' >/run/systemd/system/${UNIT}.d/own.conf`,
    'drift-unit',
  ],
  'a drop-in that others can write': [`chmod 666 ${FOLDER}/zz-sandbox-unit.conf`, 'drift-files'],
  "another's filter": [`chown 1000 ${FOLDER}/zz-sandbox-unit.filter`, 'drift-files'],
  'a drop-in of the same name that comes first': [
    `mkdir -p ${CONTROL}; touch ${CONTROL}/zz-sandbox-unit.conf`,
    'drift-loaded',
    `rm -r ${CONTROL}; systemctl daemon-reload`,
  ],
  'a drop-in that is read later': [
    `printf '[Service]\\nNoNewPrivileges=no\\n' >${FOLDER}/zzz.conf`,
    'overridden',
    `rm ${FOLDER}/zzz.conf; systemctl daemon-reload`,
  ],
};

describe('status names a change by hand:', { skip }, () => {
  for (const [what, [script, name, undo]] of Object.entries(CHANGES)) {
    test(what, async () => {
      await apply();
      await box.sh(`${script}\nsystemctl daemon-reload`);
      const found = await drift();
      assert.equal(found.status, 1);
      assert.ok(found.drift.includes(name), JSON.stringify(found));
      // What doesn't hold isn't told as what does.
      const isTakenBack = ['drift-loaded', 'overridden'].includes(name);
      if (isTakenBack)
        assert.deepEqual([found.drift[0], found.state], [name, 'not-read'], JSON.stringify(found));
      if (undo) await box.sh(undo);
      await apply();
      assert.deepEqual((await drift()).drift, []);
    });
  }
});

describe("status names lines in other units' files:", { skip }, () => {
  const own = '/etc/sandbox-unit/other.service.toml';
  const status = async () => {
    const found = JSON.parse((await sandboxUnit(box, 'status', '--json', 'other.service')).stdout) as {
      diagnostics: { code: string; message: string }[];
    };
    return found.diagnostics.map(({ code, message }) => `${code}: ${message}`).join('\n');
  };

  before(async () => {
    await box.writeFile('/etc/systemd/system/other.service', service('/usr/bin/sleep 1005'));
    await box.writeFile(
      own,
      '[service]\nIPAddressDeny = ["any"]\nPrivateNetwork = true\n[apply]\nsettle = "50ms"\n',
    );
    await box.sh('systemctl daemon-reload; systemctl start other.service');
    await run(0, 'apply', 'other.service');
    assert.equal(await status(), '');
  });
  after(async () => {
    await sandboxUnit(box, 'revert', 'other.service');
    await box.succeed(['rm', own]);
  });

  test('a slice that allows addresses', async () => {
    const file = '/run/systemd/system/system.slice.d/allow.conf';
    await box.writeFile(file, '[Slice]\nIPAddressAllow=any\n');
    await box.sh('systemctl daemon-reload');
    assert.match(await status(), /^drift-unit: .*system.slice/);
    await box.sh(`rm ${file}; systemctl daemon-reload`);
    assert.equal(await status(), '');
  });
});

describe('status names what systemd has loaded differently from its files:', { skip }, () => {
  test('a property that was set at run time', async () => {
    await apply();
    await box.sh(`systemctl set-property --runtime ${UNIT} DevicePolicy=auto`);
    assert.deepEqual((await drift()).drift, ['drift-loaded']);
    await box.sh(`systemctl daemon-reload; systemctl restart ${UNIT}`);
    assert.deepEqual((await drift()).drift, []);
    await box.sh(`rm -rf /run/systemd/system.control/${UNIT}.d; systemctl daemon-reload`);
  });

  test('a device allowed at run time beside DevicePolicy=closed; a file that allows it is reported as not in force', async () => {
    await apply();
    await box.sh(`systemctl set-property --runtime ${UNIT} 'DeviceAllow=/dev/kmsg rw'`);
    const { status, drift: found } = await drift();
    assert.deepEqual([status, found.includes('drift-loaded')], [1, true], found.join());
    await run(1, 'verify', UNIT);
    await box.sh('systemctl daemon-reload');
    const allowed = await box.succeed(['systemctl', 'show', '--value', '-p', 'DeviceAllow', UNIT]);
    assert.doesNotMatch(allowed, /kmsg/);
    assert.deepEqual((await drift()).drift, ['drift-unit']);
    await box.sh(`rm -rf /run/systemd/system.control/${UNIT}.d; systemctl daemon-reload`);
    assert.deepEqual((await drift()).drift, []);
  });

  test('files that were restored with their old times', async () => {
    await apply();
    await box.sh(`cp -a ${FOLDER} /root/backup`);
    await run(0, 'apply', '--permissive', UNIT);
    await box.sh(`cp -a /root/backup/. ${FOLDER}; systemctl restart ${UNIT}`);
    assert.deepEqual((await drift()).drift, ['drift-loaded']);
    await box.sh(`systemctl daemon-reload; systemctl restart ${UNIT}`);
    assert.deepEqual((await drift()).drift, []);
  });

  test('a filter that systemd read before its files were restored with their old times', async () => {
    const policy = (calls: string) => `[syscalls]\ndeny = [${calls}]\n[apply]\nsettle = "50ms"\n`;
    const was = await box.readFile(POLICY);
    await box.writeFile(POLICY, policy('"ptrace", "mount"'));
    await apply();
    await box.sh(`rm -rf /root/backup; cp -a ${FOLDER} /root/backup; cp -a ${POLICY} /root/policy`);
    await box.writeFile(POLICY, policy('"ptrace"'));
    await apply();
    await box.sh(`cp -a /root/backup/. ${FOLDER}; cp -a /root/policy ${POLICY}; systemctl restart ${UNIT}`);
    await apply();
    assert.match(
      await box.succeed(['systemctl', 'show', '--value', '--property=SystemCallFilter', UNIT]),
      /mount/,
    );
    await run(0, 'verify', UNIT);
    await box.writeFile(POLICY, was);
    await apply();
  });

  describe('files restored with their old times, while systemd has others loaded:', () => {
    const LISTS: readonly (readonly [what: string, files: string, loaded: string])[] = [
      ['a call that is denied', 'deny = ["ptrace", "mount"]', 'deny = ["ptrace"]'],
      ['calls that are recorded', 'log = ["personality", "@swap"]', 'log = ["@swap"]'],
    ];
    const unitOf = (i: number) => `list-${i}.service`;
    const units = LISTS.map((_, i) => unitOf(i));
    const all = async (exit: number, ...words: string[]) => {
      const result = await run(exit, ...words, ...units);
      return result;
    };
    let said: string;
    let applied: string;
    before(async () => {
      await box.sh(
        units.map((unit) => `cp /usr/lib/systemd/system/${UNIT} /etc/systemd/system/${unit}`).join('; '),
      );
      await box.sh(`systemctl daemon-reload; systemctl start ${units.join(' ')}`);
      const write = async (which: 1 | 2) => {
        for (const [i, list] of LISTS.entries()) {
          const policy = `[syscalls]\n${list[which]}\n[apply]\nsettle = "50ms"\n`;
          await box.writeFile(`/etc/sandbox-unit/${unitOf(i)}.toml`, policy);
        }
      };
      const folders = '/etc/systemd/system/list-*.service.d';
      await write(1);
      await all(0, 'apply');
      await box.sh(`rm -rf /root/lists; mkdir /root/lists; cp -a ${folders} /root/lists`);
      await write(2);
      await all(0, 'apply');
      await write(1);
      await box.sh(`cp -a /root/lists/. /etc/systemd/system; systemctl restart ${units.join(' ')}`);
      said = (await all(1, 'status')).stderr;
      applied = (await all(0, 'apply')).stderr;
    });
    after(async () => {
      await all(0, 'revert');
      await box.sh(
        `systemctl stop ${units.join(' ')}; rm -r /etc/sandbox-unit/list-* /etc/systemd/system/list-*; systemctl daemon-reload`,
      );
    });

    for (const [i, [what]] of LISTS.entries()) {
      test(what, async () => {
        const differs = `${unitOf(i)}.*differ from the drop-in: LogExtraFields$`;
        assert.match(said, new RegExp(differs, 'm'));
        assert.match(applied, new RegExp(`note\\[reload-due\\].*${unitOf(i)}`));
        const { status, stdout } = await sandboxUnit(box, 'status', '--json', unitOf(i));
        const { drift, state } = JSON.parse(stdout).units[0];
        assert.deepEqual({ status, drift, state }, { status: 0, drift: [], state: 'live' });
      });
    }
  });

  test("status names a launcher that isn't executable", async () => {
    await apply();
    await box.sh(`chmod 644 ${LAUNCHER}`);
    const { status, diagnostics } = await look();
    assert.deepEqual([status, diagnostics.map(({ code }) => code)], [1, ['cannot-start']]);
    await box.sh(`systemctl restart ${UNIT} || :`);
    // Restart=always tries a few times.
    await box.waitFor('the failure', async () => (await drift()).state === 'failed');
    await box.sh(`chmod 755 ${LAUNCHER}; systemctl reset-failed ${UNIT}; systemctl start ${UNIT}`);
    assert.equal((await drift()).state, 'live');
  });
});

test('apply twice: the second run reports no change, and restarts nothing', async () => {
  await apply();
  const pid = await box.succeed(['systemctl', 'show', '--value', '--property=MainPID', UNIT]);
  const { status, stdout } = await sandboxUnit(box, 'apply', UNIT);
  assert.deepEqual([status, stdout], [0, `${UNIT}: unchanged\n`]);
  assert.equal(await box.succeed(['systemctl', 'show', '--value', '--property=MainPID', UNIT]), pid);
});

test('apply twice at once: one waits for the other, and both succeed', async () => {
  await box.sh(`sed -i 's/"execve"/"swapon", "execve"/' ${POLICY}`);
  const [one, two] = await Promise.all([sandboxUnit(box, 'apply', UNIT), sandboxUnit(box, 'apply', UNIT)]);
  assert.deepEqual([one.status, two.status], [0, 0], one.stderr + two.stderr);
  const states = [one, two].map(({ stdout }) => stdout.split('\n')[0]);
  assert.deepEqual(states.sort(), [`${UNIT}: applied`, `${UNIT}: unchanged`]);
  assert.equal([one, two].filter(({ stderr }) => stderr.includes('Another sandbox-unit')).length, 1);
});

interface Row {
  readonly unit: string;
  readonly mode: string;
  readonly state: string;
  readonly drift: readonly string[];
  readonly policy: string;
  readonly dropIn: string;
}

/** What `status` says of all units, as root or with words in front of the command. */
async function look(...front: string[]) {
  const words = ['status', '--json'];
  const { status, stdout } = await (front.length > 0
    ? box.exec([...front, ...COMMAND, ...words])
    : sandboxUnit(box, ...words));
  const { units, diagnostics } = JSON.parse(stdout) as {
    units: Row[];
    diagnostics: { severity: string; code: string; hint?: string }[];
  };
  return {
    status,
    units,
    diagnostics,
    codes: diagnostics
      .map(({ severity, code }) => `${severity} ${code}`)
      .filter((code) => code !== 'note not-applied'),
  };
}

test("status keeps the row of a unit if another drop-in is gone and systemd doesn't know it yet", async () => {
  const other = `${FOLDER}/10-more.conf`;
  await box.writeFile(other, '[Service]\nNice=1\n');
  await box.succeed(['systemctl', 'daemon-reload']);
  await apply();
  await box.succeed(['rm', other]);
  const found = await look();
  assert.deepEqual([found.status, found.codes], [2, ['error unit-changed']]);
  assert.deepEqual(
    found.units.map(({ unit, state, drift }) => [unit, state, drift]),
    [[UNIT, 'reload-due', []]],
  );
  await box.succeed(['systemctl', 'daemon-reload']);
  assert.equal((await look()).status, 0);
});

test('status shows a unit although its undo record is unreadable', async () => {
  await apply();
  await box.writeFile('/var/lib/sandbox-unit/other.service.u', 'nonsense');
  const found = await look();
  assert.deepEqual([found.status, found.codes, found.units.length], [1, ['error undo-file'], 1]);
  await box.succeed(['rm', '/var/lib/sandbox-unit/other.service.u']);
});

test('status as an ordinary user: a policy that only root may read is no drift', async () => {
  await apply();
  await box.succeed(['chmod', '600', POLICY]);
  const other = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
  const found = await look(...other);
  assert.deepEqual([found.status, found.codes], [0, ['note drift-unknown']]);
  assert.deepEqual(found.units[0]!.drift, []);
  assert.deepEqual((await look()).codes, []);
  await box.succeed(['chmod', '644', POLICY]);
});

test('the hint for drift keeps a unit permissive, until the next boot, and with its policy file', async () => {
  await run(0, 'revert', UNIT);
  const named = "/root/it's mine.toml";
  await box.succeed(['cp', POLICY, named]);
  const cli = `node ${inRepository('dist/sandbox-unit.cjs')}`;
  await box.sh(`cd /root; ${cli} apply --permissive --runtime --policy "it's mine.toml" ${UNIT}`);
  await box.sh(`sed -i 's/"execve"/"mount", "execve"/' "${named}"`);
  const found = await look();
  assert.deepEqual([found.status, found.codes], [1, ['error drift-policy', 'note other-policy']]);
  await box.sh(`cd /; ${found.diagnostics[0]!.hint!.replace(/^sandbox-unit/, cli)}`);
  const now = await look();
  assert.deepEqual([now.status, now.codes], [0, ['note other-policy']]);
  const [{ mode, policy, dropIn } = assert.fail()] = now.units;
  assert.deepEqual([mode, policy], ['permissive', named]);
  assert.match(dropIn, /^\/run\//);
  await sandboxUnit(box, 'revert', UNIT);
});

test('apply records an upgrade of systemd that makes no difference once, and restarts nothing', async () => {
  await apply();
  const dropIn = `${FOLDER}/zz-sandbox-unit.conf`;
  // As old as before: a service that runs since before its files were written is restarted.
  await box.sh(`cp -p ${dropIn} /run/before
    sed -i 's/^# For systemd .*/# For systemd 247.1/' ${dropIn}
    touch -r /run/before ${dropIn}
    systemctl daemon-reload`);
  assert.deepEqual((await look()).codes, []);
  const pid = () => box.succeed(['systemctl', 'show', '--value', '--property=MainPID', UNIT]);
  const before = await pid();
  const check = async () => (await sandboxUnit(box, 'apply', '--check', UNIT)).status;
  assert.equal(await check(), 3);
  await apply();
  assert.equal(await check(), 0);
  assert.equal(await pid(), before);
  assert.match(await box.succeed(['cat', dropIn]), /^# For systemd 25/m);
});

test('revert of the last service: the launcher stays for a unit of `run`', async () => {
  await apply();
  await run(0, 'run', '--unit=mine', '--deny=execve,execveat', 'sleep', '1003');
  const revert = async () => await run(0, 'revert', UNIT);
  const isThere = async () => (await box.exec(['test', '-e', LAUNCHER])).status === 0;
  await revert();
  assert.equal(await isThere(), true);
  await box.succeed(['systemctl', 'stop', 'mine.service']);
  await apply();
  await revert();
  assert.equal(await isThere(), false);
});

test('a unit with the longest name that can have drop-ins is confined', async () => {
  const unit = `${'x'.repeat(245)}.service`;
  await box.writeFile(`/etc/systemd/system/${unit}`, service('/usr/bin/sleep 1004'));
  await box.sh(`systemctl daemon-reload; systemctl start ${unit}`);
  await run(0, 'apply', '--policy', POLICY, unit);
  assert.deepEqual((await look()).codes, []);
  await run(0, 'revert', unit);
});
