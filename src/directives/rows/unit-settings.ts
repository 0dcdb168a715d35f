import type { Directive } from '../directive.js';
import { CONDITION, PATH_CONDITION } from '../kinds/commands/condition.js';
import { REBOOT_ARGUMENT } from '../kinds/names/names.js';
import { UNIT_NAMES, URLS } from '../kinds/names/units.js';
import { path } from '../kinds/paths/path.js';
import { paths } from '../kinds/paths/paths.js';
import { oneOf } from '../kinds/scalars/enumeration.js';
import { integer } from '../kinds/scalars/numbers.js';
import { row, time, toggle } from '../row.js';

const MAN = { man: 'systemd.unit' } as const;

const flag = (name: string, since: number, example: boolean): Directive => ({
  ...toggle(name, since, MAN),
  example,
});

/** No assignment takes one back. */
const units = (name: string, since: number): Directive =>
  row(name, since, UNIT_NAMES, 'basic.target', { ...MAN, merge: 'append' });

const mounts = (name: string, since: number): Directive =>
  row(name, since, paths(''), ['/usr', '/var/lib'], {
    ...MAN,
    merge: 'append',
  });

const ACTIONS = oneOf([
  ...['exit', 'exit-force'],
  ...['halt', 'halt-force', 'halt-immediate', 'kexec', 'kexec-force'].map((value) => ({ value, since: 255 })),
  ...['none', 'poweroff', 'poweroff-force', 'poweroff-immediate'],
  ...['reboot', 'reboot-force', 'reboot-immediate'],
  ...['soft-reboot', 'soft-reboot-force'].map((value) => ({ value, since: 254 })),
]);
const action = (name: string, since: number): Directive => row(name, since, ACTIONS, 'exit-force', MAN);

const status = (name: string): Directive => row(name, 240, integer({ min: 0, max: 255 }), 7, MAN);

const JOB_MODES = oneOf([
  ...['fail', 'flush', 'ignore-dependencies', 'ignore-requirements'],
  ...['isolate', 'replace', 'replace-irreversibly'],
]);

const argument = (name: string, since: number): Directive => row(name, since, REBOOT_ARGUMENT, 'a b', MAN);

/** The paths on whose mounts a unit depends. */
export const requiresMountsFor = (): Directive => mounts('RequiresMountsFor', 201);

const settings = (): readonly Directive[] => [
  units('After', 183),
  flag('AllowIsolate', 183, true),
  units('Before', 183),
  units('BindsTo', 183),
  row('CollectMode', 236, oneOf(['inactive', 'inactive-or-failed']), 'inactive-or-failed', MAN),
  { ...units('Conflicts', 183), example: 'umount.target' },
  flag('DefaultDependencies', 183, false),
  row('Documentation', 183, URLS, 'man:ls(1) https://example.org/', {
    ...MAN,
    merge: 'append',
    reset: '',
  }),
  action('FailureAction', 236),
  status('FailureActionExitStatus'),
  flag('IgnoreOnIsolate', 183, true),
  time('JobRunningTimeout', 234, MAN),
  action('JobTimeoutAction', 220),
  argument('JobTimeoutRebootArgument', 220),
  units('JoinsNamespaceOf', 209),
  units('OnFailure', 183),
  row('OnFailureJobMode', 209, JOB_MODES, 'fail', MAN),
  units('OnSuccess', 249),
  row('OnSuccessJobMode', 249, JOB_MODES, 'replace', MAN),
  units('PartOf', 183),
  units('PropagatesReloadTo', 183),
  units('PropagatesStopTo', 249),
  argument('RebootArgument', 212),
  flag('RefuseManualStart', 183, false),
  flag('RefuseManualStop', 183, true),
  units('ReloadPropagatedFrom', 183),
  units('Requires', 183),
  requiresMountsFor(),
  units('Requisite', 183),
  row('SourcePath', 183, path(), '/etc/fstab', MAN),
  action('StartLimitAction', 183),
  row('StartLimitBurst', 183, integer({ min: 0, max: 2 ** 32 - 1 }), 3, MAN),
  time('StartLimitInterval', 230, MAN),
  units('StopPropagatedFrom', 249),
  flag('StopWhenUnneeded', 183, true),
  action('SuccessAction', 236),
  status('SuccessActionExitStatus'),
  flag('SurviveFinalKillSignal', 255, true),
  units('Upholds', 249),
  units('Wants', 183),
  mounts('WantsMountsFor', 256),
];

/** The subject of a condition, the first systemd that knows it, and what holds in any box. */
const CONDITIONS: readonly (readonly [subject: string, since: number, example: string])[] = [
  ['ACPower', 183, '|!false'],
  ['Architecture', 201, 'native'],
  ['CPUFeature', 248, '|!none'],
  ['CPUPressure', 250, '100%%'],
  ['CPUs', 244, '>=1'],
  ['Capability', 183, 'CAP_CHOWN'],
  ['ControlGroupController', 240, 'none'],
  ['Credential', 252, '!none'],
  ['Environment', 246, '!NONE'],
  ['FirstBoot', 183, '|!yes'],
  ['Firmware', 249, '!none'],
  ['Fraction', 261, '100%%'],
  ['Group', 231, 'root'],
  ['Host', 183, '!none'],
  ['IOPressure', 250, '100%%'],
  ['KernelCommandLine', 183, '!none=1'],
  ['KernelModuleLoaded', 258, '!none'],
  ['KernelVersion', 237, '>1'],
  ['MachineTag', 261, '!none'],
  ['Memory', 244, '>1'],
  ['MemoryPressure', 250, '100%%'],
  ['NeedsUpdate', 210, '|/etc'],
  ['OSRelease', 249, 'ID=debian'],
  ['Security', 183, '!none'],
  ['User', 231, 'root'],
  ['Version', 258, 'systemd > 1'],
  ['Virtualization', 183, '|!none'],
];

const PATH_CONDITIONS: readonly (readonly [subject: string, since: number, example: string])[] = [
  ['DirectoryNotEmpty', 183, '/etc'],
  ['FileIsExecutable', 183, '/bin/sh'],
  ['FileNotEmpty', 183, '/etc/passwd'],
  ['PathExists', 183, '|!/none'],
  ['PathExistsGlob', 183, '/etc/pass*'],
  ['PathIsDirectory', 183, '/etc'],
  ['PathIsEncrypted', 246, '!/'],
  ['PathIsMountPoint', 183, '/proc'],
  ['PathIsReadWrite', 183, '/run'],
  ['PathIsSocket', 260, '!/etc'],
  ['PathIsSymbolicLink', 183, '!/etc'],
];

/** The property that is read back says what came of each, too. */
const conditions = (prefix: 'Condition' | 'Assert'): Directive[] =>
  [...CONDITIONS, ...PATH_CONDITIONS].map((entry) => {
    const [subject, since, example] = entry;
    const kind = PATH_CONDITIONS.includes(entry) ? PATH_CONDITION : CONDITION;
    return row(`${prefix}${subject}`, prefix === 'Assert' ? Math.max(since, 218) : since, kind, example, {
      ...MAN,
      merge: 'append',
      bus: { property: `${prefix}s`, signature: 'a(sbbsi)', write: 'a(sbbs)' },
    });
  });

/** Directives of a transient unit in [Unit]: how it stands to others, when it starts, and what follows. */
export const unitSettings = (): readonly Directive[] =>
  [...settings(), ...conditions('Condition'), ...conditions('Assert')].sort((a, b) =>
    a.name < b.name ? -1 : 1,
  );
