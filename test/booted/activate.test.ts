/** The script `activate` on a host: odd unit names, interference by others, and failures. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { after, beforeEach, describe, test } from 'node:test';
import { changeFiles } from '../support/loaded-units.js';
import { machine } from '../support/machine.js';
import { properties, sandboxUnit, servicesObstacle } from '../support/service.js';
import { STAGE, StagedHost } from '../support/staged-host.js';
import { temporaryFolder } from '../support/temporary.js';
import { LONG } from '../support/thorough.js';

const UNIT = 'far.service';
const FILE = `/etc/systemd/system/${UNIT}`;
const DROP_IN = `${FILE}.d/zz-sandbox-unit.conf`;
const MANIFEST = `${STAGE}/activate.d/${UNIT}`;
const RECORD = `/var/lib/sandbox-unit/activate/${UNIT}`;
const LAUNCHER = '/usr/local/libexec/sandbox-unit/launcher';
const TIGHTEN = '/usr/local/libexec/sandbox-unit/tighten';
const KEEPER = '/etc/systemd/system/sandbox-unit-activate.service';
const SERVICE = '[Service]\nType=exec\nExecStart=/usr/bin/tail -f /dev/null\n';
const POLICY = '[syscalls]\ndeny = ["execve", "execveat", "uname"]\n[apply]\nsettle = "100ms"\n';

/** Two services whose names and files have what a shell, a pattern and systemd's lists treat as special. */
const ODD = 'dev-disk-by\\x2duuid.service';
const TEMPLATE = 'a\\x2db@.service';
const INSTANCE = TEMPLATE.replace('@', '@x\\x2dy');

describe('activate', { skip: servicesObstacle() ?? false }, () => {
  const folder = temporaryFolder({ after });
  const { box, run } = machine('activate', {
    files: {
      [UNIT]: SERVICE,
      [ODD]: SERVICE,
      [`/etc/systemd/system/${ODD}.d/with blank \\ and $(id).conf`]: '[Service]\nNice=1\n',
      [TEMPLATE]: SERVICE,
    },
    start: [UNIT, ODD, INSTANCE],
  });
  const host = new StagedHost(box, folder);

  const isThere = (path: string) => existsSync(`/proc/${box.pid}/root${path}`);

  /** The programs that a check says something of. */
  const programsIn = (verb: 'writes' | 'removes', text: string) =>
    [LAUNCHER, TIGHTEN].filter((path) => text.includes(`  ${verb} ${path}\n`));

  /** Nothing was changed, and nothing is left of the attempt. */
  const isAsBefore = async () => {
    for (const path of [DROP_IN, RECORD, `${RECORD}.new`, KEEPER]) assert.equal(isThere(path), false, path);
    const { stdout } = await box.sh("find /etc/systemd /usr/local -name '.sandbox-unit-*'");
    assert.equal(stdout, '');
    assert.equal(await host.isConfined(UNIT), false);
  };

  for (const [unit, service] of [
    [ODD, ODD],
    [TEMPLATE, INSTANCE],
  ] as const) {
    test(`confines a unit by its name, and reverts it: ${unit}`, async () => {
      await host.stage(unit, POLICY);
      const done = await host.activate(unit);
      assert.deepEqual([done.status, done.stdout, done.stderr], [0, `${unit}: activated\n`, '']);
      assert.equal(await host.isConfined(service), true);
      assert.equal((await host.activate(unit)).stdout, `${unit}: unchanged\n`);
      const freed = await host.activate('--revert', unit);
      assert.deepEqual([freed.status, freed.stdout, freed.stderr], [0, `${unit}: reverted\n`, '']);
      assert.equal(await host.isConfined(service), false);
      assert.equal(isThere(`/etc/systemd/system/${unit}.d/zz-sandbox-unit.conf`), false);
      // The command finds the same services.
      await run(0, 'apply', '--template', 'no-exec', unit);
      assert.equal(await host.isConfined(service), true);
      await run(0, 'revert', unit);
    });
  }

  test("refuses to revert a unit that doesn't exist, but removes sandbox-unit's files of it", async () => {
    const gone = 'gone.service';
    for (const unit of [gone, 'gone@.service'])
      for (const words of [['--revert'], ['--revert', '--check']]) {
        const { status, stdout, stderr } = await host.activate(...words, unit);
        assert.deepEqual([status, stdout], [1, `${unit}: refused\n`]);
        assert.equal(stderr, `activate: ${unit}: there is no such unit, and it has no files to remove\n`);
      }
    await changeFiles(box, {
      [`/etc/systemd/system/${gone}.d/zz-sandbox-unit.conf`]: '[Service]\nPrivateTmp=yes\n',
    });
    const freed = await host.activate('--revert', gone);
    assert.deepEqual([freed.status, freed.stdout, freed.stderr], [0, `${gone}: reverted\n`, '']);
    assert.equal(isThere(`/etc/systemd/system/${gone}.d`), false);
    const unconfined = await host.activate('--revert', UNIT);
    assert.deepEqual([unconfined.status, unconfined.stdout], [0, `${UNIT}: unchanged\n`]);
  });

  test('--check names programs that the last revert removes', async () => {
    const tightening = `${POLICY}[ready]\ndeny = ["chroot"]\n`;
    for (const [unit, policy, written] of [
      [UNIT, POLICY, [LAUNCHER]],
      [ODD, tightening, [TIGHTEN]],
    ] as const) {
      await host.stage(unit, policy);
      const checked = await host.activate('--check', unit);
      assert.deepEqual(programsIn('writes', checked.stdout), written, checked.stdout);
      const { status, stderr } = await host.activate(unit);
      assert.equal(status, 0, stderr);
    }
    const going = async (...words: string[]) => {
      const { status, stdout } = await host.activate('--check', ...words);
      assert.equal(status, 3, stdout);
      return programsIn('removes', stdout);
    };
    assert.deepEqual(await going('--revert', UNIT), []);
    assert.deepEqual(await going('--revert', ODD), [TIGHTEN]);
    assert.deepEqual(await going('--revert', UNIT, ODD), [LAUNCHER, TIGHTEN]);
    assert.equal((await host.activate('--revert', UNIT)).status, 0);
    assert.deepEqual([isThere(LAUNCHER), isThere(TIGHTEN)], [true, true]);
    assert.deepEqual(await going('--revert', ODD), [LAUNCHER, TIGHTEN]);
    await host.stage(ODD, '[service]\nPrivateTmp = true\n[apply]\nsettle = "100ms"\n');
    assert.deepEqual(await going(ODD), [LAUNCHER, TIGHTEN]);
    assert.equal((await host.activate(ODD)).status, 0);
    assert.deepEqual([isThere(LAUNCHER), isThere(TIGHTEN)], [false, false]);
    assert.equal((await host.activate('--revert', ODD)).status, 0);
  });

  describe('activate of one unit', () => {
    beforeEach(() => host.stage(UNIT, POLICY));

    test('refuses names that no service has, and runs nothing for them', async () => {
      for (const name of [
        '$(touch /pwned).service',
        '`id`.service',
        'a b.service',
        'a\nb.service',
        '../x.service',
      ])
        assert.equal((await host.activate(name)).status, 2, name);
      for (const words of [
        ['--', '--'],
        ['-x'],
        ['--confirm'],
        ['--confirm', '1;id', UNIT],
        ['--confirm', '9', UNIT],
        ['--confirm', '3601', UNIT],
        ['far.socket'],
        [],
      ])
        assert.equal((await host.activate(...words)).status, 2, words.join(' '));
      const { status, stderr } = await host.activate('--', '-x.service');
      assert.equal(status, 1);
      assert.match(stderr, /-x\.service: there is no /);
      assert.equal(isThere('/pwned'), false);
      await isAsBefore();
    });

    /** What somebody does to the copied files, and why they are refused. */
    const PLANTED: Readonly<Record<string, readonly [shell: string, why: RegExp]>> = {
      'a link in the place of the drop-in': [`ln -sf /etc/passwd ${STAGE}${DROP_IN}`, /there is no file/],
      'a pipe in its place': [`rm ${STAGE}${DROP_IN}; mkfifo ${STAGE}${DROP_IN}`, /there is no file/],
      'a folder above that others write': [
        `chmod o+w ${STAGE}/etc`,
        /zz-sandbox-unit\S+ can be changed by others than root: 'namei -om \S+' shows by what$/m,
      ],
      'a folder above that is a link of another user': [
        `mv ${STAGE}/etc /root/real; ln -s /root/real ${STAGE}/etc; chown -h daemon ${STAGE}/etc`,
        /can be changed by others/,
      ],
      'a folder above that is a link to another user': [
        `mkdir /home/there; chown daemon /home/there; mv ${STAGE}/etc /home/there/etc; ln -s /home/there/etc ${STAGE}/etc`,
        /can be changed by others/,
      ],
      'a manifest of another user': [
        `chown daemon ${MANIFEST}`,
        /activate\.d\/\S+ can be changed by others than root: /,
      ],
      'a manifest that is a link': [
        `mv ${MANIFEST} /root/m; ln -s /root/m ${MANIFEST}`,
        /there is no \S+activate\.d/,
      ],
      'a manifest that is cut short': [`sed -i '$d' ${MANIFEST}`, /cut short/],
      'a manifest with a path upwards': [
        `sed -i 's,^end$,gone ${FILE}.d/zz-sandbox-unit.programs/../../../../passwd\\nend,' ${MANIFEST}`,
        /names .*\.\.\/passwd, which is not/,
      ],
      'a manifest with a path that ends upwards': [
        `sed -i 's,^end$,gone ${FILE}.d/zz-sandbox-unit.programs/..\\nend,' ${MANIFEST}`,
        /which is not/,
      ],
      'a manifest with the files of another unit': [
        `sed -i 's,^end$,gone /etc/systemd/system/ssh.service.d/zz-sandbox-unit.conf\\nend,' ${MANIFEST}`,
        /ssh\.service.*which is not/,
      ],
      'a manifest without hashes': [
        `sed -i -E 's/^(file [0-7]+) [0-9a-f]+/\\1 x/' ${MANIFEST}`,
        /has no hash/,
      ],
      'a mode that nobody gives': [`sed -i 's/^file 0644/file 4755/' ${MANIFEST}`, /the mode 4755/],
      'a name that a terminal would obey': [
        `sed -i 's,^end$,gone /\\x1b[2J\\nend,' ${MANIFEST}`,
        /names \/\?\[2J, which is not/,
      ],
    };
    for (const [what, [shell, why]] of Object.entries(PLANTED)) {
      test(`refuses ${what}`, async () => {
        const planted = await box.sh(shell);
        assert.equal(planted.status, 0, planted.stderr);
        const { status, stdout, stderr } = await host.activate(UNIT);
        assert.deepEqual([status, stdout], [1, `${UNIT}: refused\n`], stderr);
        assert.match(stderr, why);
        await isAsBefore();
      });
    }

    /** Runs the script while something of the host is not as usual. */
    const activateWith = async (change: string, back: string) => {
      const made = await box.sh(change);
      assert.equal(made.status, 0, made.stderr);
      try {
        return await host.activate(UNIT);
      } finally {
        assert.equal((await box.sh(back)).status, 0);
      }
    };

    test("doesn't use a file that changes between check and copy", async () => {
      const cp = `#!/bin/sh\nfor to; do :; done\ncase $to in *.tmp) echo x >>${STAGE}${DROP_IN} ;; esac\nexec /root/cp "$@"\n`;
      await box.writeFile('/root/changing-cp', cp, '0755');
      const { status, stdout, stderr } = await activateWith(
        'cp /usr/bin/cp /root/cp; mount --bind /root/changing-cp /usr/bin/cp',
        'umount /usr/bin/cp',
      );
      assert.deepEqual([status, stdout], [1, `${UNIT}: rolled back\n`], stderr);
      assert.match(stderr, /the files can not be written/);
      await isAsBefore();
    });

    test('leaves the unit as before if the disk gets full', async () => {
      const small = 'mount -t tmpfs -o size=4k,mode=755 tmpfs';
      const files = await activateWith(
        `mkdir -p ${FILE}.d; ${small} ${FILE}.d`,
        `umount ${FILE}.d; rmdir ${FILE}.d`,
      );
      assert.deepEqual([files.status, files.stdout], [1, `${UNIT}: rolled back\n`], files.stderr);
      await isAsBefore();
      const state = '/var/lib/sandbox-unit';
      const record = await activateWith(`mkdir -p ${state}; ${small} ${state}`, `umount ${state}`);
      assert.deepEqual([record.status, record.stdout], [1, `${UNIT}: refused\n`], record.stderr);
      assert.match(record.stderr, /the record can not be written/);
      await isAsBefore();
    });

    test('refuses a folder below one that others can write to', async () => {
      const { status, stderr } = await activateWith('chmod o+w /run', 'chmod o-w /run');
      assert.equal(status, 1);
      assert.match(stderr, /^activate: \/run\/sandbox-unit can be changed by others than root: /);
      await isAsBefore();
    });

    test('changes nothing without flock(1)', async () => {
      const { status, stderr } = await activateWith(
        'mount --bind /dev/null /usr/bin/flock',
        'umount /usr/bin/flock',
      );
      assert.deepEqual([status, stderr], [1, 'activate: there is no flock\n']);
      await isAsBefore();
    });

    test('does nothing if the copy of the script is cut short', async () => {
      await box.sh(`head -c -9 ${STAGE}/activate >/root/cut && mv /root/cut ${STAGE}/activate`);
      await host.activate(UNIT);
      await isAsBefore();
    });

    test('is not blocked by other users', async () => {
      assert.equal((await host.activate(UNIT)).status, 0);
      assert.equal((await box.sh('stat -c %a /run/sandbox-unit/lock')).stdout, '600\n');
      assert.equal((await host.activate('--revert', UNIT)).status, 0);
      await isAsBefore();
    });

    test("doesn't report a roll-back for finished work when a signal comes or a reader goes", async () => {
      const script = `POSIXLY_CORRECT=1 sh ${STAGE}/activate`;
      const late = `#!/bin/sh\n/usr/bin/mv "$@" || exit\ncase $* in *${RECORD}.new) kill -TERM $PPID ;; esac\n`;
      for (const [revert, confined, word] of [
        ['', true, 'activated'],
        ['--revert', false, 'reverted'],
      ] as const) {
        await box.writeFile('/usr/sbin/mv', late, '0755');
        const ended = await box.sh(`${script} ${revert} ${UNIT}`);
        await box.succeed(['rm', '/usr/sbin/mv']);
        assert.deepEqual([ended.status, ended.stdout, ended.stderr], [1, `${UNIT}: ${word}\n`, '']);
        assert.equal(await host.isConfined(UNIT), confined);
        assert.equal(isThere(KEEPER), false);
      }
      await isAsBefore();
      for (const [revert, confined] of [
        ['', true],
        ['--revert', false],
      ] as const) {
        const { stderr } = await box.sh(`${script} ${revert} ${UNIT} | true`);
        assert.doesNotMatch(stderr, /interrupted|rolled back/);
        assert.deepEqual([await host.isConfined(UNIT), isThere(KEEPER)], [confined, false]);
      }
      await isAsBefore();
      assert.equal(isThere('/usr/local/libexec'), false);
    });

    test('works after it waited for another run that removed the empty folder of records', async () => {
      const state = '/var/lib/sandbox-unit';
      const waited = await box.sh(
        `exec 8>>/run/sandbox-unit/lock; flock 8; { sh ${STAGE}/activate ${UNIT} 8>&- & }
until pgrep -x flock >/dev/null; do sleep 0.05; done
rmdir ${state}/activate ${state} || true; exec 8>&-; wait`,
      );
      assert.equal(waited.stdout, `${UNIT}: activated\n`, waited.stderr);
      assert.equal((await host.activate('--revert', UNIT)).status, 0);
      await isAsBefore();
    });

    test("gives a probe nothing of root's shell, and leaves nothing behind", async () => {
      const seen = `id -un; cut -d' ' -f7 /proc/$$/stat; ls /proc/self/fd; echo "\${SECRET-unset}"; printf '%s\\n' "$1"`;
      const leaves = `(trap '' TERM; setsid sleep 600 <&- >&- 2>&-) & case $2 in late) wait ;; killed) kill $$ ;; esac`;
      await box.writeFile('/opt/programs/looks', `#!/bin/sh\n{ ${seen}; } >/tmp/seen\n${leaves}\n`, '0755');
      const word = '$HOME $' + "{HOME} $$ %n 'a'  b";
      for (const end of ['well', 'late', 'killed']) {
        const words = JSON.stringify(['/opt/programs/looks', word, end]);
        await host.stage(UNIT, `${POLICY}probe = ${words}\nprobe-as = "daemon"\nprobe-timeout = "2s"\n`);
        const onTerminal = `script -qec 'sh ${STAGE}/activate ${UNIT}' /dev/null`;
        const done = await box.sh(`rm -f /tmp/seen; export SECRET=1; ${onTerminal} 5</etc/shadow`);
        assert.equal(done.status, end === 'well' ? 0 : 1, done.stdout);
        assert.equal(await box.readFile('/tmp/seen'), `daemon\n0\n0\n1\n2\n3\nunset\n${word}\n`);
        assert.equal((await box.sh('pgrep -xu daemon sleep')).stdout, '');
        if (end === 'well') assert.equal((await host.activate('--revert', UNIT)).status, 0);
        else assert.match(done.stdout, /the probe fails: \/opt\/programs\/looks/);
      }
      await isAsBefore();
    });

    test('rolls back the record of a run that a boot ended; removes an incomplete one', async () => {
      const waits = await host.activate('--confirm', '600', UNIT);
      assert.equal(waits.status, 3, waits.stderr);
      await box.sh(`echo 00000000-0000-0000-0000-000000000000 >${RECORD}/boot; mkdir ${RECORD}.new`);
      const told = await host.activate('--check', UNIT);
      assert.deepEqual(
        [told.status, told.stdout.split('\n')[0]],
        [3, `${UNIT}: would be put back: an earlier run was interrupted`],
      );
      // So does a boot: nothing that was copied to the host is there then.
      await box.succeed(['rm', '-r', STAGE]);
      await box.succeed(['systemctl', 'daemon-reload']);
      const { Wants } = await properties(box, 'basic.target', 'Wants');
      assert.match(` ${Wants} `, / sandbox-unit-activate\.service /);
      await box.succeed(['systemctl', 'start', 'sandbox-unit-activate.service']);
      await isAsBefore();
    });

    test("its waiting change is shown by `status`, with the script's command line to confirm it", async () => {
      const waits = await host.activate('--confirm', '600', UNIT);
      assert.equal(waits.status, 3, waits.stderr);
      const { status, stderr } = await sandboxUnit(box, 'status', UNIT);
      const hint = /'(sh \S+\/activate) --undo -- far.service' rolls it back, --keep keeps it/.exec(stderr);
      assert.deepEqual([status, hint === null], [3, false], stderr);
      const refused = await sandboxUnit(box, 'confirm', UNIT);
      assert.deepEqual([refused.status, refused.stdout], [1, `${UNIT}: refused\n`], refused.stderr);
      await box.succeed(['sh', '-c', `${hint![1]} --keep -- ${UNIT}`]);
      for (const path of [RECORD, KEEPER]) assert.equal(isThere(path), false, path);
      await run(0, 'status', UNIT);
      assert.equal((await host.activate('--revert', UNIT)).status, 0);
      await isAsBefore();
    });

    const pidAndState = async () => {
      const { MainPID, ActiveState } = await properties(box, UNIT, 'MainPID', 'ActiveState');
      return `${MainPID} ${ActiveState}`;
    };

    /** What of a unit that runs would keep it down after a restart: lines of it, and what the script says, also in a check. */
    const DUE: readonly (readonly [lines: string, why: string])[] = [
      [
        '[Unit]\nRequisite=down.service\nAfter=down.service\n',
        'Requisite=down.service is down: it would not start again',
      ],
      [
        '[Unit]\nRequires=broken.service\nAfter=broken.service\n',
        'it needs broken.service, which has failed: start that first',
      ],
      ['[Unit]\nSuccessAction=reboot\n', 'stopping it would trigger SuccessAction=reboot'],
      [
        '[Unit]\nConditionPathExists=/etc/not-there\n',
        'a condition of it is not met: it would not start again',
      ],
      ['[Unit]\nAssertPathExists=/etc/not-there\n', 'a condition of it is not met: it would not start again'],
    ];

    /** Why systemd refuses a restart, which is tried. */
    const REFUSED: readonly (readonly [lines: string, why: string])[] = [
      ['[Unit]\nRequires=masked.service\n', 'Unit masked.service is masked.'],
      ['[Unit]\nRequires=up.service\n', 'Unit masked.service is masked.'],
      ...['Stop', 'Start'].map((job): [string, string] => [
        `[Unit]\nRefuseManual${job}=yes\n`,
        `Operation refused, unit ${UNIT} may be requested by dependency only (it is configured to refuse manual start/stop).`,
      ]),
    ];

    test("doesn't restart a service that the restart would leave down", async () => {
      await changeFiles(box, {
        '/etc/systemd/system/down.service': SERVICE,
        '/etc/systemd/system/up.service': `[Unit]\nRequires=masked.service\n${SERVICE}`,
        '/etc/systemd/system/broken.service': '[Service]\nType=oneshot\nExecStart=/bin/false\n',
      });
      await box.sh('ln -s /dev/null /etc/systemd/system/masked.service; systemctl daemon-reload');
      const own = `${FILE}.d/own.conf`;
      const was = await pidAndState();
      const refused = REFUSED.map(
        ([lines, why]) => [lines, `Failed to restart ${UNIT}: ${why}`, true] as const,
      );
      for (const [lines, why, isTried = false] of [...DUE, ...refused]) {
        await changeFiles(box, { [own]: lines });
        await box.sh('systemctl is-failed broken.service || systemctl start broken.service');
        await host.stage(UNIT, POLICY);
        const due = `  restart due: ${UNIT}: ${why}\n`;
        const checked = await host.activate('--check', UNIT);
        assert.equal(checked.status, 3, checked.stderr);
        assert.equal(checked.stdout.endsWith(due), !isTried, `${lines}${checked.stdout}`);
        for (const [words, state] of [
          [[UNIT], 'activated'],
          [['--revert', UNIT], 'reverted'],
        ] as const) {
          const { status, stdout, stderr } = await host.activate(...words);
          assert.deepEqual([status, stdout, stderr], [0, `${UNIT}: ${state}\n${due}`, ''], lines);
          assert.equal(await pidAndState(), was, lines);
          assert.equal(isThere(DROP_IN), state === 'activated');
        }
      }
      await box.sh(`rm ${own}; rm /etc/systemd/system/masked.service; systemctl daemon-reload`);
      await isAsBefore();
    });

    test("starts a service again that its restart left down, and reports what can't be started", async () => {
      const restored = async () => {
        await changeFiles(box, { [FILE]: SERVICE });
        await box.succeed(['systemctl', 'restart', UNIT]);
      };
      const ending = "[Service]\nExecStart=/bin/sh -c 'uname || exit 0; exec tail -f /dev/null'\n";
      await changeFiles(box, { [FILE]: ending });
      await box.succeed(['systemctl', 'restart', UNIT]);
      await host.stage(UNIT, '[syscalls]\ndeny = ["uname:EPERM"]\n[apply]\nsettle = "1s"\n');
      const ended = await host.activate(UNIT);
      assert.deepEqual([ended.status, ended.stdout], [1, `${UNIT}: rolled back\n`], ended.stderr);
      assert.match(ended.stderr, /does not start|did not stay up|is inactive/);
      assert.match(await pidAndState(), / active$/);
      await restored();
      await isAsBefore();
      const once = `[Unit]\nConditionPathExists=/root/once\n${SERVICE}ExecStop=/bin/rm /root/once\n`;
      await changeFiles(box, { [FILE]: once });
      await box.sh(`touch /root/once; systemctl restart ${UNIT}; touch /root/once; systemctl start ${UNIT}`);
      await host.stage(UNIT, POLICY);
      const down = await host.activate(UNIT);
      const told = `${UNIT}: rolled back, but it does not run as before\n`;
      assert.deepEqual([down.status, down.stdout], [1, told], down.stderr);
      assert.match(down.stderr, /does not start/);
      await restored();
      await isAsBefore();
    });

    test('leaves a service stopped that an administrator stops during the trial', async () => {
      await host.stage(UNIT, `${POLICY}probe = ["sh", "-c", "systemctl stop ${UNIT}; false"]\n`);
      const { status, stdout, stderr } = await host.activate(UNIT);
      assert.deepEqual([status, stdout], [1, `${UNIT}: rolled back\n`], stderr);
      assert.match(await pidAndState(), / inactive$/);
      await box.succeed(['systemctl', 'start', UNIT]);
      await isAsBefore();
    });

    test('refuses a unit that is enabled at boot for the generator of earlier versions', async () => {
      const manifest = `/etc/sandbox-unit/enabled/activate.d/${UNIT}`;
      await box.sh(`mkdir -p ${dirname(manifest)}; echo x >${manifest}`);
      for (const words of [[UNIT], ['--check', UNIT]]) {
        const { status, stdout, stderr } = await host.activate(...words);
        assert.deepEqual([status, stdout], [1, `${UNIT}: refused\n`], stderr);
        assert.match(stderr, /a generator of an earlier version enabled it at boot: first rm '\S+'$/m);
      }
      await box.sh(`rm -r ${dirname(manifest)}`);
      await isAsBefore();
    });

    test('keeps an unusable record, and leaves its unit alone', async () => {
      await box.sh(`mkdir -p ${RECORD}`);
      const { status, stdout, stderr } = await host.activate(UNIT);
      assert.equal(status, 1);
      assert.match(stdout, /not put back: .* stays/);
      assert.match(stderr, /has yet to be put back/);
      assert.equal(await host.isConfined(UNIT), false);
      await box.succeed(['rmdir', RECORD]);
      await isAsBefore();
    });

    test('refuses while the command has an unfinished change, and the reverse', async () => {
      await box.sh(`touch /var/lib/sandbox-unit/${UNIT}.u`);
      const { status, stderr } = await host.activate(UNIT);
      assert.equal(status, 1);
      assert.match(
        stderr,
        /sandbox-unit has left it half changed, or waiting to be confirmed: 'sandbox-unit status far\.service' puts back/,
      );
      await box.succeed(['rm', `/var/lib/sandbox-unit/${UNIT}.u`]);
      await isAsBefore();
      const changing = POLICY.replace('100ms', '60s');
      await host.stage(UNIT, changing);
      await box.start(['sh', '-c', 'echo $$ >/root/pid; exec sh "$@"', 'sh', `${STAGE}/activate`, UNIT]);
      await box.waitFor('the drop-in', () => isThere(DROP_IN));
      await box.sh('kill -KILL $(cat /root/pid)');
      const applied = await run(2, 'apply', '--template', 'no-exec', UNIT);
      assert.match(
        applied.stderr,
        /^error\[half-done]: activate has left far\.service half changed, or waiting to be confirmed$/m,
      );
      const shown = await run(2, 'status', UNIT);
      assert.match(
        shown.stderr,
        /^error\[half-done]: activate has left far\.service half changed, or waiting to be confirmed$/m,
      );
      const [, undo] = /hint: '(sh [^']*)' rolls it back/.exec(applied.stderr) ?? [];
      const undone = await box.sh(undo!);
      assert.deepEqual(
        [undone.status, undone.stdout],
        [0, `${UNIT}: put back: an earlier run was interrupted\n`],
        undone.stderr,
      );
      await isAsBefore();
    });

    test('takes over a unit that the command has applied, and the reverse', { skip: LONG }, async () => {
      await run(0, 'apply', '--template', 'no-exec', UNIT);
      await host.stage(UNIT, POLICY);
      assert.equal((await host.activate(UNIT)).stdout, `${UNIT}: activated\n`);
      await run(0, 'apply', '--template', 'no-exec', UNIT);
      assert.equal((await host.activate('--revert', UNIT)).stdout, `${UNIT}: reverted\n`);
      await isAsBefore();
      await run(0, 'status');
    });
  });
});
