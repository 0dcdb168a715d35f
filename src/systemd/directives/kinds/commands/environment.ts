/** Variables of the environment, and files with them. */

import type { ValueKind } from '../../directive.js';
import { optional, writeEach } from '../../values/list.js';
import { quotedWordsKind } from '../../values/quoted-words.js';
import { absolutePath, scalar } from '../../values/text.js';

export const ENVIRONMENT_FILE: ValueKind = {
  type: 'environment-file',
  signature: 'a(sb)',
  format: (reading, value) => {
    const text = scalar(reading, value, 'an absolute path');
    if (text === undefined) return undefined;
    const dash = text.startsWith('-') ? '-' : '';
    const path = absolutePath(reading, text.slice(dash.length));
    return path === undefined ? undefined : [dash + path];
  },
  write: (row, values) => writeEach(row, values, optional),
};

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Names of variables. @param assigned with or without a value */
export const variables = ({ assigned }: { readonly assigned: boolean }): ValueKind =>
  quotedWordsKind({
    type: 'variables',
    signature: 'as',
    expected: `names of variables${assigned ? ', or NAME=VALUE' : ''}`,
    isGood: (word) => NAME.test(assigned ? word.replace(/=.*$/s, '') : word),
  });
