const UNITS: ReadonlyMap<string, number> = new Map([
  ['ms', 1],
  ['s', 1000],
  ['sec', 1000],
  ['', 1000],
  ['m', 60_000],
  ['min', 60_000],
  ['h', 3_600_000],
]);

/** Longest span that a policy may ask for, in milliseconds: an hour. */
export const MAX_SPAN = 3_600_000;

/** Milliseconds of a time span as systemd.time(7) writes it (`500ms`, `3s`, `1min 30s`), else undefined. */
export function parseTimeSpan(text: string): number | undefined {
  if (text.length > 64) return undefined;
  const words = text.trim().match(/\d{1,9}(?:\.\d{1,9})?\s*[a-z]*\s*|[\s\S]+/g) ?? [];
  let total = 0;
  for (const word of words) {
    const [, digits, unit] = /^(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/.exec(word) ?? [];
    const scale = UNITS.get(unit ?? '-');
    if (digits === undefined || scale === undefined) return undefined;
    total += Number(digits) * scale;
  }
  return words.length > 0 && total <= MAX_SPAN ? Math.round(total) : undefined;
}
