import { type Directive, on, oneOf, row, toggle, type ValueKind } from './row.js';

const MAN = { man: 'systemd.service' } as const;

const TIME: ValueKind = { type: 'time', unit: 'seconds', infinity: true };

const time = (name: string, since: number): Directive =>
  row(`${name}Sec`, since, TIME, '10s', { ...MAN, bus: on(`${name}USec`, 't') });

const OUTPUTS = ['inherit', 'journal', 'journal+console', 'kmsg', 'kmsg+console', 'null', 'tty'];

/**
 * How a service is run and supervised, as far as a transient one may be told: a policy takes none of these, since they
 * are the unit's own.
 */
export const RUNNING: readonly Directive[] = [
  row('ExitType', 250, oneOf(['cgroup', 'main']), 'cgroup', MAN),
  row('KillMode', 183, oneOf(['control-group', 'mixed', 'none', 'process']), 'mixed', MAN),
  row('NotifyAccess', 183, oneOf(['all', 'exec', 'main', 'none']), 'all', MAN),
  toggle('RemainAfterExit', 183, MAN),
  row(
    'Restart',
    183,
    oneOf(['always', 'no', 'on-abnormal', 'on-abort', 'on-failure', 'on-success', 'on-watchdog']),
    'on-failure',
    MAN,
  ),
  time('Restart', 183),
  time('RuntimeMax', 229),
  toggle('SendSIGHUP', 207, MAN),
  row('StandardError', 183, oneOf(OUTPUTS), 'null'),
  row('StandardInput', 183, oneOf(['null', 'tty', 'tty-fail', 'tty-force']), 'null'),
  row('StandardOutput', 183, oneOf(OUTPUTS), 'null'),
  time('TimeoutAbort', 243),
  time('TimeoutStart', 188),
  time('TimeoutStop', 188),
  row(
    'Type',
    183,
    oneOf([
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
];
