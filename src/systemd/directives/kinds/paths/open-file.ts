import { fileName } from '../../../unit/path.js';
import type { ValueKind } from '../../directive.js';
import { writeEach } from '../../values/list.js';
import { absolutePath, checkSpecifiers, reject, scalar } from '../../values/text.js';

/** Bits of OpenFileFlag in systemd. */
const FLAGS: ReadonlyMap<string, number> = new Map([
  ['read-only', 1],
  ['append', 2],
  ['truncate', 4],
  ['graceful', 8],
]);

/** `PATH[:NAME[:FLAG,…]]`. */
export const OPEN_FILE: ValueKind = {
  type: 'open-file',
  signature: 'a(sst)',
  format: (reading, value) => {
    const expected = 'PATH[:NAME[:FLAGS]]';
    const text = scalar(reading, value, expected);
    if (text === undefined) return undefined;
    const [path = '', name = '', flags = '', ...more] = text.split(':');
    const isGood = !/["'\\]/.test(text) && more.length === 0 && areFlags(flags);
    if (!isGood) return reject(reading, `${expected} with flags of ${[...FLAGS.keys()].join(', ')}`, text);
    const checked = absolutePath(reading, path);
    return checked === undefined || !checkSpecifiers(reading, name)
      ? undefined
      : [text.replace(path, () => checked)];
  },
  write: (row, values) =>
    writeEach(row, values, (text) => {
      const [path = '', name = '', flags = ''] = text.split(':');
      const bits = flags.split(',').map((word) => FLAGS.get(word) ?? 0);
      return [path, name === '' ? fileName(path) : name, BigInt(bits.reduce((a, b) => a | b, 0))];
    }),
};

/** A file is opened in one way at most. */
function areFlags(text: string): boolean {
  const words = text === '' ? [] : text.split(',');
  const ways = words.filter((word) => word !== 'graceful');
  return ways.length <= 1 && words.every((word) => FLAGS.has(word));
}
