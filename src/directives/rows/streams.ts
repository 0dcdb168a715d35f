import { type Directive, on, oneOf, row, toggle, type ValueKind } from '../row.js';

/** What is read back of a stream, and what takes its files and descriptors. */
const stream = (name: string, words: readonly string[], opens: readonly string[], example: string) =>
  row(
    name,
    183,
    {
      type: 'stream',
      words,
      opens: opens.map((word) => (word === 'truncate' ? { value: word, since: 248 } : { value: word })),
    },
    example,
    { more: [on(`${name}FileDescriptorName`, 's')] },
  );

const OUTPUTS = [
  ...['fd', 'inherit', 'journal', 'journal+console', 'kmsg', 'kmsg+console'],
  ...['null', 'socket', 'tty'],
];

const LEVELS = oneOf(['alert', 'crit', 'debug', 'emerg', 'err', 'info', 'notice', 'warning']);

const FACILITIES = oneOf([
  ...['auth', 'authpriv', 'cron', 'daemon', 'ftp', 'kern', 'local0', 'local1', 'local2', 'local3', 'local4'],
  ...['local5', 'local6', 'local7', 'lpr', 'mail', 'news', 'syslog', 'user', 'uucp'],
]);

const integer = (max: number): ValueKind => ({ type: 'integer', min: 0, max });

const list = (name: string, signature: string) =>
  ({ merge: 'append', reset: '', bus: on(name, signature) }) as const;

/** Input and output, logging, and variables of a transient unit's processes: the unit's own, as RUNNING is. */
export const STREAMS: readonly Directive[] = [
  row(
    'EnvironmentFile',
    183,
    { type: 'environment-file' },
    '-/etc/default/web',
    list('EnvironmentFiles', 'a(sb)'),
  ),
  row('LogExtraFields', 236, { type: 'log-fields' }, 'SIZE=big', list('LogExtraFields', 'aay')),
  row('LogFilterPatterns', 253, { type: 'log-pattern' }, '~^debug: .*', list('LogFilterPatterns', 'a(bs)')),
  row('LogLevelMax', 236, LEVELS, 'info', { bus: on('LogLevelMax', 'i') }),
  row('LogRateLimitBurst', 240, integer(2 ** 32 - 1), 100, { bus: on('LogRateLimitBurst', 'u') }),
  row('LogRateLimitIntervalSec', 240, { type: 'time', unit: 'seconds', infinity: true }, '5s', {
    bus: on('LogRateLimitIntervalUSec', 't'),
  }),
  row(
    'PassEnvironment',
    228,
    { type: 'variables', assigned: false },
    'LANG TZ',
    list('PassEnvironment', 'as'),
  ),
  stream('StandardError', OUTPUTS, ['append', 'file', 'truncate'], 'append:/run/error'),
  stream(
    'StandardInput',
    ['data', 'fd', 'null', 'socket', 'tty', 'tty-fail', 'tty-force'],
    ['file'],
    'file:/etc/passwd',
  ),
  row('StandardInputData', 236, { type: 'input-data' }, 'aGVsbG8K', list('StandardInputData', 'ay')),
  row('StandardInputText', 236, { type: 'input-text' }, 'two\\nlines: 100%%', {
    ...list('StandardInputData', 'ay'),
    writtenAs: 'StandardInputData',
  }),
  stream('StandardOutput', OUTPUTS, ['append', 'file', 'truncate'], 'file:/run/output'),
  row('SyslogFacility', 183, FACILITIES, 'local3', { bus: on('SyslogFacility', 'i') }),
  row('SyslogIdentifier', 183, { type: 'name', what: 'identifier' }, 'web server', { reset: '' }),
  row('SyslogLevel', 183, LEVELS, 'notice', { bus: on('SyslogLevel', 'i') }),
  { ...toggle('SyslogLevelPrefix', 183), example: false },
  row('TTYColumns', 250, integer(65535), 132, {
    bus: { property: 'TTYColumns', signature: 'q', write: 'u' },
  }),
  row('TTYPath', 183, { type: 'path', specifiers: true }, '/dev/tty9'),
  toggle('TTYReset', 183),
  row('TTYRows', 250, integer(65535), 50, { bus: { property: 'TTYRows', signature: 'q', write: 'u' } }),
  toggle('TTYVHangup', 183),
  toggle('TTYVTDisallocate', 183),
  row(
    'UnsetEnvironment',
    235,
    { type: 'variables', assigned: true },
    'LANG "TZ=Mars Base"',
    list('UnsetEnvironment', 'as'),
  ),
  row('UtmpIdentifier', 183, { type: 'name', what: 'utmp' }, 'web1'),
  row('UtmpMode', 225, oneOf(['init', 'login', 'user']), 'user'),
];
