import type { Directive } from '../directive.js';
import { CONDITION } from '../kinds/commands/condition.js';
import { TEXT } from '../kinds/names/names.js';
import { UNIT_NAMES, URLS } from '../kinds/names/units.js';
import { path } from '../kinds/paths/path.js';
import { paths } from '../kinds/paths/paths.js';
import { BOOLEAN, oneOf } from '../kinds/scalars/enumeration.js';
import { integer } from '../kinds/scalars/numbers.js';
import { timeSpan } from '../kinds/scalars/time-span.js';
import { group } from '../row.js';

const MAN = { man: 'systemd.unit' } as const;
/** No assignment takes one of these back. */
const LIST = { ...MAN, merge: 'append' } as const;

const ACTIONS = [
  ...['exit', 'exit-force'],
  ...['halt', 'halt-force', 'halt-immediate', 'kexec', 'kexec-force'].map((value) => ({ value, since: 255 })),
  ...['none', 'poweroff', 'poweroff-force', 'poweroff-immediate'],
  ...['reboot', 'reboot-force', 'reboot-immediate'],
  ...['soft-reboot', 'soft-reboot-force'].map((value) => ({ value, since: 254 })),
];

const JOB_MODES = [
  ...['fail', 'flush', 'ignore-dependencies', 'ignore-requirements'],
  ...['isolate', 'replace', 'replace-irreversibly'],
];

const MOUNTS = ['/usr', '/var/lib'];

/** Directives of a transient unit in [Unit]: its relations to others, when it starts, and what follows. */
export const unitSettings = (): readonly Directive[] => {
  const [ACTION, JOB_MODE, STATUS] = [oneOf(ACTIONS), oneOf(JOB_MODES), integer({ min: 0, max: 255 })];
  return [
    ...group(
      MAN,
      ['AllowIsolate', 183, BOOLEAN, true],
      ['CollectMode', 236, oneOf(['inactive', 'inactive-or-failed']), 'inactive-or-failed'],
      ['DefaultDependencies', 183, BOOLEAN, false],
      ['FailureAction', 236, ACTION, 'exit-force'],
      ['FailureActionExitStatus', 240, STATUS, 7],
      ['IgnoreOnIsolate', 183, BOOLEAN, true],
      ['JobRunningTimeoutSec', 234, timeSpan({ unit: 'seconds', infinity: true }), '10s'],
      ['JobTimeoutAction', 220, ACTION, 'exit-force'],
      ['JobTimeoutRebootArgument', 220, TEXT, 'a b'],
      ['OnFailureJobMode', 209, JOB_MODE, 'fail'],
      ['OnSuccessJobMode', 249, JOB_MODE, 'replace'],
      ['RebootArgument', 212, TEXT, 'a b'],
      ['RefuseManualStart', 183, BOOLEAN, false],
      ['RefuseManualStop', 183, BOOLEAN, true],
      ['SourcePath', 183, path(), '/etc/fstab'],
      ['StartLimitAction', 183, ACTION, 'exit-force'],
      ['StartLimitBurst', 183, integer({ min: 0, max: 2 ** 32 - 1 }), 3],
      ['StartLimitIntervalSec', 230, timeSpan({ unit: 'seconds', infinity: true }), '10s'],
      ['StopWhenUnneeded', 183, BOOLEAN, true],
      ['SuccessAction', 236, ACTION, 'exit-force'],
      ['SuccessActionExitStatus', 240, STATUS, 7],
      ['SurviveFinalKillSignal', 255, BOOLEAN, true],
    ),
    ...group(
      LIST,
      ['After', 183, UNIT_NAMES, 'basic.target'],
      ['Before', 183, UNIT_NAMES, 'basic.target'],
      ['BindsTo', 183, UNIT_NAMES, 'basic.target'],
      ['Conflicts', 183, UNIT_NAMES, 'umount.target'],
      ['Documentation', 183, URLS, 'man:ls(1) https://example.org/', { reset: '' }],
      ['JoinsNamespaceOf', 209, UNIT_NAMES, 'basic.target'],
      ['OnFailure', 183, UNIT_NAMES, 'basic.target'],
      ['OnSuccess', 249, UNIT_NAMES, 'basic.target'],
      ['PartOf', 183, UNIT_NAMES, 'basic.target'],
      ['PropagatesReloadTo', 183, UNIT_NAMES, 'basic.target'],
      ['PropagatesStopTo', 249, UNIT_NAMES, 'basic.target'],
      ['ReloadPropagatedFrom', 183, UNIT_NAMES, 'basic.target'],
      ['Requires', 183, UNIT_NAMES, 'basic.target'],
      ['RequiresMountsFor', 201, paths(''), MOUNTS],
      ['Requisite', 183, UNIT_NAMES, 'basic.target'],
      ['StopPropagatedFrom', 249, UNIT_NAMES, 'basic.target'],
      ['Upholds', 249, UNIT_NAMES, 'basic.target'],
      ['Wants', 183, UNIT_NAMES, 'basic.target'],
      ['WantsMountsFor', 256, paths(''), MOUNTS],
    ),
  ];
};

/** A condition or an assertion. Which there are, and what they take, is for systemd to know: it refuses others. */
export function condition(name: string): Directive | undefined {
  const [, prefix] = /^(Condition|Assert)[A-Z][A-Za-z]{1,60}$/.exec(name) ?? [];
  if (prefix === undefined) return undefined;
  // The property that is read back says what came of each, too.
  const bus = { property: `${prefix}s`, write: 'a(sbbs)' };
  return group({ ...LIST, bus }, [name, 183, CONDITION, '|!something'])[0];
}
