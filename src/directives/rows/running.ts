import { type Directive, on, oneOf, row, time, toggle, type ValueKind } from '../row.js';

const MAN = { man: 'systemd.service' } as const;
const KILL = { man: 'systemd.kill' } as const;

const COUNT: ValueKind = { type: 'integer', min: 0, max: 2 ** 32 - 1 };

const count = (name: string, since: number): Directive =>
  row(name, since, COUNT, 3, { ...MAN, bus: on(name, 'u') });

const signal = (name: string, since: number, man: typeof KILL | typeof MAN = KILL): Directive =>
  row(name, since, { type: 'signal' }, 'SIGINT', { ...man, bus: on(name, 'i') });

const statuses = (name: string, since: number): Directive =>
  row(name, since, { type: 'exit-statuses' }, '1 TEMPFAIL SIGKILL', {
    ...MAN,
    merge: 'append',
    reset: '',
    bus: on(name, '(aiai)'),
  });

/** What is read back says when each command ran, too. */
const command = (name: string, since: number): Directive =>
  row(name, since, { type: 'command' }, '-/bin/true "a b" $HOME', {
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
export const RUNNING: readonly Directive[] = [
  row('BusName', 183, { type: 'name', what: 'bus' }, 'org.example.Web', MAN),
  command('ExecCondition', 243),
  command('ExecReload', 183),
  command('ExecReloadPost', 259),
  command('ExecStartPost', 183),
  command('ExecStartPre', 183),
  command('ExecStop', 183),
  command('ExecStopPost', 183),
  row('ExitType', 250, oneOf(['cgroup', 'main']), 'cgroup', MAN),
  count('FileDescriptorStoreMax', 219),
  row('FileDescriptorStorePreserve', 254, oneOf(['no', 'restart', 'yes'], true), 'yes', MAN),
  signal('FinalKillSignal', 240),
  toggle('GuessMainPID', 183, MAN),
  row('KillMode', 183, oneOf(['control-group', 'mixed', 'none', 'process']), 'mixed', KILL),
  signal('KillSignal', 183),
  row('NotifyAccess', 183, oneOf(['all', 'exec', 'main', 'none']), 'all', MAN),
  row('OpenFile', 253, { type: 'open-file' }, '/etc/passwd:users:read-only,graceful', {
    ...MAN,
    merge: 'append',
    reset: '',
    bus: on('OpenFile', 'a(sst)'),
  }),
  row('PIDFile', 183, { type: 'path', specifiers: true }, '/run/web.pid', MAN),
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
  row('USBFunctionDescriptors', 227, { type: 'path', specifiers: true }, '/etc/usb/descriptors', MAN),
  row('USBFunctionStrings', 227, { type: 'path', specifiers: true }, '/etc/usb/strings', MAN),
  signal('WatchdogSignal', 240),
  time('Watchdog', 183, MAN),
];
