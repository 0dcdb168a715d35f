import { didYouMean } from '../../../diagnostic.js';
import type { ValueKind } from '../../directive.js';
import {
  joined,
  listed,
  refuseEmpty,
  signedKind,
  signedWords,
  writeSigned,
} from '../../values/signed-list.js';
import { reject } from '../../values/text.js';

/** Sets of file systems of RestrictFileSystems= (systemd.exec(5)). */
const FILESYSTEM_SETS: readonly string[] = [
  '@auxiliary-api',
  '@basic-api',
  '@common-block',
  '@historical-block',
  '@known',
  '@network',
  '@privileged-api',
  '@temporary',
];

/** Types of file systems, with `~` in front of the list: all but these. */
export const FILESYSTEMS: ValueKind = signedKind({
  type: 'filesystems',
  signature: '(bas)',
  format: (reading, value) => {
    const expected = 'types of file systems or sets of them';
    if (refuseEmpty(reading, value, 'write "" to lift the restriction')) return undefined;
    return signedWords(reading, value, expected, (word) => {
      const good = word.startsWith('@')
        ? FILESYSTEM_SETS.includes(word)
        : /^[a-z0-9][a-z0-9._-]*$/.test(word);
      return good ? word : reject(reading, expected, word, didYouMean(word, FILESYSTEM_SETS));
    });
  },
  permitted: (_, values) => joined(values, 'none'),
  loaded: listed,
  write: writeSigned,
});
