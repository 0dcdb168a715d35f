/** Names of other units, and addresses of documents. */

import { isTemplate, parseUnitName } from '../../../unit/name.js';
import type { ValueKind } from '../../directive.js';
import { writeEach } from '../../values/list.js';
import { quotedWordsKind, quotedWordsOf } from '../../values/quoted-words.js';
import { checkSpecifiers, reject, words } from '../../values/text.js';

export const UNIT_NAMES: ValueKind = quotedWordsKind({
  type: 'unit-names',
  signature: 'as',
  expected: "names of units such as 'network.target'",
  isGood: (word) => {
    const plain = word.replace(/%[a-zA-Z%]/g, 'x');
    const name = parseUnitName(plain);
    return !('severity' in name) && !isTemplate(name) && /\.[a-z]+$/.test(word) && name.full === plain;
  },
});

const URL = /^(?:https?:\/\/|file:\/|info:|man:)./;

export const URLS: ValueKind = {
  type: 'urls',
  signature: 'as',
  format: (reading, value) => {
    const expected = 'addresses that begin with http://, https://, file:, info: or man:';
    const list = words(reading, value, expected);
    const wrong = list?.find((word) => !URL.test(word));
    if (wrong !== undefined) return reject(reading, expected, wrong);
    return list && checkSpecifiers(reading, list.join(' ')) ? [list.join(' ')] : undefined;
  },
  write: (row, values) => writeEach(row, quotedWordsOf(values), (word) => word),
};
