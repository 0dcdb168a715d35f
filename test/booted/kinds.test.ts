/** Directives of a unit besides a filter: the launcher changes nothing about them. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { before, describe } from 'node:test';
import { execKeys } from '../../src/systemd/unit/exec/keys.js';
import { changeFiles } from '../support/loaded-units.js';
import { machine } from '../support/machine.js';
import { apply, FILES, PROGRAMS, policyPath, runToEnd, sandboxUnit, withFiles } from '../support/service.js';

/** Prints what it was started with: arguments, environment, descriptors, identities, signals, capabilities. */
const STATE = `${PROGRAMS}/state`;
/** A root folder with nothing in it but the program. */
const ROOT = '/srv/root';
/** A file system that is the same. */
const IMAGE = '/srv/root.raw';
const noLoops = existsSync('/dev/loop-control') ? undefined : 'no loop devices: modprobe loop';
const POLICY = '[syscalls]\ndeny = ["execve", "execveat"]\naction = "EPERM"\n';

// biome-ignore-start lint/suspicious/noTemplateCurlyInString: systemd's own notation
const WORDS = `"a b" $WORDS \${ONE} $$x $ONE/x a$ONE %% %n 'it"s' \\x41 \\; ~ $EMPTY "\${EMPTY}"`;

/** By unit: what it is about, its lines, and why it can't be had here. */
const KINDS: readonly [what: string, lines: string, obstacle?: string | undefined][] = [
  ['simple', `Type=simple\nExecStart=${STATE}`],
  ['exec', `Type=exec\nExecStart=${STATE}`],
  ['idle', `Type=idle\nExecStart=${STATE}`],
  ['oneshot with several lines', `ExecStart=${STATE} one ; ${STATE} two\nExecStart=-${STATE} three`],
  ['words, variables and specifiers', `ExecStart=${STATE} ${WORDS}`],
  ['no variables', `ExecStart=:${STATE} ${WORDS}`],
  ['another argv[0]', `ExecStart=@${STATE} other ${WORDS}`],
  ['an argv[0] from a variable, all prefixes at once', `User=nobody\nExecStart=-@!${STATE} \${ONE} x`],
  ['a program by its bare name', `ExecSearchPath=/nowhere:${PROGRAMS}\nExecStart=state bare`],
  ["a program by its bare name, in systemd's own search path", 'ExecStart=found-state bare'],
  ['the prefix !!, and a user', `User=nobody\nExecStart=!!${STATE}`],
  ['a program in a path with blanks', `ExecStart="/opt/a b \${ONE}/state" x`],
  [
    'working directory, umask and signals',
    `WorkingDirectory=/usr\nUMask=0027\nIgnoreSIGPIPE=no\nExecStart=${STATE}`,
  ],
  ['an open file', `OpenFile=/etc/hostname:name:read-only\nExecStart=${STATE}`],
  [
    'credentials and directories',
    `SetCredential=key:value\nStateDirectory=kinds\nRuntimeDirectory=kinds\nExecStart=${STATE}`,
  ],
  ['another user', `User=www-data\nGroup=daemon\nSupplementaryGroups=adm\nExecStart=${STATE}`],
  ['a dynamic user', `DynamicUser=yes\nExecStart=${STATE}`],
  [
    'ambient capabilities',
    `User=nobody\nAmbientCapabilities=CAP_NET_BIND_SERVICE\nCapabilityBoundingSet=CAP_NET_BIND_SERVICE CAP_KILL\nExecStart=${STATE}`,
  ],
  [
    'root without its rights',
    `SecureBits=noroot noroot-locked\nAmbientCapabilities=CAP_KILL\nExecStart=${STATE}`,
  ],
  ['no capabilities', `CapabilityBoundingSet=\nNoNewPrivileges=yes\nExecStart=${STATE}`],
  ['a process namespace', `Type=exec\nPrivatePIDs=yes\nExecStart=${STATE}`],
  ['a root folder', `RootDirectory=${ROOT}\nMountAPIVFS=yes\nExecStart=/state`],
  ['a root folder and a user', `RootDirectory=${ROOT}\nMountAPIVFS=yes\nUser=65534\nExecStart=/state`],
  ['a root image', `RootImage=${IMAGE}\nMountAPIVFS=yes\nExecStart=/state`, noLoops],
  ['a root image and a user', `RootImage=${IMAGE}\nMountAPIVFS=yes\nUser=65534\nExecStart=/state`, noLoops],
  ['a user namespace', `PrivateUsers=yes\nUser=nobody\nExecStart=${STATE}`],
  [
    'temporary folders over ours',
    `TemporaryFileSystem=/etc /usr/local:ro\nTemporaryFileSystem=/run\nExecStart=${STATE}`,
  ],
  ['a temporary root', `TemporaryFileSystem=/:ro\nBindReadOnlyPaths=${PROGRAMS} /proc\nExecStart=${STATE}`],
  ['no homes', `ProtectHome=yes\nExecStart=${STATE}`],
  ['hidden homes', `ProtectHome=tmpfs\nExecStart=${STATE}`],
  ['no program but its own', `NoExecPaths=/\nExecPaths=${STATE}\nExecStart=${STATE}`],
  [
    'all hardening',
    `${[
      ...[
        'ProtectSystem=strict',
        'ProtectHome=yes',
        'PrivateTmp=yes',
        'PrivateDevices=yes',
        'PrivateUsers=yes',
      ],
      ...[
        'PrivateNetwork=yes',
        'PrivateIPC=yes',
        'ProtectClock=yes',
        'ProtectControlGroups=yes',
        'ProtectHostname=yes',
      ],
      ...[
        'ProtectKernelLogs=yes',
        'ProtectKernelModules=yes',
        'ProtectKernelTunables=yes',
        'ProtectProc=invisible',
      ],
      ...['ProcSubset=pid', 'LockPersonality=yes', 'MemoryDenyWriteExecute=yes', 'RestrictNamespaces=yes'],
      ...['RestrictRealtime=yes', 'RestrictSUIDSGID=yes', 'RestrictAddressFamilies=none', 'RemoveIPC=yes'],
      ...[
        'SystemCallArchitectures=native',
        'SystemCallFilter=@system-service',
        'CapabilityBoundingSet=',
        'User=nobody',
      ],
    ].join('\n')}\nExecStart=${STATE}`,
  ],
];
// biome-ignore-end lint/suspicious/noTemplateCurlyInString: as above

const UNITS = KINDS.map(([what, , obstacle], i) => ({ what, unit: `kind${i}.service`, obstacle }));
const INSTANCES = ['kind@one.service', 'kind@a\\x2db:c.service'].map((unit) => ({
  what: `instance ${unit}`,
  unit,
  obstacle: undefined,
}));
const ALL = [...UNITS, ...INSTANCES];
const runnable = ({ obstacle }: { readonly obstacle: string | undefined }) => obstacle === undefined;
/** With any filter systemd 257 leaves other inheritable capabilities to a service with User=: all have one. */
const COMMON = 'SystemCallArchitectures=native\nEnvironment="WORDS=one two \'three four\'" "ONE=a b" EMPTY=';

const unconfined = new Map<string, string>();
const confined = new Map<string, string>();
const { box, run, skip, test } = machine('kinds', {
  programs: { state: ['test/native/programs/state.c', '-static'] },
  prepare: async () => {
    await box.sh(`
    mkdir -p ${ROOT}/{proc,sys,dev,run,tmp,etc} '/opt/a b \${ONE}'
    cp ${STATE} ${ROOT}/
    cp ${STATE} /usr/local/bin/found-state
    cp ${STATE} '/opt/a b \${ONE}/'
    mke2fs -q -t ext4 -d ${ROOT} ${IMAGE} 8M`);
    if (!noLoops) await makeLoops();
    const kind = (lines: string) =>
      withFiles(`${/^Type=/m.test(lines) ? '' : 'Type=oneshot\n'}${COMMON}\n${lines}`);
    const files = KINDS.map(([, lines], i) => [`/etc/systemd/system/kind${i}.service`, kind(lines)]);
    await changeFiles(box, {
      ...Object.fromEntries(files),
      '/etc/systemd/system/kind@.service': kind(`ExecStart=${STATE} %i %I`),
      ...Object.fromEntries(ALL.map(({ unit }) => [`${FILES}/${unit}.in`, 'input'])),
    });
    for (const { unit } of ALL.filter(runnable)) unconfined.set(unit, await state(unit));
    await apply(box, POLICY, ...UNITS.filter(runnable).map(({ unit }) => unit));
    await box.writeFile('/etc/sandbox-unit/kind@.service.toml', POLICY);
    await run(0, 'apply', ...INSTANCES.map(({ unit }) => unit));
    for (const { unit } of ALL.filter(runnable)) confined.set(unit, await state(unit));
  },
});

/** What systemd mounts an image with. A box has no devices but a few. */
const makeLoops = () =>
  box.sh('mknod /dev/loop-control c 10 237; for i in {0..63}; do mknod /dev/loop$i b 7 $i; done');

/** What every run has of its own; the output file is made anew for each. */
const OF_THE_RUN = [
  /^(pid|parent|session|group)=.*\n/gm,
  /^environment=(INVOCATION_ID|SYSTEMD_EXEC_PID|LISTEN_PID|JOURNAL_STREAM)=.*\n/gm,
  /(?<=^descriptor=[12] .*inode=)\d+/gm,
];

/** How the service ended and what its program found. */
async function state(unit: string): Promise<string> {
  const { end, output } = await runToEnd(box, unit);
  return OF_THE_RUN.reduce((text, part) => text.replace(part, ''), `${end}\n${output}`);
}

const FILTERS = /^Seccomp_filters:\t(\d+)$/gm;
const filtersOf = (text: string) => [...text.matchAll(FILTERS)].map(([, count]) => Number(count));

/** What a program finds where no_new_privs is set and there are more filters. */
const asConfined = (text: string) =>
  text.replace(/^NoNewPrivs:.*$/gm, 'NoNewPrivs:\t1').replace(FILTERS, 'more filters');

describe("a program's start state is the same with the launcher and without", () => {
  for (const { what, unit, obstacle } of ALL) {
    test(what, { skip: obstacle ?? false }, () => {
      const [was, is] = [unconfined.get(unit)!, confined.get(unit)!];
      assert.match(was, /^exited with 0\n(.*\n)*argument=(.*\n)*Seccomp:/);
      assert.equal(is.replace(FILTERS, 'more filters'), asConfined(was));
      const found = filtersOf(is).map((count, i) => count > filtersOf(was)[i]!);
      assert.deepEqual(
        found,
        filtersOf(was).map(() => true),
      );
    });
  }
});

describe('the launcher starts', () => {
  /** How many filters the programs of a unit had, in their order. */
  const filters = async (policy: string): Promise<number[]> => {
    await apply(box, policy, 'steps.service');
    const { end, output } = await runToEnd(box, 'steps.service');
    assert.equal(end, 'exited with 0', output);
    return filtersOf(output);
  };

  before(async () => {
    if (skip) return;
    const steps = ['Condition', 'StartPre', 'Start', 'StartPost', 'Stop', 'StopPost'].map(
      (step) => `Exec${step}=${STATE} ${step}`,
    );
    const lines = `Type=oneshot\nSystemCallArchitectures=native\n${steps.join('\n')}`;
    await changeFiles(box, {
      '/etc/systemd/system/steps.service': withFiles(lines),
      [`${FILES}/steps.service.in`]: '',
    });
  });

  test('the main program only', async () => {
    const [condition, pre, start, ...others] = await filters(POLICY);
    assert.deepEqual([pre, ...others], [condition, condition, condition, condition]);
    assert.ok(start! > condition!, `${start} filters, ${condition} elsewhere`);
  });

  test('each command that the policy names', async () => {
    const wrap = `[exec]\nwrap = ${JSON.stringify(execKeys(257))}\n`;
    const all = await filters(`${POLICY}${wrap}`);
    assert.equal(all.length, 6);
    assert.deepEqual(new Set(all), new Set([(await filters(POLICY))[2]]));
  });
});

const REFUSED: readonly [what: string, lines: string, code: string][] = [
  ['a command without any sandbox', `ExecStart=${STATE}\nExecStart=+${STATE}`, 'gap-exec-privileged'],
  ['a path that a name may put a variable in', 'ExecStart=/opt/%I/x', 'gap-exec'],
];

for (const [what, lines, code] of REFUSED) {
  test(`a unit with ${what} is refused and left alone`, async () => {
    await changeFiles(box, { '/etc/systemd/system/refused.service': withFiles(`Type=oneshot\n${lines}`) });
    await box.writeFile(policyPath('refused.service'), POLICY);
    const { status, stdout } = await sandboxUnit(box, 'apply', '--json', 'refused.service');
    const { units, diagnostics } = JSON.parse(stdout);
    assert.deepEqual([status, units[0].state], [1, 'refused']);
    assert.deepEqual(
      diagnostics
        .filter((d: { severity: string }) => d.severity === 'error')
        .map((d: { code: string }) => d.code),
      [code],
    );
    assert.equal((await box.exec(['ls', '/etc/systemd/system/refused.service.d'])).status, 2);
  });
}

test('a service whose own lines hide the launcher or the filter is rolled back', async () => {
  const unit = 'hiding.service';
  for (const path of ['/usr/local', '-/etc/systemd']) {
    const lines = `Type=oneshot\nRemainAfterExit=yes\nInaccessiblePaths=${path}\nExecStart=/bin/true`;
    await changeFiles(box, {
      [`/etc/systemd/system/${unit}`]: `[Service]\n${lines}\n`,
      [policyPath(unit)]: POLICY,
    });
    await box.succeed(['systemctl', 'restart', unit]);
    const { status, stdout, stderr } = await sandboxUnit(box, 'apply', unit);
    assert.deepEqual([status, stdout], [1, `${unit}: rolled-back\n`], stderr);
    await box.succeed(['systemctl', 'stop', unit]);
  }
});

test('a unit in a read-only image without a place for the launcher is rolled back', {
  skip: noLoops ?? false,
}, async () => {
  const unit = 'sealed.service';
  const lines = `Type=oneshot\nRootImage=${IMAGE}\nRootImageOptions=ro\nMountAPIVFS=yes\nExecStart=/state`;
  await changeFiles(box, {
    [`/etc/systemd/system/${unit}`]: withFiles(lines),
    [`${FILES}/${unit}.in`]: '',
    [policyPath(unit)]: POLICY,
  });
  const was = await state(unit);
  await box.succeed(['systemctl', 'start', unit]);
  const { status, stdout, stderr } = await sandboxUnit(box, 'apply', unit);
  assert.deepEqual([status, stdout], [1, `${unit}: rolled-back\n`]);
  assert.match(stderr, /error\[service-failed\].*\n {2}hint: it said: .*Read-only file system/);
  await box.succeed(['systemctl', 'stop', unit]);
  assert.equal(await state(unit), was);
});
