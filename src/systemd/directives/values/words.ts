/** Words of closed tables, and booleans. */

import { parseBoolean, plain } from '../../unit/values.js';
import type { EnumValue, ValueReading } from '../directive.js';
import { reject } from './text.js';

/** Whether a word is one of the table's; notes what it needs of systemd. */
export function checkWord(reading: ValueReading, text: string, table: readonly EnumValue[]): boolean {
  const found = table.find((entry) => entry.value === text);
  if (found?.since !== undefined) reading.needs.push({ since: found.since, what: `the value '${text}'` });
  return found !== undefined;
}

/** TOML's boolean, or a text that systemd reads as one. */
export const isBoolean = (value: unknown): boolean =>
  typeof value === 'boolean' || (typeof value === 'string' && parseBoolean(value) !== undefined);

export const formatBoolean = (reading: ValueReading, value: unknown): string[] | undefined =>
  isBoolean(value) ? [plain(String(value))] : reject(reading, 'true or false', value);
