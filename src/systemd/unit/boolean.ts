const YES: readonly string[] = ['1', 'yes', 'y', 'true', 't', 'on'];
const NO: readonly string[] = ['0', 'no', 'n', 'false', 'f', 'off'];

/** A boolean as systemd reads it (parse_boolean()), in upper or lower case; undefined for other text. */
export function parseBoolean(text: string): boolean | undefined {
  const lower = text.toLowerCase();
  if (YES.includes(lower)) return true;
  return NO.includes(lower) ? false : undefined;
}
