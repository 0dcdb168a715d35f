import type { ValueKind } from '../../directive.js';
import { writeEach } from '../../values/list.js';
import { checkSpecifiers, reject, scalar } from '../../values/text.js';

/** `|` in front: one such condition is enough; `!`: it must not hold. @param isPath it is about an absolute path */
const condition = (isPath: boolean): ValueKind => ({
  type: 'condition',
  signature: 'a(sbbsi)',
  format: (reading, value) => {
    const expected = isPath ? 'an absolute path' : 'what must hold';
    const text = scalar(reading, value, `${expected}, with '|' and '!' in front if need be`);
    if (text === undefined || !checkSpecifiers(reading, text)) return undefined;
    const { parameter } = partsOf(text);
    const isGood = parameter !== '' && !/^[\s|]/.test(parameter) && (!isPath || parameter.startsWith('/'));
    return isGood ? [text] : reject(reading, expected, text);
  },
  write: (row, values) =>
    writeEach(row, values, (text) => {
      const { trigger, negate, parameter } = partsOf(text);
      return [row.name, trigger, negate, parameter];
    }),
});

export const CONDITION = condition(false);
export const PATH_CONDITION = condition(true);

function partsOf(text: string) {
  const [, trigger = '', negate = '', parameter = ''] = /^(\|?)(!?)(.*)$/.exec(text)!;
  return { trigger: trigger !== '', negate: negate !== '', parameter };
}
