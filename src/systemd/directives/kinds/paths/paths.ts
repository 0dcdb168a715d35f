/** Lists of paths. */

import { pathsOf } from '../../../unit/values.js';
import type { Strictness, ValueKind } from '../../directive.js';
import { withoutSpecifiers } from '../../values/bus.js';
import { closed, openedPaths, readOnly } from '../../values/closed-paths.js';
import { listKind, plainWords } from '../../values/list.js';
import { gives } from '../../values/strictness.js';
import { absolutePath, isPlainField, joinWords, quoteWord, reject } from '../../values/text.js';

/** @param prefixes that may be in front: `-` (it may be missing), then `+` (below the new root) */
export const paths = (prefixes: '' | '-' | '-+'): ValueKind => {
  const shape = { '': /^/, '-': /^-?/, '-+': /^-?\+?/ }[prefixes];
  return listKind({
    type: 'paths',
    signature: 'as',
    format: (reading, value) => {
      return joinWords(reading, value, 'absolute paths', (word) => {
        const prefix = shape.exec(word)![0];
        const checked = absolutePath(reading, word.slice(prefix.length));
        return checked === undefined ? undefined : quoteWord(prefix + checked);
      });
    },
    elements: (text) => plainWords(text),
  });
};

/** Paths with colons between them, which nothing escapes. */
export const SEARCH_PATH: ValueKind = listKind({
  type: 'search-path',
  signature: 'as',
  format: (reading, value) => {
    const source = typeof value === 'string' && value !== '' ? value.split(':') : value;
    return joinWords(
      reading,
      source === '' ? [] : source,
      'absolute paths',
      (word) => {
        if (!isPlainField(word)) return reject(reading, "paths without ':', quotes and '\\'", word);
        return absolutePath(reading, word);
      },
      ':',
    );
  },
  elements: (text) => text.split(':').map(withoutSpecifiers),
});

export const WRITE_PATHS: Strictness = gives((comparison) =>
  openedPaths(comparison, readOnly(comparison.unit)),
);

export const EXEC_PATHS: Strictness = gives((comparison) =>
  openedPaths(comparison, closed('NoExecPaths', pathsOf(comparison.unit, 'NoExecPaths'))),
);
