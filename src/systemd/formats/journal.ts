/** Entries of journald, as `journalctl --output=json` prints them (systemd.journal-fields(7)). */

export type JournalEntry = ReadonlyMap<string, string>;

/** Entries, one a line. A field that isn't text (binary, too large, twice there) is left out. */
export function* journalEntries(text: string): Generator<JournalEntry> {
  for (const line of text.split('\n')) {
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      continue;
    }
    if (typeof value !== 'object' || value === null) continue;
    yield new Map(Object.entries(value).filter((field): field is [string, string] => isText(field[1])));
  }
}

const isText = (value: unknown): value is string => typeof value === 'string';
