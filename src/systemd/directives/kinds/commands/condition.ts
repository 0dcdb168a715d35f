import type { ValueKind } from '../../directive.js';
import { writeEach } from '../../values/list.js';
import { checkSpecifiers, reject, scalar } from '../../values/text.js';

/** `|` in front: one such condition is enough; `!`: it must not hold. */
export const CONDITION: ValueKind = {
  type: 'condition',
  signature: 'a(sbbsi)',
  format: (reading, value) => {
    const expected = "a condition, optionally with '|' or '!' in front";
    const text = scalar(reading, value, expected);
    if (text === undefined || !checkSpecifiers(reading, text)) return undefined;
    return /^\|?!?[^\s|!]/.test(text) ? [text] : reject(reading, expected, text);
  },
  write: (row, values) =>
    writeEach(row, values, (text) => {
      const [, trigger, negate, parameter] = /^(\|?)(!?)(.*)$/.exec(text)!;
      return [row.name, trigger !== '', negate !== '', parameter];
    }),
};
