/** The number that systemd takes for `infinity`, and doesn't count beyond. */
const ENDLESS = 2n ** 64n - 2n;

/** Units of systemd.time(7), in nanoseconds. */
const TIME_UNITS: ReadonlyMap<string, bigint> = new Map(
  (
    [
      ['ns nsec', 1n],
      ['us usec µs μs', 1000n],
      ['ms msec', 1_000_000n],
      ['s sec second seconds', 1_000_000_000n],
      ['m min minute minutes', 60_000_000_000n],
      ['h hr hour hours', 3_600_000_000_000n],
      ['d day days', 86_400_000_000_000n],
      ['w week weeks', 604_800_000_000_000n],
    ] as const
  ).flatMap(([names, length]) => names.split(' ').map((name) => [name, length] as const)),
);

/**
 * Nanoseconds of a time span, `1min 30s`; undefined for other text.
 * @param unit nanoseconds of a number without a unit
 */
export function parseSpan(text: string, unit: bigint): bigint | undefined {
  if (text.length > 100) return undefined;
  const parts = text.match(/\d+(?:\.\d+)?[ ]*[a-zµμ]*[ ]*|[\s\S]/g) ?? [];
  let total = 0n;
  for (const part of parts) {
    const [, whole, fraction, name] = /^(\d{1,19})(?:\.(\d{1,9}))?[ ]*([a-zµμ]*)[ ]*$/.exec(part) ?? [];
    const length = name === '' ? unit : TIME_UNITS.get(name ?? '-');
    if (whole === undefined || length === undefined) return undefined;
    total += BigInt(whole) * length;
    total += (BigInt(fraction ?? 0) * length) / 10n ** BigInt(fraction?.length ?? 0);
  }
  return parts.length > 0 && total < ENDLESS ? total : undefined;
}

const MILLISECOND = 1_000_000n;
const SECOND = 1000n * MILLISECOND;

/** Longest span that a policy may ask for, in milliseconds: an hour. */
export const MAX_SPAN = 3_600_000;

/** Milliseconds of a span of at most MAX_SPAN (`500ms`, `3s`, `1min 30s`), rounded; undefined for other text. */
export function parseTimeSpan(text: string): number | undefined {
  const span = parseSpan(text.trim(), SECOND);
  const milliseconds = span === undefined ? undefined : Number((span + MILLISECOND / 2n) / MILLISECOND);
  return span !== undefined && span <= BigInt(MAX_SPAN) * MILLISECOND ? milliseconds : undefined;
}

/** Units of time in microseconds; systemd's years and months are means. */
const TIMES: readonly (readonly [string, bigint])[] = [
  ['y', 31_557_600_000_000n],
  ['month', 2_629_800_000_000n],
  ['w', 604_800_000_000n],
  ['d', 86_400_000_000n],
  ['h', 3_600_000_000n],
  ['min', 60_000_000n],
  ['s', 1_000_000n],
  ['ms', 1000n],
  ['us', 1n],
];

/** A span to the millisecond, as systemd writes it: `1min 3.045s`, `14ms`. */
export function timeText(microseconds: bigint): string {
  const words: string[] = [];
  let left = microseconds;
  for (const [unit, size] of TIMES) {
    if (left < size || (left < 1000n && words.length > 0)) continue;
    const rest = unit === 's' ? left % size : 0n;
    words.push(`${left / size}${rest > 0n ? `.${String(rest / 1000n).padStart(3, '0')}` : ''}${unit}`);
    left = unit === 's' ? 0n : left % size;
  }
  return words.join(' ') || '0';
}

/** A span in seconds for people, by its two largest units: `2d 4h`; less than one is `0s`. */
export const spanText = (seconds: number): string =>
  seconds < 1
    ? '0s'
    : timeText(BigInt(Math.floor(seconds)) * 1_000_000n)
        .split(' ')
        .slice(0, 2)
        .join(' ');
