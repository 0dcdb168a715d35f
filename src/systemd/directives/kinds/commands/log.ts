/** Fields and filters of a service's log. */

import type { ValueKind } from '../../directive.js';
import { property } from '../../values/bus.js';
import { quotedWordsKind } from '../../values/quoted-words.js';
import { oneText } from '../../values/text.js';

export const LOG_FIELDS: ValueKind = quotedWordsKind({
  type: 'log-fields',
  signature: 'aay',
  expected: 'FIELD=VALUE',
  isGood: (word) => /^[A-Z0-9][A-Z0-9_]{0,63}=/.test(word),
  element: (word) => [...new TextEncoder().encode(word)],
});

/** Which patterns are well-formed is for PCRE2 to say. */
export const LOG_PATTERN: ValueKind = {
  type: 'log-pattern',
  signature: 'a(bs)',
  format: oneText("a regular expression, with '~' in front to leave out what matches", (text) =>
    /^~?[^~]/.test(text),
  ),
  write: ({ bus }, values) => [
    property(
      bus,
      values.map((text) => [!text.startsWith('~'), text.replace(/^~/, '')]),
    ),
  ],
};
