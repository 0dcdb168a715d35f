/** Programs and features of BPF. */

import { didYouMean } from '../../../../diagnostic.js';
import type { Strictness, ValueKind, ValueReading } from '../../directive.js';
import { withoutSpecifiers, writeText } from '../../values/bus.js';
import { listKind, pair } from '../../values/list.js';
import { gives, list } from '../../values/strictness.js';
import { absolutePath, each, isPlainField, joinWords, lines, reject } from '../../values/text.js';

const ATTACH_POINTS: readonly string[] = (
  'ingress egress sock_create sock_ops device bind4 bind6 connect4 connect6 post_bind4 post_bind6 sendmsg4 ' +
  'sendmsg6 sysctl recvmsg4 recvmsg6 getsockopt setsockopt'
).split(' ');

/** `TYPE:PATH` of a pinned program, an assignment each. */
export const BPF_PROGRAMS: ValueKind = listKind({
  type: 'bpf-programs',
  signature: 'a(ss)',
  format: (reading, value) => {
    const expected = 'TYPE:PATH of a BPF program';
    return each(lines(reading, value, expected), (line) => {
      const colon = line.indexOf(':');
      const type = line.slice(0, Math.max(0, colon));
      if (!ATTACH_POINTS.includes(type))
        return reject(reading, expected, line, didYouMean(type, ATTACH_POINTS));
      const checked = pinnedPath(reading, line.slice(colon + 1));
      return checked && `${type}:${checked}`;
    });
  },
  elements: (text) => pair(text, (type, path) => [type, path]),
});

/** The path of a pinned program, an assignment each. */
export const BPF_FILTERS: ValueKind = listKind({
  type: 'bpf-filters',
  signature: 'as',
  format: (reading, value) =>
    each(lines(reading, value, 'absolute paths'), (line) => pinnedPath(reading, line)),
  elements: (text) => [withoutSpecifiers(text)],
});

/** A path without quotes in the file. */
function pinnedPath(reading: ValueReading, text: string): string | undefined {
  const path = absolutePath(reading, text);
  if (path === undefined) return undefined;
  // Without its last slash a path may end in a blank, which the file would lose.
  const plain = [text, path].every((one) => one === one.trim()) && isPlainField(text);
  return plain ? path : reject(reading, "a path without quotes, ':' and '\\'", text);
}

/**
 * Names of features that begin with a prefix. systemd skips a name that it doesn't know, so a typing error delegates
 * less, not more.
 */
export const bpfWords = (prefix: string): ValueKind =>
  listKind({
    type: 'bpf-words',
    signature: 's',
    format: (reading, value) => {
      const expected = `names that begin with '${prefix}', or 'any'`;
      if (value === 'any') return ['any'];
      const source = typeof value === 'string' ? value.replaceAll(',', ' ') : value;
      return joinWords(
        reading,
        source,
        expected,
        (word) => {
          const rest = word.startsWith(prefix) ? word.slice(prefix.length) : '';
          return /^[A-Z][A-Za-z0-9]*$/.test(rest) ? word : reject(reading, expected, word);
        },
        ',',
      );
    },
    elements: (text) => text.split(','),
    loaded: (value) => String(value).split(','),
    write: writeText,
  });

/** Features that the unit doesn't grant yet. */
export const GRANTS: Strictness = gives(({ before, after }) => {
  const own = (before.at(-1) ?? '').split(',');
  const asked = (after.at(-1) ?? '').split(',').filter((name) => name !== '');
  const added = own.includes('any') ? [] : asked.filter((name) => !own.includes(name));
  return added.length === 0 ? undefined : `the unit doesn't delegate ${list(added)}`;
});
