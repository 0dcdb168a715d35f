/** The generator: policies in force at boot and at each daemon-reload, from finished files; and units that have changed since. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import type { Box } from '../support/box.js';
import { changeFiles } from '../support/loaded-units.js';
import { inRepository } from '../support/repository.js';
import {
  bootWithPrograms,
  COMMAND,
  mainPid,
  policyPath,
  properties,
  servicesObstacle,
} from '../support/service.js';
import { alternatives, THOROUGH } from '../support/thorough.js';

const UNITS = '/etc/systemd/system';
const RUN = '/run/systemd/system';
const ENABLED = '/etc/sandbox-unit/enabled';
const COUNT = THOROUGH ? 20 : 5;
const NAMES = Array.from({ length: COUNT }, (_, i) => `early${i}.service`);
const FIRST = NAMES[0]!;
const SERVICE =
  '[Service]\nType=exec\nExecStart=/bin/tail -f /dev/null\n[Install]\nWantedBy=multi-user.target\n';
const POLICY =
  '[syscalls]\ndeny = ["execve", "execveat", "uname"]\n[service]\nProtectHome = true\n[ready]\ndeny = ["chroot"]\nsettle = "0"\n';
const OTHER_COMMAND = '[Service]\nExecStart=\nExecStart=/bin/tail -n 5 -f /dev/null\n';

interface Row {
  readonly unit: string;
  readonly state: string;
  readonly dropIn: string | null;
  readonly drift: readonly string[];
}

interface Told {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

describe('policies that are enabled', { skip: servicesObstacle() ?? false }, () => {
  let box: Box;
  before(async () => {
    box = await bootWithPrograms('at-boot');
    await box.succeed(['ln', '-s', inRepository('dist/sandbox-unit.cjs'), '/usr/local/bin/sandbox-unit']);
    const units = Object.fromEntries(NAMES.map((name) => [`${UNITS}/${name}`, SERVICE]));
    const policies = Object.fromEntries(NAMES.map((name) => [policyPath(name), POLICY]));
    await changeFiles(box, { ...units, ...policies });
    const tried = await command('apply', '--runtime', FIRST);
    assert.equal(tried.status, 0, tried.stderr);
    // The machine has the programs that the units start by then, and no generator yet.
    const ways = new Set<string>();
    for (const name of NAMES)
      ways.add(
        /^warning\[no-generator]: .*\n {2}hint: '([^']*)' has systemd run it\n$/.exec(
          await enable(name),
        )![1]!,
      );
    await sh(`${[...ways].join('\n')}
      systemctl enable --quiet ${NAMES.join(' ')}`);
    assert.equal(ways.size, 1);
    assert.equal(await enable(FIRST), '');
  });
  after(() => box?.stop());

  const sh = async (script: string): Promise<string> => {
    const { status, stdout, stderr } = await box.sh(script);
    assert.equal(status, 0, `${script}: ${stderr}`);
    return stdout;
  };

  /** The command in a process of its own, as a boot ends others. */
  const command = (...words: string[]) => box.exec([...COMMAND, ...words]);

  const enable = async (name: string, ...more: string[]) => {
    const words = ['generate', '--runtime', '--at-boot', '--output', ENABLED, ...more, name];
    const made = await command(...words);
    assert.equal(made.status, 0, made.stderr);
    return made.stderr;
  };

  /** Holds that a unit runs with its files as they are, for `verify` and `status`. */
  const assertLive = async (name: string) => {
    const verified = await command('verify', '--runtime', name);
    assert.equal(verified.status, 0, verified.stdout + verified.stderr);
    const { status, stdout } = await command('status', '--json', name);
    const [row] = (JSON.parse(stdout) as { units: Row[] }).units;
    assert.deepEqual([status, row!.state, row!.drift], [0, 'live', []], stdout);
  };

  const isConfined = async (name: string) => {
    const status = await box.readFile(`/proc/${await mainPid(box, name)}/status`);
    return /^Seccomp:\t2$/m.test(status);
  };

  /** Starts the first one after a daemon-reload; it must not run, and systemd has the reason. */
  const refused = async (reason: RegExp) => {
    await sh('systemctl daemon-reload');
    await sh(`systemctl reset-failed ${FIRST} || :`);
    const cursor = (await sh('journalctl --quiet --lines=1 --output=export --output-fields=MESSAGE')).match(
      /^__CURSOR=(.*)$/m,
    )![1];
    assert.notEqual((await box.exec(['systemctl', 'restart', FIRST])).status, 0);
    assert.deepEqual(await properties(box, FIRST, 'ActiveState', 'MainPID'), {
      ActiveState: 'inactive',
      MainPID: '0',
    });
    // A process that ends at once may leave its words without the ID of its run.
    await box.waitFor(`the reason ${reason}`, async () => {
      const said = ['journalctl', '--quiet', '--output=cat', `--unit=${FIRST}`, `--after-cursor=${cursor}`];
      return reason.test((await box.exec(said)).stdout);
    });
  };

  /** A unit's row of `status`, its error of a code, and the command line between ticks of the hint. */
  const wayOut = async (code: string, unit = FIRST) => {
    const { status, stdout } = await command('status', '--json');
    const { units, diagnostics } = JSON.parse(stdout) as { units: Row[]; diagnostics: Told[] };
    const row = units.find((one) => one.unit === unit);
    const found = diagnostics.find((one) => one.code === code && one.message.startsWith(unit));
    assert.ok(row && found && status === 1, stdout);
    return { ...row, ...found, shell: /'([^']*)'/.exec(found.hint)![1]! };
  };

  const starts = async () => {
    await sh(`systemctl reset-failed ${FIRST} || :; systemctl daemon-reload; systemctl restart ${FIRST}`);
    assert.equal(await isConfined(FIRST), true);
  };

  test('are in force after a daemon-reload, and the command finds them', async () => {
    await sh(`systemctl daemon-reload; systemctl start ${NAMES.join(' ')}`);
    for (const name of NAMES) assert.equal(await isConfined(name), true, name);
    await assertLive(FIRST);
  });

  test('stay as they are at each reload, and what runs by them is up to date', async () => {
    const [filter, dropIn] = ['filter', 'conf'].map((kind) => `${RUN}/${FIRST}.d/zz-sandbox-unit.${kind}`);
    const facts = `stat -c '%F %i %y %z %u %a %n' ${filter} ${dropIn} ${RUN}/${FIRST}.d`;
    const before = await sh(facts);
    await sh('systemctl daemon-reload; systemctl daemon-reload');
    assert.equal(await sh(facts), before);
    await assertLive(FIRST);
    // What is there instead of a file of root's own gives way to it.
    const others = [
      `chmod 666 ${dropIn}`,
      `chown daemon ${dropIn}`,
      `echo >>${dropIn}`,
      `mv ${dropIn} /run/moved; ln -s /run/moved ${dropIn}`,
    ];
    for (const how of others) {
      await sh(`${how}; systemctl daemon-reload`);
      assert.equal(await sh(`stat -c '%F %u %a' ${dropIn}`), 'regular file 0 644\n', how);
      await sh(`cmp ${ENABLED}${dropIn} ${dropIn}`);
    }
    await sh(`rm /run/moved; systemctl restart ${FIRST}`);
    await assertLive(FIRST);
  });

  test('hold a unit whose command has changed since, which does not run without them', async () => {
    await changeFiles(box, { [`${UNITS}/${FIRST}`]: SERVICE.replace('-f', '-n 1 -f') });
    await refused(/early0\.service is not started without its policy: a file of the unit has changed: \/etc/);
    const { message, shell } = await wayOut('refused-at-boot');
    assert.equal(message, `${FIRST} can't start: a file of the unit has changed: ${UNITS}/${FIRST}`);
    const explained = await command('explain', FIRST);
    assert.match(
      explained.stderr,
      /^error\[refused-at-boot\]: early0\.service can't start: a file of the unit/m,
    );
    assert.equal(explained.status, 1);
    await sh(shell);
    assert.equal(await isConfined(FIRST), true);
  });

  test('are seen to hold a unit at its next start, while it runs confined', async () => {
    const path = `${UNITS}/${FIRST}.d/new.conf`;
    await changeFiles(box, { [path]: '[Service]\nNice=1\n' });
    assert.equal(await isConfined(FIRST), true);
    const verified = await command('verify', '--runtime', FIRST);
    assert.deepEqual(verified.status, 1);
    assert.match(
      verified.stderr,
      /^error\[refused-at-boot\]: early0\.service can't start: the unit has a new drop-in/m,
    );
    const all = await command('status');
    assert.match(all.stdout, /^early0\.service +enforcing +live +(?:[\w, ]+, )?refused-at-boot /m);
    const { shell } = await wayOut('refused-at-boot');
    await sh(shell);
    assert.equal(await isConfined(FIRST), true);
    assert.equal((await command('status', FIRST)).status, 0);
    await sh(`rm -r ${UNITS}/${FIRST}.d; systemctl daemon-reload`);
    await sh((await wayOut('refused-at-boot')).shell);
    await starts();
  });

  test('hold a unit with a new drop-in, and one that another unit file hides', async () => {
    for (const path of [
      `${UNITS}/${FIRST}.d/new.conf`,
      `${RUN}/service.d/new.conf`,
      `${UNITS}/${FIRST}.d/zzz.conf`,
      // It hides ours, which is in /run.
      `${UNITS}/${FIRST}.d/zz-sandbox-unit.conf`,
    ]) {
      await box.writeFile(path, OTHER_COMMAND);
      await refused(/the unit has a new drop-in/);
      const { shell } = await wayOut('refused-at-boot');
      // The way out of the others makes the generator's files for them.
      const isUndone = path.startsWith('/run/') || path.endsWith('/zz-sandbox-unit.conf');
      await sh(isUndone ? shell : `rm ${path}`);
      assert.equal(existsSync(`/proc/${box.pid}/root${path}`), false, path);
      await starts();
    }
    await box.writeFile(`${UNITS}/alias0.service.d/new.conf`, OTHER_COMMAND);
    await sh(`ln -s ${FIRST} ${UNITS}/alias0.service`);
    await refused(/the unit has a new drop-in/);
    await sh(`rm -r ${UNITS}/alias0.service*`);
    await starts();
    await box.writeFile(`/run/systemd/system.control/${FIRST}`, SERVICE);
    await refused(/another unit file has taken the place/);
    await sh(`rm /run/systemd/system.control/${FIRST}`);
    await starts();
  });

  test('hold a unit to which the status of a refusal is one of success', async () => {
    await box.writeFile(`${UNITS}/${FIRST}.d/new.conf`, '[Service]\nSuccessExitStatus=255\n');
    await refused(/the unit has a new drop-in/);
    await sh(`rm ${UNITS}/${FIRST}.d/new.conf`);
    await starts();
  });

  test('are in force for a unit with a drop-in that is a link to /dev/null', async () => {
    await sh(`ln -s /dev/null ${UNITS}/${FIRST}.d/masked.conf; systemctl daemon-reload`);
    await enable(FIRST);
    await starts();
    await sh(`rm ${UNITS}/${FIRST}.d/masked.conf; systemctl daemon-reload`);
    await enable(FIRST);
    await starts();
  });

  test('hold a unit where a file of theirs is corrupt, missing, or others could have changed it', async () => {
    const filter = `${ENABLED}${RUN}/${FIRST}.d/zz-sandbox-unit.filter`;
    const manifest = `${ENABLED}/activate.d/${FIRST}`;
    const programs = '/usr/local/libexec/sandbox-unit';
    const launcher = `${programs}/launcher`;
    const spoilt: readonly (readonly [how: string, reason: RegExp])[] = [
      [`echo >>${filter}`, /a file is not the one that was made/],
      [`rm ${filter}`, /a file is not the one that was made, or is not there/],
      [`chown daemon ${filter}`, /a file is not the one that was made/],
      [`chmod g+w ${filter}`, /a file is not the one that was made/],
      [`ln -sf /etc/passwd ${filter}`, /a file is not the one that was made/],
      [`truncate -s -5 ${manifest}`, /its manifest is cut short/],
      [`chmod o+w ${manifest}`, /its manifest can't be read, or others than root can change it/],
      [`chmod o+w ${ENABLED}`, /others than root can change the folder of its manifest/],
      [
        `sed -i '/filter$/s,/run/systemd/system/${FIRST}.d/,/etc/,' ${manifest}`,
        /names a file that is not the unit's/,
      ],
      [`rm ${launcher}`, /the launcher is not there, is no program/],
      [`echo >${launcher}`, /the launcher is not there, is no program/],
      [`rm ${programs}/tighten`, /tighten is not there, is no program/],
    ];
    await sh(`cp -a ${ENABLED} /root/good; cp -a ${launcher} /root/launcher`);
    for (const [how, reason] of alternatives(spoilt, 4)) {
      await sh(how);
      await refused(reason);
      // The hint's command line mends each of them.
      const { shell, message } = await wayOut('refused-at-boot');
      // The copy in /run is sound.
      if (how.endsWith(filter)) assert.ok(message.endsWith(`or is not there: ${filter}`), message);
      await sh(
        `${shell}\nsystemctl restart ${FIRST} || { echo after '${how.replaceAll("'", '')}' >&2; false; }`,
      );
      assert.equal(await isConfined(FIRST), true, how);
      await sh(
        `rm -rf ${ENABLED}; cp -a /root/good ${ENABLED}; cp -a /root/launcher ${launcher}.new; mv ${launcher}.new ${launcher}`,
      );
      await starts();
    }
  });

  test('let a unit run without them where that was asked for, and say so loudly', async () => {
    await enable(FIRST, '--if-changed', 'run');
    await changeFiles(box, { [`${UNITS}/${FIRST}`]: SERVICE });
    await sh(`systemctl daemon-reload; systemctl restart ${FIRST}`);
    assert.equal(await isConfined(FIRST), false);
    const said = await sh(
      'journalctl --no-pager --quiet --dmesg --grep="early0.service runs as if it had no policy" || dmesg | grep "early0.service runs as if"',
    );
    assert.match(said, /a file of the unit has changed/);
    const verified = await command('verify', '--runtime', FIRST);
    // Its filter is left.
    assert.match(
      verified.stderr,
      /^error\[not-applied\]: .*\n +hint: 'sandbox-unit generate --runtime --at-boot /m,
    );
    const { shell } = await wayOut('not-put-into-force');
    await sh(shell);
    assert.equal(await isConfined(FIRST), true);
    assert.equal((await command('verify', '--runtime', FIRST)).status, 0);
    // The choice stays.
    await changeFiles(box, { [`${UNITS}/${FIRST}`]: SERVICE.replace('-f', '-n 2 -f') });
    await sh('systemctl daemon-reload');
    assert.match(shell, /--if-changed run/);
    await wayOut('not-put-into-force');
  });

  test('are not changed while they are enabled: they would be put back', async () => {
    const reverted = await command('revert', NAMES[1]!);
    assert.match(reverted.stderr, /^error\[enabled-at-boot\]: early1\.service is enabled at boot/m);
    await box.writeFile(policyPath(NAMES[1]!), POLICY.replace('uname', 'sysinfo'));
    const applied = await command('apply', '--runtime', NAMES[1]!);
    assert.match(applied.stderr, /^error\[enabled-at-boot\]/m);
    assert.deepEqual([reverted.status, applied.status], [1, 1]);
    assert.equal(await isConfined(NAMES[1]!), true);
  });

  test('are gone where they are disabled', async () => {
    const unit = NAMES[1]!;
    const isGone = async () => {
      assert.equal(await isConfined(unit), false);
      const left = await sh(
        `ls -d ${ENABLED}/*/${unit}* ${ENABLED}${RUN}/${unit}.d ${RUN}/${unit}.d 2>/dev/null || :`,
      );
      assert.equal(left, '');
      assert.equal((await sh('systemctl --failed --plain --no-legend')).includes(unit), false);
    };
    const { stderr } = await command('revert', unit);
    await sh(/hint: '([^']*)'/.exec(stderr)![1]!);
    await isGone();

    // Another way out of a refusal.
    await enable(unit);
    await sh(`systemctl daemon-reload; systemctl restart ${unit}`);
    assert.equal(await isConfined(unit), true);
    await sh(
      `truncate -s -5 ${ENABLED}/activate.d/${unit}; systemctl daemon-reload; ! systemctl restart ${unit}`,
    );
    const { hint } = await wayOut('refused-at-boot', unit);
    const [, disables] = /; '([^']*)' has it start without$/.exec(hint)!;
    await sh(disables!);
    await isGone();
  });

  test('are told where a boot has put none of them into force', async () => {
    const spoilt = NAMES[2]!;
    await sh(`truncate -s -5 ${ENABLED}/activate.d/${spoilt}; systemctl stop ${spoilt}; rm -r ${RUN}/${spoilt}.d
      systemctl daemon-reload; ! systemctl start ${spoilt}`);
    const { state, dropIn, drift, shell } = await wayOut('refused-at-boot', spoilt);
    assert.deepEqual([state, dropIn, drift], ['not-running', null, ['refused-at-boot']]);
    await sh(shell);
    assert.equal(await isConfined(spoilt), true);
    assert.equal((await command('status', spoilt)).status, 0);
  });

  test('are in force before the first service of a boot', async () => {
    await sh(
      `rm -f ${RUN}/systemd-soft-reboot.service; systemctl daemon-reload; rm -rf ${RUN}/early*; systemctl soft-reboot`,
    );
    await box.waitFor('the boot', async () => {
      const { stdout } = await box.exec(['journalctl', '--quiet', '--grep=Soft-reboot finished']);
      return stdout !== '';
    });
    // The first one has the choice to run as if it had no policy, the second one has none any more.
    for (const name of NAMES.slice(2)) {
      await box.waitFor(
        name,
        async () => (await properties(box, name, 'ActiveState')).ActiveState === 'active',
      );
      assert.equal(await isConfined(name), true, name);
      // Files that came after a start would count as changed since. The command is not there: the boot has ended what was below /tmp.
      const [changed, started] = (
        await sh(`stat -c %.6Z ${RUN}/${name}.d/* ${RUN}/${name}.d | sort -n | tail -n 1
          busctl get-property org.freedesktop.systemd1 /org/freedesktop/systemd1/unit/${name.replace('.', '_2e')} \\
            org.freedesktop.systemd1.Unit InactiveExitTimestamp | cut -d ' ' -f 2`)
      ).split('\n');
      assert.ok(Number(changed) <= Number(started) / 1e6, `${changed} ${started}`);
    }
  });
});
