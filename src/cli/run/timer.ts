import { EXIT, error, printable, UserError } from '../../diagnostic.js';
import { parseSpan } from '../../systemd/time-span.js';
import type { UnitName } from '../../systemd/unit/name.js';
import type { UnitProperty } from '../../systemd/unit/unit-property.js';
import { parseBoolean } from '../../systemd/unit/values.js';
import type { RunOptions } from './options.js';

/** The timer of a run, as systemd-run(1) makes one of its options. */

/** A timer, by its full name, and its properties. */
export interface RunTimer {
  readonly unit: string;
  readonly properties: readonly UnitProperty[];
}

type TimerOption = Extract<keyof RunOptions, `on${string}`>;

/** The directive of systemd.timer(5) for each option. */
const DIRECTIVES = {
  onActive: 'OnActiveSec',
  onBoot: 'OnBootSec',
  onStartup: 'OnStartupSec',
  onUnitActive: 'OnUnitActiveSec',
  onUnitInactive: 'OnUnitInactiveSec',
  onCalendar: 'OnCalendar',
  onTimezoneChange: 'OnTimezoneChange',
  onClockChange: 'OnClockChange',
} as const satisfies Readonly<Record<TimerOption, string>>;

const OPTIONS = Object.keys(DIRECTIVES) as TimerOption[];

/** Whether the options ask for a timer. */
export const asksForTimer = (options: RunOptions): boolean =>
  OPTIONS.some((option) => options[option] !== undefined && options[option] !== false);

const usage = (message: string) => new UserError(error('usage', message), EXIT.findings);

/**
 * The timer that starts a unit; undefined where the options ask for none.
 * @throws UserError `usage`
 */
export function timerOf(options: RunOptions, { full }: UnitName, description: string): RunTimer | undefined {
  const { timerProperty = [], collect = false } = options;
  if (!asksForTimer(options)) {
    if (timerProperty.length > 0)
      throw usage('--timer-property has no effect without a timer, such as --on-active');
    return undefined;
  }
  const asked = OPTIONS.flatMap((option) =>
    [options[option] ?? []].flat().map((value) => assignment(DIRECTIVES[option], String(value))),
  );
  const given = timerProperty.map(readAssignment);
  // A timer that has elapsed for good is unloaded, as systemd-run has it.
  const remains = given.some(({ name }) => name === 'RemainAfterElapse');
  const properties = [...asked, ...given, ...(remains ? [] : [assignment('RemainAfterElapse', 'no')])];
  return {
    unit: timerName(full),
    properties: [
      { name: 'Description', signature: 's', value: description },
      ...(collect ? [{ name: 'CollectMode', signature: 's', value: 'inactive-or-failed' }] : []),
      ...properties,
    ],
  };
}

const timerName = (service: string): string => service.replace(/\.service$/, '.timer');

function readAssignment(text: string): UnitProperty {
  const equals = text.indexOf('=');
  if (equals > 0) return assignment(text.slice(0, equals), text.slice(equals + 1));
  throw usage(`--timer-property wants NAME=VALUE, not '${printable(text, 80)}'`);
}

/** Writes a directive's value for the bus; undefined for a value that it can't have. */
type WriteProperty = (name: string, text: string) => UnitProperty | undefined;

/** Microseconds. */
const span = (text: string): bigint | undefined => {
  const nanoseconds = parseSpan(text.trim(), 1_000_000_000n);
  return nanoseconds === undefined ? undefined : nanoseconds / 1000n;
};

const monotonic: WriteProperty = (name, text) => {
  const value = span(text);
  return value === undefined
    ? undefined
    : { name: 'TimersMonotonic', signature: 'a(st)', value: [[name, value]] };
};

/** The manager reads the expression, and refuses what is none. */
const calendar: WriteProperty = (name, text) =>
  /^[ -~]+$/.test(text) ? { name: 'TimersCalendar', signature: 'a(ss)', value: [[name, text]] } : undefined;

const time: WriteProperty = (name, text) => {
  const value = span(text);
  return value === undefined ? undefined : { name: name.replace(/Sec$/, 'USec'), signature: 't', value };
};

const flag: WriteProperty = (name, text) => {
  const value = parseBoolean(text);
  return value === undefined ? undefined : { name, signature: 'b', value };
};

/** Directives of systemd.timer(5), and what one of them may be. */
const WRITES: ReadonlyMap<string, readonly [write: WriteProperty, expected: string]> = new Map(
  (
    [
      [
        monotonic,
        "a time span as '90s'",
        'OnActiveSec OnBootSec OnStartupSec OnUnitActiveSec OnUnitInactiveSec',
      ],
      [calendar, "a calendar expression as 'daily'", 'OnCalendar'],
      [time, "a time span as '90s'", 'AccuracySec RandomizedDelaySec RandomizedOffsetSec'],
      [flag, 'yes or no', 'OnTimezoneChange OnClockChange Persistent WakeSystem RemainAfterElapse'],
      [flag, 'yes or no', 'FixedRandomDelay DeferReactivation'],
    ] as const
  ).flatMap(([write, expected, names]) => names.split(' ').map((name) => [name, [write, expected]] as const)),
);

function assignment(name: string, text: string): UnitProperty {
  const [write, expected] = WRITES.get(name) ?? [];
  if (!write) throw usage(`--timer-property knows no directive '${printable(name, 80)}'`);
  const property = write(name, text);
  if (property) return property;
  throw usage(`'${name}' wants ${expected}, not '${printable(text, 80)}'`);
}
