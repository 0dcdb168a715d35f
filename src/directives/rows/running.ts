import type { Directive } from '../directive.js';
import { COMMAND } from '../kinds/commands/command.js';
import { BUS_NAME } from '../kinds/names/names.js';
import { EXIT_STATUSES, SIGNAL } from '../kinds/names/signals.js';
import { OPEN_FILE } from '../kinds/paths/open-file.js';
import { path } from '../kinds/paths/path.js';
import { oneOf } from '../kinds/scalars/enumeration.js';
import { integer } from '../kinds/scalars/numbers.js';
import { row, time, toggle } from '../row.js';

const MAN = { man: 'systemd.service' } as const;
const KILL = { man: 'systemd.kill' } as const;

const COUNT = integer({ min: 0, max: 2 ** 32 - 1 });

const count = (name: string, since: number): Directive => row(name, since, COUNT, 3, MAN);

const signal = (name: string, since: number, man: typeof KILL | typeof MAN = KILL): Directive =>
  row(name, since, SIGNAL, 'SIGINT', man);

const statuses = (name: string, since: number): Directive =>
  row(name, since, EXIT_STATUSES, '1 TEMPFAIL SIGKILL', {
    ...MAN,
    merge: 'append',
    reset: '',
  });

/** The property that is read back says when each command ran, too. */
const command = (name: string, since: number): Directive =>
  row(name, since, COMMAND, '-/bin/true "a b" $HOME', {
    ...MAN,
    merge: 'append',
    reset: '',
    bus: { property: `${name}Ex`, signature: 'a(sasasttttuii)', write: 'a(sasas)' },
  });

const FAILURE_MODES = oneOf(['abort', 'kill', 'terminate']);

/**
 * How a service is run and supervised, as far as a transient one may be told: a policy takes none of these, since they
 * are the unit's own.
 */
export const running = (): readonly Directive[] => [
  row('BusName', 183, BUS_NAME, 'org.example.Web', MAN),
  command('ExecCondition', 243),
  command('ExecReload', 183),
  command('ExecReloadPost', 259),
  command('ExecStartPost', 183),
  command('ExecStartPre', 183),
  command('ExecStop', 183),
  command('ExecStopPost', 183),
  row('ExitType', 250, oneOf(['cgroup', 'main']), 'cgroup', MAN),
  count('FileDescriptorStoreMax', 219),
  row('FileDescriptorStorePreserve', 254, oneOf(['no', 'restart', 'yes'], { boolean: true }), 'yes', MAN),
  signal('FinalKillSignal', 240),
  toggle('GuessMainPID', 183, MAN),
  row('KillMode', 183, oneOf(['control-group', 'mixed', 'none', 'process']), 'mixed', KILL),
  signal('KillSignal', 183),
  row('NotifyAccess', 183, oneOf(['all', 'exec', 'main', 'none']), 'all', MAN),
  row('OpenFile', 253, OPEN_FILE, '/etc/passwd:users:read-only,graceful', {
    ...MAN,
    merge: 'append',
    reset: '',
  }),
  row('PIDFile', 183, path(), '/run/web.pid', MAN),
  signal('ReloadSignal', 253, MAN),
  toggle('RemainAfterExit', 183, MAN),
  row(
    'Restart',
    183,
    oneOf(['always', 'no', 'on-abnormal', 'on-abort', 'on-failure', 'on-success', 'on-watchdog']),
    'on-failure',
    MAN,
  ),
  statuses('RestartForceExitStatus', 215),
  signal('RestartKillSignal', 244),
  time('RestartMaxDelay', 254, MAN),
  row('RestartMode', 254, oneOf([{ value: 'debug', since: 257 }, 'direct', 'normal']), 'direct', {
    ...MAN,
    // Before, a transient unit wasn't given it.
    bus: { property: 'RestartMode', signature: 's', since: 257 },
  }),
  statuses('RestartPreventExitStatus', 189),
  time('RestartRandomizedDelay', 262, MAN),
  time('Restart', 183, MAN),
  count('RestartSteps', 254),
  toggle('RootDirectoryStartOnly', 183, MAN),
  time('RuntimeMax', 229, MAN),
  time('RuntimeRandomizedExtra', 250, MAN),
  toggle('SendSIGHUP', 207, KILL),
  { ...toggle('SendSIGKILL', 183, KILL), example: false },
  statuses('SuccessExitStatus', 189),
  time('TimeoutAbort', 243, MAN),
  row('TimeoutStartFailureMode', 246, FAILURE_MODES, 'kill', MAN),
  time('TimeoutStart', 188, MAN),
  row('TimeoutStopFailureMode', 246, FAILURE_MODES, 'kill', MAN),
  time('TimeoutStop', 188, MAN),
  row(
    'Type',
    183,
    oneOf([
      'dbus',
      { value: 'exec', since: 240 },
      'forking',
      'idle',
      'notify',
      { value: 'notify-reload', since: 253 },
      'oneshot',
      'simple',
    ]),
    'exec',
    MAN,
  ),
  row('USBFunctionDescriptors', 227, path(), '/etc/usb/descriptors', MAN),
  row('USBFunctionStrings', 227, path(), '/etc/usb/strings', MAN),
  signal('WatchdogSignal', 240),
  time('Watchdog', 183, MAN),
];
