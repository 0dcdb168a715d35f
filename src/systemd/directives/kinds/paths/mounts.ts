/** Places that are mounted: bind mounts and empty file systems. */

import { allWords, barePath, isOn, sinceReset, type UnitValues, wordsOf } from '../../../unit/values.js';
import type { DirectiveComparison, Strictness, ValueKind, ValueReading } from '../../directive.js';
import { keepBackslashes, withoutSpecifiers } from '../../values/bus.js';
import { type ClosedPath, closed, closedBy, hidden, opens, readOnly } from '../../values/closed-paths.js';
import { listKind, optional, plainWords } from '../../values/list.js';
import { OTHER_NETWORKS, ROOTS } from '../../values/mounts.js';
import { gives } from '../../values/strictness.js';
import {
  absolutePath,
  each,
  isOptions,
  isPlainField,
  joinWords,
  quoteWord,
  reject,
} from '../../values/text.js';

/** Splits at colons; `\:` is a colon and `\\` a backslash. Undefined where another letter follows a backslash. */
export function fieldsOf(text: string): string[] | undefined {
  if (/\\(?![:\\])/.test(text.replace(/\\\\/g, ''))) return undefined;
  const fields = text.match(/(?:^|:)(?:\\.|[^:\\])*/g) ?? [];
  return fields.map((field) => field.replace(/^:/, '').replace(/\\(.)/g, '$1'));
}

/** `SOURCE[:DESTINATION[:rbind|norbind]]`, as BindPaths= takes it. */
export const BINDS: ValueKind = listKind({
  type: 'binds',
  signature: 'a(ssbt)',
  format: (reading, value) => {
    const source = typeof value === 'string' ? value.split(/[ \t]+/).filter((word) => word !== '') : value;
    return joinWords(reading, source, BIND, (word) => formatBind(reading, word));
  },
  elements: (text) => plainWords(keepBackslashes(text), bindOf),
});

const BIND = 'SOURCE[:DESTINATION[:rbind|norbind]]';

function formatBind(reading: ValueReading, word: string): string | undefined {
  const fields = fieldsOf(word);
  const [from, to, option] = fields ?? [];
  if (fields === undefined || fields.length > 3 || from === undefined || to === '') {
    return reject(reading, BIND, word, "write '\\:' for a colon in a path");
  }
  if (option !== undefined && option !== 'rbind' && option !== 'norbind') {
    return reject(reading, BIND, word);
  }
  if ([from, to ?? ''].some((end) => end.includes('"') && end.includes("'"))) {
    return reject(reading, `${BIND} without both kinds of quotes in one path`, word);
  }
  const dash = from.startsWith('-') ? '-' : '';
  const ends = each([from.slice(dash.length), ...(to === undefined ? [] : [to])], (end) =>
    absolutePath(reading, end),
  );
  if (ends === undefined) return undefined;
  const [first, ...rest] = ends;
  return [quoteField(dash + first!), ...rest.map(quoteField), ...(option ? [option] : [])].join(':');
}

/**
 * A field of a word with colons in it. Older systemd takes quotes and backslashes off each field, newer first the quotes
 * off the word and then the backslashes off the fields: this reads the same to both.
 */
function quoteField(text: string): string {
  const escaped = text.replace(/[\\:]/g, '\\$&');
  if (!/[\s"']/.test(text)) return escaped;
  return text.includes('"') ? `'${escaped}'` : `"${escaped}"`;
}

/** A flag of mount(2). */
const MS_REC = 16384;

function bindOf(word: string): unknown {
  const [from = '', to, option] = fieldsOf(word) ?? [];
  const [source, missing] = optional(from);
  return [source, to ?? source, missing, option === 'norbind' ? 0 : MS_REC];
}

/** `PATH[:OPTIONS]`, as TemporaryFileSystem= takes it. */
export const TMPFS: ValueKind = listKind({
  type: 'tmpfs',
  signature: 'a(ss)',
  format: (reading, value) => {
    const expected = 'PATH[:OPTIONS]';
    return joinWords(reading, value, expected, (word) => {
      const [where = '', options, ...more] = word.split(':');
      if (more.length > 0 || !isPlainField(where) || (options !== undefined && !isOptions(options))) {
        return reject(reading, `${expected} without quotes and '\\', options with ',' between them`, word);
      }
      const checked = absolutePath(reading, where);
      if (checked === undefined) return undefined;
      return quoteWord(options === undefined ? checked : `${checked}:${options}`);
    });
  },
  elements: (text) =>
    wordsOf(text).map((word) => {
      const [path = '', options = ''] = word.split(':');
      const plain = withoutSpecifiers(path);
      return plain === undefined ? undefined : [plain, options];
    }),
});

/**
 * A bind mount shows its source, which the host looks up: the unit's own confined view is no hindrance. In its own place
 * a source opens nothing below it: systemd mounts what closes a path after all that is above the path.
 */
function opened(
  { before, after, unit }: DirectiveComparison,
  parts: readonly ClosedPath[],
): string | undefined {
  const own = allWords(before);
  for (const word of allWords(after).filter((entry) => !own.includes(entry))) {
    const [source, place = source] = word.split(':').map(barePath) as [string, string?];
    const by = closedBy(parts, source, place !== source);
    if (by !== undefined) return opens(source, by);
  }
  const emptied = after.includes('') && hasBinds(unit);
  return emptied ? "it removes the unit's own mounts, read-only ones included" : undefined;
}

/** One list to systemd, see the table. */
const hasBinds = (unit: UnitValues) =>
  ['BindPaths', 'BindReadOnlyPaths'].some((name) => sinceReset(unit.get(name) ?? []).length > 0);

export const WRITABLE_MOUNTS: Strictness = gives((comparison) =>
  opened(comparison, [...readOnly(comparison.unit), ...hidden(comparison.unit)]),
);

export const READ_ONLY_MOUNTS: Strictness = gives((comparison) =>
  opened(comparison, hiddenFromReaders(comparison.unit)),
);

/**
 * Another root hides none of the kernel's /sys, since each directive about the kernel's file systems shows it there. In
 * another network a service has a /sys of its own, without the host's network devices.
 */
const hiddenFromReaders = (unit: UnitValues): ClosedPath[] => [
  ...hidden(unit).map((part) => (ROOTS.includes(part.by) ? { ...part, except: ['/sys'] } : part)),
  ...OTHER_NETWORKS.filter((name) => isOn(unit, name)).flatMap((name) => closed(name, ['/sys'])),
];
