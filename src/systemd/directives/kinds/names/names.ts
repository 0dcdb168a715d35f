/** Names of other things: services of PAM, slices, rules, security labels. */

import { wordsOf } from '../../../unit/values.js';
import type { ValueKind } from '../../directive.js';
import { property, withoutSpecifiers, writePlain } from '../../values/bus.js';
import { listKind } from '../../values/list.js';
import { scalarKind } from '../../values/scalar.js';
import { checkSpecifiers, joinWords, reject, scalar } from '../../values/text.js';

/** The text of a name, as systemd accepts it, less unusual spellings. */
interface Name {
  readonly shape: RegExp;
  readonly what: string;
  readonly specifiers: boolean;
}

const nameKind = ({ shape, what, specifiers }: Name): ValueKind =>
  scalarKind({
    type: 'name',
    signature: 's',
    format: (reading, value) => {
      const text = scalar(reading, value, what);
      if (text === undefined) return undefined;
      if (!shape.test(text) || text.length > 220) return reject(reading, what, text);
      return !specifiers || checkSpecifiers(reading, text) ? [text] : undefined;
    },
    expected: withoutSpecifiers,
  });

export const PAM_SERVICE = nameKind({
  shape: /^[A-Za-z0-9_][A-Za-z0-9_.%-]*$/,
  what: 'the name of a PAM service',
  specifiers: true,
});

export const LOG_NAMESPACE = nameKind({
  shape: /^[A-Za-z0-9_%][A-Za-z0-9_.%-]*$/,
  what: 'the name of a journal namespace',
  specifiers: true,
});

export const CONTROL_GROUP = nameKind({
  shape: /^[a-z0-9][A-Za-z0-9_-]*$/,
  what: 'the name of a control group',
  specifiers: false,
});

export const SLICE = nameKind({
  shape: /^(-|[A-Za-z0-9_:.%@\\]+(-[A-Za-z0-9_:.%@\\]+)*)\.slice$/,
  what: "the name of a slice unit, which ends in '.slice'",
  specifiers: true,
});

export const BUS_NAME = nameKind({
  shape: /^[A-Za-z_-][A-Za-z0-9_-]*(\.[A-Za-z_-][A-Za-z0-9_-]*)+$/,
  what: 'a well-known D-Bus name',
  specifiers: false,
});

export const UTMP_IDENTIFIER = nameKind({
  shape: /^[A-Za-z0-9_./%-]+$/,
  what: 'a utmp identifier',
  specifiers: true,
});

/** Any text: an identifier for the log, an argument for reboot(2). */
export const TEXT = nameKind({ shape: /^.+$/, what: 'a text', specifiers: true });

const isFileName = (text: string) =>
  /^[A-Za-z0-9_@%+,=][A-Za-z0-9_.@%+,=-]*$/.test(text) && text.length <= 255;

/** Words that are file names; systemd knows no table of them. */
export const FILE_NAMES: ValueKind = listKind({
  type: 'names',
  signature: 'as',
  format: (reading, value) => {
    return joinWords(reading, value, 'names', (word) =>
      isFileName(word) && !word.includes('%') ? word : reject(reading, 'names', word),
    );
  },
  elements: wordsOf,
});

/** A security label: `-` in front lets the service start where it can't be set. */
export const LABEL: ValueKind = scalarKind({
  type: 'label',
  signature: '(bs)',
  format: (reading, value) => {
    const expected = 'a security label or profile';
    const text = scalar(reading, value, expected);
    if (text === undefined) return undefined;
    if (!/^-?[^\s-]\S*( \S+)*$/.test(text)) return reject(reading, expected, text);
    return checkSpecifiers(reading, text) ? [text] : undefined;
  },
  expected: labelOf,
  write: (row, values, systemd) => {
    if (row.bus.write === 's') return writePlain(row, values, systemd);
    const label = labelOf(values.at(-1)!);
    return label && [property(row.bus, label)];
  },
});

function labelOf(text: string): [boolean, string] | undefined {
  const plain = withoutSpecifiers(text);
  return plain === undefined ? undefined : [plain.startsWith('-'), plain.replace(/^-/, '')];
}
