/** Disk images: their mount options, hashes, signatures and policies. */

import { didYouMean } from '../../diagnostic.js';
import { isBase64 } from './credentials.js';
import { isOptions, path } from './paths.js';
import {
  absolutePath,
  checkSpecifiers,
  each,
  quoteWord,
  type Reading,
  reject,
  scalar,
  words,
} from './text.js';

/** Partitions of an image that mount options can be given for (systemd.exec(5), RootImageOptions=). */
const PARTITIONS = ['root', 'usr', 'home', 'srv', 'esp', 'xbootldr', 'tmp', 'var'];

/** `OPTIONS` or `PARTITION:OPTIONS[:PARTITION:OPTIONS…]`. */
function checkOptions(reading: Reading, fields: readonly string[], shown: string): boolean {
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

export function imageOptions(reading: Reading, value: unknown): string[] | undefined {
  const expected = '[PARTITION:]OPTIONS';
  const list = each(words(reading, value, expected), (word) => {
    const fields = word.split(':');
    if (fields.length > 2) return reject(reading, expected, word);
    return checkOptions(reading, fields, word) ? word : undefined;
  });
  return list && [list.join(' ')];
}

/** `SOURCE[:DESTINATION][:OPTIONS]`, as MountImages= (with a destination) and ExtensionImages= take it. */
export function images(
  reading: Reading,
  value: unknown,
  kind: { destination: boolean },
): string[] | undefined {
  const expected = kind.destination ? 'IMAGE:DESTINATION[:OPTIONS]' : 'IMAGE[:OPTIONS]';
  const list = each(words(reading, value, expected), (word) => {
    const fields = word.split(':');
    const count = kind.destination ? 2 : 1;
    const options = fields.slice(count);
    if (/["'\\]/.test(word) || fields.length < count) return reject(reading, expected, word);
    const dash = word.startsWith('-') ? '-' : '';
    const ends = [fields[0]!.slice(dash.length), ...fields.slice(1, count)];
    const checked = each(ends, (end) => absolutePath(reading, end));
    if (checked === undefined || !(options.length === 0 || checkOptions(reading, options, word)))
      return undefined;
    return quoteWord(dash + [...checked, ...options].join(':'));
  });
  return list && [list.join(' ')];
}

const IMAGE_PARTITIONS = [
  ...PARTITIONS,
  'swap',
  'root-verity',
  'usr-verity',
  'root-verity-sig',
  'usr-verity-sig',
  '',
];
const IMAGE_FLAGS =
  /^(absent|encrypted|ignore|open|read-only-off|read-only-on|growfs-off|growfs-on|signed|unprotected|unused|verity)$/;

/** `PARTITION=FLAG[+FLAG…]` with colons between them, or `*`, `-`, `~` (systemd.image-policy(7)). */
export function imagePolicy(reading: Reading, value: unknown): string[] | undefined {
  const expected = "an image policy such as 'root=verity+signed:=absent'";
  const text = scalar(reading, value, expected);
  if (text === undefined || ['*', '-', '~'].includes(text)) return text === undefined ? undefined : [text];
  const seen = new Set<string>();
  for (const rule of text.split(':')) {
    const [, partition, flags] = /^([a-z-]*)=([a-z+-]+)$/.exec(rule) ?? [];
    const known = partition !== undefined && IMAGE_PARTITIONS.includes(partition) && !seen.has(partition);
    if (!known || !flags!.split('+').every((flag) => IMAGE_FLAGS.test(flag))) {
      return reject(reading, expected, text);
    }
    seen.add(partition);
  }
  return [text];
}

/** At least 128 bits in hexadecimal digits, or the path of a file with them. */
export function rootHash(reading: Reading, value: unknown): string[] | undefined {
  const expected = 'a hash in hexadecimal digits, or an absolute path';
  const text = scalar(reading, value, expected);
  if (text === undefined) return undefined;
  if (text.startsWith('/')) return path(reading, text, { specifiers: false });
  return /^([0-9a-f]{2}){16,128}$/i.test(text) ? [text] : reject(reading, expected, text);
}

export function signature(reading: Reading, value: unknown): string[] | undefined {
  const expected = "an absolute path, or 'base64:' and a signature";
  const text = scalar(reading, value, expected);
  if (text === undefined) return undefined;
  if (text.startsWith('/')) return path(reading, text, { specifiers: false });
  const data = text.startsWith('base64:') ? text.slice(7) : '';
  return isBase64(data) ? [text] : reject(reading, expected, text);
}
