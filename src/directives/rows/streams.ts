import type { Directive, ValueKind } from '../directive.js';
import { ENVIRONMENT_FILE, variables } from '../kinds/commands/environment.js';
import { LOG_FIELDS, LOG_PATTERN } from '../kinds/commands/log.js';
import { INPUT_DATA, INPUT_TEXT, stream } from '../kinds/commands/streams.js';
import { LOG_IDENTIFIER, UTMP_IDENTIFIER } from '../kinds/names/names.js';
import { path } from '../kinds/paths/path.js';
import { oneOf } from '../kinds/scalars/enumeration.js';
import { integer } from '../kinds/scalars/numbers.js';
import { timeSpan } from '../kinds/scalars/time-span.js';
import { on, row, toggle } from '../row.js';

/** The row's own property is read back; others take files and descriptors. */
const standardStream = (name: string, words: readonly string[], opens: readonly string[], example: string) =>
  row(
    name,
    183,
    stream({
      words,
      opens: opens.map((word) => (word === 'truncate' ? { value: word, since: 248 } : { value: word })),
    }),
    example,
    { more: [on(`${name}FileDescriptorName`, 's')] },
  );

const OUTPUTS = [
  ...['fd', 'inherit', 'journal', 'journal+console', 'kmsg', 'kmsg+console'],
  ...['null', 'socket', 'tty'],
];

/** LOG_* of syslog.h. */
const LEVEL_CODES = { emerg: 0, alert: 1, crit: 2, err: 3, warning: 4, notice: 5, info: 6, debug: 7 };
const FACILITY_CODES = Object.fromEntries([
  ...'kern user mail daemon auth syslog lpr news uucp cron authpriv ftp'
    .split(' ')
    .map((name, i) => [name, i]),
  ...Array.from({ length: 8 }, (_, i) => [`local${i}`, 16 + i]),
]);

const LEVELS = oneOf(['alert', 'crit', 'debug', 'emerg', 'err', 'info', 'notice', 'warning'], {
  codes: LEVEL_CODES,
});

const FACILITIES = oneOf(Object.keys(FACILITY_CODES).sort(), { codes: FACILITY_CODES });

const upTo = (max: number): ValueKind => integer({ min: 0, max });

const LIST = { merge: 'append', reset: '' } as const;

/** Input and output, logging, and variables of a transient unit's processes: the unit's own, as RUNNING is. */
export const streams = (): readonly Directive[] => [
  row('EnvironmentFile', 183, ENVIRONMENT_FILE, '-/etc/default/web', {
    ...LIST,
    bus: on('EnvironmentFiles', 'a(sb)'),
  }),
  row('LogExtraFields', 236, LOG_FIELDS, 'SIZE=big', LIST),
  row('LogFilterPatterns', 253, LOG_PATTERN, '~^debug: .*', LIST),
  row('LogLevelMax', 236, LEVELS, 'info'),
  row('LogRateLimitBurst', 240, upTo(2 ** 32 - 1), 100),
  row('LogRateLimitIntervalSec', 240, timeSpan({ unit: 'seconds', infinity: true }), '5s', {
    bus: on('LogRateLimitIntervalUSec', 't'),
  }),
  row('PassEnvironment', 228, variables({ assigned: false }), 'LANG TZ', LIST),
  standardStream('StandardError', OUTPUTS, ['append', 'file', 'truncate'], 'append:/run/error'),
  standardStream(
    'StandardInput',
    ['data', 'fd', 'null', 'socket', 'tty', 'tty-fail', 'tty-force'],
    ['file'],
    'file:/etc/passwd',
  ),
  row('StandardInputData', 236, INPUT_DATA, 'aGVsbG8K', LIST),
  row('StandardInputText', 236, INPUT_TEXT, 'two\\nlines: 100%%', {
    ...LIST,
    bus: on('StandardInputData', 'ay'),
    writtenAs: 'StandardInputData',
  }),
  standardStream('StandardOutput', OUTPUTS, ['append', 'file', 'truncate'], 'file:/run/output'),
  row('SyslogFacility', 183, FACILITIES, 'local3'),
  row('SyslogIdentifier', 183, LOG_IDENTIFIER, 'web server', { reset: '' }),
  row('SyslogLevel', 183, LEVELS, 'notice'),
  { ...toggle('SyslogLevelPrefix', 183), example: false },
  row('TTYColumns', 250, upTo(65535), 132, {
    bus: { property: 'TTYColumns', signature: 'q', write: 'u' },
  }),
  row('TTYPath', 183, path(), '/dev/tty9'),
  toggle('TTYReset', 183),
  row('TTYRows', 250, upTo(65535), 50, { bus: { property: 'TTYRows', signature: 'q', write: 'u' } }),
  toggle('TTYVHangup', 183),
  toggle('TTYVTDisallocate', 183),
  row('UnsetEnvironment', 235, variables({ assigned: true }), 'LANG "TZ=Mars Base"', LIST),
  row('UtmpIdentifier', 183, UTMP_IDENTIFIER, 'web1'),
  row('UtmpMode', 225, oneOf(['init', 'login', 'user']), 'user'),
];
