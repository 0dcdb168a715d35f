/** Disk images: their mount options, hashes, signatures and policies. */

import { didYouMean } from '../../../../diagnostic.js';
import type { ValueKind, ValueReading } from '../../directive.js';
import { bytesOfBase64, isBase64, writeText } from '../../values/bus.js';
import { type Elements, listKind, optional, plainWords } from '../../values/list.js';
import { scalarKind } from '../../values/scalar.js';
import {
  absolutePath,
  checkSpecifiers,
  each,
  isOptions,
  joinWords,
  oneText,
  quoteWord,
  reject,
  scalar,
} from '../../values/text.js';

/** Partitions of an image that mount options can be given for (systemd.exec(5), RootImageOptions=). */
const PARTITIONS = ['root', 'usr', 'home', 'srv', 'esp', 'xbootldr', 'tmp', 'var'];

/** `OPTIONS` or `PARTITION:OPTIONS[:PARTITION:OPTIONS…]`. */
function checkOptions(reading: ValueReading, fields: readonly string[], shown: string): boolean {
  const pairs = fields.length === 1 ? ['root', fields[0]!] : fields;
  for (let i = 0; i < pairs.length; i += 2) {
    const partition = pairs[i]!;
    if (!PARTITIONS.includes(partition)) {
      reject(
        reading,
        `a partition out of ${PARTITIONS.join(', ')}`,
        partition,
        didYouMean(partition, PARTITIONS),
      );
      return false;
    }
    const options = pairs[i + 1] ?? '';
    if (!isOptions(options) || !checkSpecifiers(reading, options)) {
      reject(reading, "mount options with ',' between them", shown);
      return false;
    }
  }
  return true;
}

/** Pairs of a partition and its options; options alone are for `root`. */
function mountOptions(fields: readonly string[]): string[][] {
  if (fields.length === 1) return [['root', fields[0]!]];
  return Array.from({ length: fields.length / 2 }, (_, i) => fields.slice(2 * i, 2 * i + 2));
}

export const IMAGE_OPTIONS: ValueKind = listKind({
  type: 'image-options',
  signature: 'a(ss)',
  format: (reading, value) => {
    const expected = '[PARTITION:]OPTIONS';
    return joinWords(reading, value, expected, (word) => {
      const fields = word.split(':');
      if (fields.length > 2) return reject(reading, expected, word);
      return checkOptions(reading, fields, word) ? word : undefined;
    });
  },
  elements: (text) => plainWords(text, (word) => mountOptions(word.split(':'))[0]),
});

/** `SOURCE[:DESTINATION][:OPTIONS]`, as MountImages= (with a destination) and ExtensionImages= take it. */
export const images = ({ destination }: { readonly destination: boolean }): ValueKind =>
  listKind({
    type: 'images',
    signature: destination ? 'a(ssba(ss))' : 'a(sba(ss))',
    format: (reading, value) => {
      const expected = destination ? 'IMAGE:DESTINATION[:OPTIONS]' : 'IMAGE[:OPTIONS]';
      const paths = destination ? 2 : 1;
      return joinWords(reading, value, expected, (word) => formatImage(reading, word, paths, expected));
    },
    elements: (text) => plainWords(text, (word) => imageOf(word, destination)),
  });

function formatImage(
  reading: ValueReading,
  word: string,
  paths: number,
  expected: string,
): string | undefined {
  const fields = word.split(':');
  const options = fields.slice(paths);
  if (/["'\\]/.test(word) || fields.length < paths) return reject(reading, expected, word);
  const dash = word.startsWith('-') ? '-' : '';
  const ends = [fields[0]!.slice(dash.length), ...fields.slice(1, paths)];
  const checked = each(ends, (end) => absolutePath(reading, end));
  if (checked === undefined || !(options.length === 0 || checkOptions(reading, options, word)))
    return undefined;
  return quoteWord(dash + [...checked, ...options].join(':'));
}

function imageOf(word: string, destination: boolean): unknown {
  const [first = '', ...rest] = word.split(':');
  const [source, missing] = optional(first);
  const options = mountOptions(destination ? rest.slice(1) : rest);
  return [source, ...(destination ? [rest[0]] : []), missing, options];
}

const POLICY_PARTITIONS = [
  ...PARTITIONS,
  'swap',
  'root-verity',
  'usr-verity',
  'root-verity-sig',
  'usr-verity-sig',
  '',
];
const POLICY_FLAGS =
  /^(absent|encrypted|ignore|open|read-only-off|read-only-on|growfs-off|growfs-on|signed|unprotected|unused|verity)$/;

/** `PARTITION=FLAG[+FLAG…]` with colons between them, or `*`, `-`, `~` (systemd.image-policy(7)). */
export const IMAGE_POLICY: ValueKind = listKind({
  type: 'image-policy',
  signature: 's',
  format: oneText("an image policy such as 'root=verity+signed:=absent'", isPolicy),
  elements: rulesOf,
  loaded: (value) => rulesOf(String(value)),
  write: writeText,
});

function isPolicy(text: string): boolean {
  if (['*', '-', '~'].includes(text)) return true;
  const partitions = text.split(':').map((rule) => {
    const [, partition, flags = ''] = /^([a-z-]*)=([a-z+-]+)$/.exec(rule) ?? [];
    return flags.split('+').every((flag) => POLICY_FLAGS.test(flag)) ? partition : undefined;
  });
  const isOnce = new Set(partitions).size === partitions.length;
  return isOnce && partitions.every((name) => name !== undefined && POLICY_PARTITIONS.includes(name));
}

/** The rules of an image policy, each with its flags in order. */
function rulesOf(text: string): Elements {
  return text.split(':').map((rule) => {
    const [partition = '', flags = ''] = rule.split('=');
    return [partition, ...flags.split('+').sort()];
  });
}

/** Data, or the absolute path of a file with them, which the bus has in a property of its own. */
const dataOrPath = (
  type: string,
  expected: string,
  read: (text: string) => number[] | undefined,
): ValueKind =>
  scalarKind({
    type,
    signature: 'ay',
    format: (reading, value) => {
      const text = scalar(reading, value, expected);
      if (text === undefined) return undefined;
      if (!text.startsWith('/')) return read(text) ? [text] : reject(reading, expected, text);
      const checked = absolutePath(reading, text, false);
      return checked === undefined ? undefined : [checked];
    },
    expected: (text, { bus: { property } }) =>
      text.startsWith('/') ? new Map([[`${property}Path`, text]]) : read(text),
  });

/** At least 128 bits. */
export const ROOT_HASH = dataOrPath(
  'root-hash',
  'a hash in hexadecimal digits, or an absolute path',
  (text) =>
    /^([0-9a-f]{2}){16,128}$/i.test(text)
      ? text.match(/../g)!.map((digits) => Number.parseInt(digits, 16))
      : undefined,
);

const SIGNATURE = "an absolute path, or 'base64:' and a signature";

export const ROOT_HASH_SIGNATURE = dataOrPath('signature', SIGNATURE, (text) => {
  const data = text.startsWith('base64:') ? text.slice('base64:'.length) : '';
  return isBase64(data) ? bytesOfBase64(data) : undefined;
});
