import { didYouMean } from '../../../../diagnostic.js';
import type { ValueKind } from '../../directive.js';
import { joined, signedKind } from '../../values/signed-list.js';

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
  expected: 'types of file systems or sets of them',
  ifEmpty: 'write "" to lift the restriction',
  isGood: (word) =>
    word.startsWith('@') ? FILESYSTEM_SETS.includes(word) : /^[a-z0-9][a-z0-9._-]*$/.test(word),
  meant: (word) => didYouMean(word, FILESYSTEM_SETS),
  permitted: (_, values) => joined(values, 'none'),
});
