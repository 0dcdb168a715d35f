import type { Directive } from '../directive.js';
import { COMMAND } from '../kinds/commands/command.js';
import { BUS_NAME } from '../kinds/names/names.js';
import { EXIT_STATUSES, SIGNAL } from '../kinds/names/signals.js';
import { OPEN_FILE } from '../kinds/paths/open-file.js';
import { path } from '../kinds/paths/path.js';
import { BOOLEAN, oneOf } from '../kinds/scalars/enumeration.js';
import { integer } from '../kinds/scalars/numbers.js';
import { timeSpan } from '../kinds/scalars/time-span.js';
import { group } from '../row.js';

const MAN = { man: 'systemd.service' } as const;
const LIST = { ...MAN, merge: 'append', reset: '' } as const;

const RESTARTS = ['always', 'no', 'on-abnormal', 'on-abort', 'on-failure', 'on-success', 'on-watchdog'];
const RESTART_MODES = [{ value: 'debug', since: 257 }, 'direct', 'normal'];

const TYPES = [
  ...['dbus', { value: 'exec', since: 240 }, 'forking', 'idle', 'notify'],
  ...[{ value: 'notify-reload', since: 253 }, 'oneshot', 'simple'],
];

const COMMANDS: readonly (readonly [name: string, since: number])[] = [
  ['ExecCondition', 243],
  ['ExecReload', 183],
  ['ExecReloadPost', 259],
  ['ExecStartPost', 183],
  ['ExecStartPre', 183],
  ['ExecStop', 183],
  ['ExecStopPost', 183],
];

/**
 * How a service is run and supervised, as far as a transient one may set it: a policy takes none of these, since they
 * are the unit's own.
 */
export const running = (): readonly Directive[] => {
  const [PATH, TIME] = [path(), timeSpan({ unit: 'seconds', infinity: true })];
  const COUNT = integer({ min: 0, max: 2 ** 32 - 1 });
  const FAILURE_MODE = oneOf(['abort', 'kill', 'terminate']);
  const PRESERVED = oneOf(['no', 'restart', 'yes'], { boolean: true });
  return [
    ...group(
      MAN,
      ['BusName', 183, BUS_NAME, 'org.example.Web'],
      ['ExitType', 250, oneOf(['cgroup', 'main']), 'cgroup'],
      ['FileDescriptorStoreMax', 219, COUNT, 3],
      ['FileDescriptorStorePreserve', 254, PRESERVED, 'yes'],
      ['GuessMainPID', 183, BOOLEAN, true],
      ['NotifyAccess', 183, oneOf(['all', 'exec', 'main', 'none']), 'all'],
      ['PIDFile', 183, PATH, '/run/web.pid'],
      ['ReloadSignal', 253, SIGNAL, 'SIGINT'],
      ['RemainAfterExit', 183, BOOLEAN, true],
      ['Restart', 183, oneOf(RESTARTS), 'on-failure'],
      ['RestartMaxDelaySec', 254, TIME, '10s'],
      // Before 257 a transient unit wasn't given it.
      ['RestartMode', 254, oneOf(RESTART_MODES), 'direct', { bus: { since: 257 } }],
      ['RestartRandomizedDelaySec', 262, TIME, '10s'],
      ['RestartSec', 183, TIME, '10s'],
      ['RestartSteps', 254, COUNT, 3],
      ['RootDirectoryStartOnly', 183, BOOLEAN, true],
      ['RuntimeMaxSec', 229, TIME, '10s'],
      ['RuntimeRandomizedExtraSec', 250, TIME, '10s'],
      ['TimeoutAbortSec', 243, TIME, '10s'],
      ['TimeoutStartFailureMode', 246, FAILURE_MODE, 'kill'],
      ['TimeoutStartSec', 188, TIME, '10s'],
      ['TimeoutStopFailureMode', 246, FAILURE_MODE, 'kill'],
      ['TimeoutStopSec', 188, TIME, '10s'],
      ['Type', 183, oneOf(TYPES), 'exec'],
      ['USBFunctionDescriptors', 227, PATH, '/etc/usb/descriptors'],
      ['USBFunctionStrings', 227, PATH, '/etc/usb/strings'],
      ['WatchdogSec', 183, TIME, '10s'],
    ),
    ...group(
      { man: 'systemd.kill' },
      ['FinalKillSignal', 240, SIGNAL, 'SIGINT'],
      ['KillMode', 183, oneOf(['control-group', 'mixed', 'none', 'process']), 'mixed'],
      ['KillSignal', 183, SIGNAL, 'SIGINT'],
      ['RestartKillSignal', 244, SIGNAL, 'SIGINT'],
      ['SendSIGHUP', 207, BOOLEAN, true],
      ['SendSIGKILL', 183, BOOLEAN, false],
      ['WatchdogSignal', 240, SIGNAL, 'SIGINT'],
    ),
    ...group(
      LIST,
      ['OpenFile', 253, OPEN_FILE, '/etc/passwd:users:read-only,graceful'],
      ['RestartForceExitStatus', 215, EXIT_STATUSES, '1 TEMPFAIL SIGKILL'],
      ['RestartPreventExitStatus', 189, EXIT_STATUSES, '1 TEMPFAIL SIGKILL'],
      ['SuccessExitStatus', 189, EXIT_STATUSES, '1 TEMPFAIL SIGKILL'],
    ),
    // The property that is read back says when each command ran, too.
    ...COMMANDS.flatMap(([name, since]) =>
      group({ ...LIST, bus: { property: `${name}Ex`, write: 'a(sasas)' } }, [name, since, COMMAND, EXAMPLE]),
    ),
  ];
};

const EXAMPLE = '-/bin/true "a b" $HOME';
