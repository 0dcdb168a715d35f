/** Units with every kind of name, from every folder of a manager, are confined. */
import assert from 'node:assert/strict';
import { before, describe } from 'node:test';
import { type CommandOptions, runCommand } from '../support/command-in-box.js';
import { changeFiles, type Files } from '../support/loaded-units.js';
import { machine } from '../support/machine.js';
import { processStatus } from '../support/service.js';

const USER = 'alice';
const HOME = `/home/${USER}`;
const POLICY = `[syscalls]
deny = ["execve", "execveat"]
[exec]
wrap = ["ExecStart", "ExecStopPost"]
[apply]
settle = "100ms"
`;

/** A unit that sleeps for so many seconds, which tell one command line from another. */
const sleeps = (seconds: number) => `[Service]\nExecStart=/usr/bin/sleep ${seconds}\n`;
const SLEEPS_OTHERWISE = `[Service]\nExecStart=\nExecStart=/usr/bin/sleep \${SECONDS}\nEnvironment=SECONDS=2222\n`;

/** Lines by which a service sees other files, or has other rights, by either manager. */
const SANDBOXES = [
  'PrivateUsers=yes',
  'PrivateUsers=yes\nPrivateTmp=yes\nPrivateDevices=yes\nProtectSystem=strict\nProtectHome=tmpfs',
  'PrivateUsers=yes\nTemporaryFileSystem=/home /usr/local',
  'PrivateUsers=yes\nRootDirectory=/srv/root\nBindReadOnlyPaths=/usr /lib /lib64\nMountAPIVFS=yes',
];

/** Writes a unit into each of the three folders that a generator has. */
const GENERATOR = `#!/bin/sh
printf '[Service]\\nExecStart=/usr/bin/sleep 1001\\n' >"$1/generated.service"
printf '[Service]\\nExecStart=/usr/bin/sleep 1002\\n' >"$2/generated-early.service"
printf '[Service]\\nExecStart=/usr/bin/sleep 1003\\n' >"$3/generated-late.service"
`;

interface Manager {
  readonly what: string;
  /** Options of systemctl and of the command. */
  readonly words: readonly string[];
  readonly exec: CommandOptions;
  /** Folders of unit files, the administrator's first. */
  readonly folders: readonly string[];
  readonly generators: string;
}

const MANAGERS: readonly Manager[] = [
  {
    what: "the system's manager",
    words: [],
    exec: {},
    folders: [
      ...['/etc/systemd/system', '/etc/systemd/system.control', '/run/systemd/system'],
      ...['/usr/local/lib/systemd/system', '/usr/lib/systemd/system'],
    ],
    generators: '/etc/systemd/system-generators',
  },
  {
    what: "a user's manager",
    words: ['--user'],
    exec: { user: USER },
    folders: [
      ...[`${HOME}/.config/systemd/user`, `${HOME}/.config/systemd/user.control`, '/etc/systemd/user'],
      ...['/run/systemd/user', `${HOME}/.local/share/systemd/user`, '/usr/local/share/systemd/user'],
      ...['/usr/local/lib/systemd/user', '/usr/lib/systemd/user'],
    ],
    generators: '/etc/systemd/user-generators',
  },
];

/** What units are about, and their names as they are asked for. */
const unitsOf = ({ folders }: Manager): [what: string, unit: string][] => [
  ...folders.map((folder, i): [string, string] => [`a file in ${folder}`, `place${i}.service`]),
  ['a file of a generator', 'generated.service'],
  ['a file of a generator, before others', 'generated-early.service'],
  ['a file of a generator, after others', 'generated-late.service'],
  ['a link to a file elsewhere', 'linked.service'],
  ['an alias', 'alias.service'],
  ['an instance name', 'template@one.service'],
  ['an escaped instance name', 'template@a\\x2db-c:d.service'],
  ['an instance name of an alias of its template', 'other@two.service'],
  ['an instance name and a file of its own', 'template@own.service'],
  ['an instance name and a drop-in of its template', 'drop@x.service'],
  ['a drop-in of its own', 'drop.service'],
  ['a drop-in of its alias', 'drop-by-alias.service'],
  ['a drop-in for its prefix', 'long-prefix-unit.service'],
  ['a drop-in for the first part of its prefix', 'short-prefix-unit.service'],
  ...SANDBOXES.map((lines, i): [string, string] => [lines.replaceAll('\n', ', '), `sandbox${i}.service`]),
];

const filesOf = ({ folders, generators }: Manager): Files => {
  const [etc, vendor] = [folders[0]!, folders.at(-1)!];
  return {
    ...Object.fromEntries(folders.map((folder, i) => [`${folder}/place${i}.service`, sleeps(1100 + i)])),
    ...Object.fromEntries(folders.slice(2).map((folder) => [`${folder}/place0.service`, sleeps(1)])),
    ...Object.fromEntries(
      SANDBOXES.map((lines, i) => [`${vendor}/sandbox${i}.service`, `${sleeps(1300 + i)}${lines}\n`]),
    ),
    '/opt/linked.service': sleeps(1201),
    [`${etc}/real.service`]: sleeps(1202),
    [`${vendor}/template@.service`]: '[Service]\nExecStart=/usr/bin/sleep 1203\nEnvironment="I=%i %I %p"\n',
    [`${etc}/template@own.service`]: sleeps(1204),
    [`${vendor}/drop@.service`]: sleeps(1),
    [`${etc}/drop@.service.d/x.conf`]: SLEEPS_OTHERWISE,
    [`${vendor}/drop.service`]: sleeps(1),
    [`${folders[2]}/drop.service.d/x.conf`]: SLEEPS_OTHERWISE,
    [`${vendor}/drop-by-alias.service`]: sleeps(1),
    [`${etc}/drop-alias.service.d/x.conf`]: SLEEPS_OTHERWISE,
    [`${vendor}/long-prefix-unit.service`]: sleeps(1),
    [`${folders[2]}/long-prefix-.service.d/x.conf`]: SLEEPS_OTHERWISE,
    [`${vendor}/short-prefix-unit.service`]: sleeps(1),
    [`${etc}/short-.service.d/x.conf`]: SLEEPS_OTHERWISE,
    [`${vendor}/short-.service.d/x.conf`]: '[Service]\nExecStart=/hidden\n',
    [`${etc}/service.d/every.conf`]: '[Service]\nExecStopPost=-/usr/bin/true of every service\n',
    [`${etc}/masked-by-emptiness.service`]: '',
    [`${vendor}/masked.service`]: sleeps(1),
    [`${vendor}/bad.service`]: `${sleeps(1)}ExecStart=/usr/bin/true\n`,
    [`${vendor}/a.socket`]: '[Socket]\nListenStream=4711\n',
    [`${generators}/places`]: GENERATOR,
  };
};

/** Links by name, in the administrator's folder. */
const LINKS = {
  'linked.service': '/opt/linked.service',
  'alias.service': 'real.service',
  'other@.service': 'template@.service',
  'drop-alias.service': 'drop-by-alias.service',
  'masked.service': '/dev/null',
};

const REFUSED: readonly [what: string, unit: string, said: RegExp][] = [
  ['masked', 'masked.service', /error\[not-loaded\].*\n {2}hint: systemctl.* unmask masked\.service\n/],
  ['masked by an empty file', 'masked-by-emptiness.service', /error\[not-loaded\]/],
  ['transient', 'passing.service', /error\[unit-transient\]: passing\.service is transient/],
  ['a bad setting', 'bad.service', /error\[not-loaded\]: systemd can't load bad\.service: bad-setting\n/],
  ['no service', 'a.socket', /error\[not-a-service\]/],
  ['a template that is not there', 'absent@.service', /error\[no-unit\]: there is no unit absent@\.service/],
  ['not there', 'absent.service', /error\[no-unit\]: there is no unit absent\.service/],
];

const { box, test, skip } = machine('unit-places', {
  script: `useradd --create-home ${USER}
    mkdir --parents /srv/root/{usr,lib,lib64,proc,sys,dev,run,tmp,etc}
    systemctl start user@$(id --user ${USER}).service`,
});

for (const manager of MANAGERS) {
  describe(manager.what, { skip }, () => {
    const names = unitsOf(manager).map(([, unit]) => unit);
    const run = (...words: string[]) => box.exec(words, manager.exec);
    const systemctl = async (...words: string[]) => {
      const { status, stdout, stderr } = await run('systemctl', ...manager.words, ...words);
      assert.equal(status, 0, stderr);
      return stdout.trimEnd();
    };
    const sandboxUnit = (verb: string, ...words: string[]) =>
      runCommand(box, [verb, ...manager.words, ...words], manager.exec);

    interface Process {
      /** What it runs, and what of the environment tells instances apart. */
      readonly program: string;
      readonly filters: number;
    }

    /** The main process of a unit. */
    async function mainProcess(unit: string): Promise<Process> {
      const pid = Number(await systemctl('show', '--value', '--property=MainPID', '--', unit));
      assert.notEqual(pid, 0, unit);
      const program = await box.succeed([
        ...[
          'sh',
          '-c',
          'readlink $1/exe; tr "\\0" " " <$1/cmdline; tr "\\0" "\\n" <$1/environ | grep ^I= || :',
        ],
        ...['sh', `/proc/${pid}`],
      ]);
      return { program, filters: Number((await processStatus(box, pid)).get('Seccomp_filters')) };
    }

    const were = new Map<string, Process>();

    before(async () => {
      const [etc] = manager.folders;
      await changeFiles(box, filesOf(manager));
      await box.succeed(['chmod', '+x', `${manager.generators}/places`]);
      for (const [name, target] of Object.entries(LINKS))
        await box.succeed(['ln', '-s', target, `${etc}/${name}`]);
      await box.succeed(['chown', '-R', `${USER}:`, HOME]);
      // It makes its mount points there.
      await box.succeed(['chown', '-R', `${manager.exec.user ?? 'root'}:`, '/srv/root']);
      await systemctl('daemon-reload');
      await systemctl('start', '--', ...names);
      // Until then %p of a unit that was asked for by its alias is the alias's.
      await systemctl('daemon-reload');
      await systemctl('restart', '--', ...names);
      for (const unit of names) were.set(unit, await mainProcess(unit));
      await box.writeFile('/run/policy.toml', POLICY);
      const { status, stdout, stderr } = await sandboxUnit('apply', '--policy', '/run/policy.toml', ...names);
      assert.equal(status, 0, `${stdout}${stderr}`);
    });

    for (const [what, unit] of unitsOf(manager)) {
      test(`confines a unit with ${what}`, async () => {
        const [was, is] = [were.get(unit)!, await mainProcess(unit)];
        assert.equal(is.program, was.program);
        assert.ok(is.filters > was.filters, `${is.filters} filters, ${was.filters} before`);
        const [shown] = (await systemctl('show', '--value', '--property=ExecStopPost', '--', unit)).split(
          ' ; ',
        );
        assert.match(shown!, /path=\S+\/launcher$/);
      });
    }

    for (const [what, unit, said] of REFUSED) {
      test(`refuses a unit: ${what}`, async () => {
        if (unit === 'passing.service')
          await run('systemd-run', ...manager.words, `--unit=${unit}`, '/usr/bin/sleep', '1300');
        const { status, stderr } = await sandboxUnit('apply', '--policy', '/run/policy.toml', unit);
        assert.equal(status, unit === 'bad.service' ? 1 : 2);
        assert.match(stderr, said);
        const { stdout } = await box.sh(
          `find / -xdev -path '*/${unit}.d/zz-sandbox-unit*'; find /run -path '*/${unit}.d/zz-sandbox-unit*'`,
        );
        assert.equal(stdout, '');
      });
    }

    test('has all units as before after revert', async () => {
      const { status, stderr } = await sandboxUnit('revert', ...names);
      assert.equal(status, 0, stderr);
      for (const unit of names) assert.deepEqual(await mainProcess(unit), were.get(unit), unit);
    });
  });
}
