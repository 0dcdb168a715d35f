import type { Directive } from '../directive.js';
import { ENVIRONMENT_FILE, variables } from '../kinds/commands/environment.js';
import { LOG_FIELDS, LOG_PATTERN } from '../kinds/commands/log.js';
import { INPUT_DATA, INPUT_TEXT, stream } from '../kinds/commands/streams.js';
import { TEXT, UTMP_IDENTIFIER } from '../kinds/names/names.js';
import { path } from '../kinds/paths/path.js';
import { BOOLEAN, oneOf } from '../kinds/scalars/enumeration.js';
import { integer } from '../kinds/scalars/numbers.js';
import { timeSpan } from '../kinds/scalars/time-span.js';
import { group } from '../row.js';

const FILE = { value: 'file' };
const INPUT = stream({
  words: ['data', 'fd', 'null', 'socket', 'tty', 'tty-fail', 'tty-force'],
  opens: [FILE],
});
const OUTPUT = stream({
  words: [
    ...['fd', 'inherit', 'journal', 'journal+console', 'kmsg', 'kmsg+console'],
    ...['null', 'socket', 'tty'],
  ],
  opens: [{ value: 'append' }, FILE, { value: 'truncate', since: 248 }],
});

/** LOG_* of syslog.h. */
const LEVEL_CODES = { emerg: 0, alert: 1, crit: 2, err: 3, warning: 4, notice: 5, info: 6, debug: 7 };
const FACILITY_CODES = Object.fromEntries([
  ...'kern user mail daemon auth syslog lpr news uucp cron authpriv ftp'
    .split(' ')
    .map((name, i) => [name, i]),
  ...Array.from({ length: 8 }, (_, i) => [`local${i}`, 16 + i]),
]);

const LEVEL = oneOf(Object.keys(LEVEL_CODES).sort(), { codes: LEVEL_CODES });
const FACILITY = oneOf(Object.keys(FACILITY_CODES).sort(), { codes: FACILITY_CODES });

const SIZE = { bus: { signature: 'q', write: 'u' } };

/** Input and output, logging, and variables of a transient unit's processes: the unit's own, as RUNNING is. */
export const streams = (): readonly Directive[] => [
  ...group(
    { merge: 'append', reset: '' },
    [
      'EnvironmentFile',
      183,
      ENVIRONMENT_FILE,
      '-/etc/default/web',
      { bus: { property: 'EnvironmentFiles' } },
    ],
    ['LogExtraFields', 236, LOG_FIELDS, 'SIZE=big'],
    ['LogFilterPatterns', 253, LOG_PATTERN, '~^debug: .*'],
    ['PassEnvironment', 228, variables({ assigned: false }), 'LANG TZ'],
    ['StandardInputData', 236, INPUT_DATA, 'aGVsbG8K'],
    ['StandardInputText', 236, INPUT_TEXT, 'two\\nlines: 100%%', AS_DATA],
    ['UnsetEnvironment', 235, variables({ assigned: true }), 'LANG "TZ=Mars Base"'],
  ),
  // The row's own property is read back; others take files and descriptors.
  ...group(
    { more: { end: 'FileDescriptorName', signature: 's' } },
    ['StandardError', 183, OUTPUT, 'append:/run/error'],
    ['StandardInput', 183, INPUT, 'file:/etc/passwd'],
    ['StandardOutput', 183, OUTPUT, 'file:/run/output'],
  ),
  ...group(
    {},
    ['LogLevelMax', 236, LEVEL, 'info'],
    ['LogRateLimitBurst', 240, integer({ min: 0, max: 2 ** 32 - 1 }), 100],
    ['LogRateLimitIntervalSec', 240, timeSpan({ unit: 'seconds', infinity: true }), '5s'],
    ['SyslogFacility', 183, FACILITY, 'local3'],
    ['SyslogIdentifier', 183, TEXT, 'web server', { reset: '' }],
    ['SyslogLevel', 183, LEVEL, 'notice'],
    ['SyslogLevelPrefix', 183, BOOLEAN, false],
    ['TTYColumns', 250, integer({ min: 0, max: 65535 }), 132, SIZE],
    ['TTYPath', 183, path(), '/dev/tty9'],
    ['TTYReset', 183, BOOLEAN, true],
    ['TTYRows', 250, integer({ min: 0, max: 65535 }), 50, SIZE],
    ['TTYVHangup', 183, BOOLEAN, true],
    ['TTYVTDisallocate', 183, BOOLEAN, true],
    ['UtmpIdentifier', 183, UTMP_IDENTIFIER, 'web1'],
    ['UtmpMode', 225, oneOf(['init', 'login', 'user']), 'user'],
  ),
];

const AS_DATA = { bus: { property: 'StandardInputData' }, writtenAs: 'StandardInputData' };
