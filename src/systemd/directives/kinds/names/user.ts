/** Users and groups by name or number. */

import { allWords, isOn, type UnitValues } from '../../../unit/values.js';
import type { Strictness, ValueKind, ValueReading } from '../../directive.js';
import { withoutSpecifiers } from '../../values/bus.js';
import { listKind, plainWords } from '../../values/list.js';
import { scalarKind } from '../../values/scalar.js';
import { list, takes } from '../../values/strictness.js';
import { checkSpecifiers, joinWords, reject, scalar } from '../../values/text.js';

/** systemd drops the rest of the file after a bad name. */
function isUserName(text: string): boolean {
  if (/^\d+$/.test(text))
    return (
      /^(0|[1-9]\d{0,9})$/.test(text) &&
      ![65535, 4294967295].includes(Number(text)) &&
      Number(text) < 4294967295
    );
  return /^[A-Za-z_][A-Za-z0-9_.@-]*\$?$/.test(text) && text.length <= 256;
}

const NAME = 'the name or number of a user or group';

function userName(reading: ValueReading, text: string): string | undefined {
  if (!checkSpecifiers(reading, text)) return undefined;
  // The manager knows the text for a specifier: here it counts as a letter.
  const name = text.replace(/%[a-zA-Z%]/g, 'x');
  return isUserName(name) ? text : reject(reading, NAME, text);
}

export const USER: ValueKind = scalarKind({
  type: 'user',
  signature: 's',
  format: (reading, value) => {
    const text = scalar(reading, value, NAME);
    const name = text === undefined ? undefined : userName(reading, text);
    return name === undefined ? undefined : [name];
  },
  expected: withoutSpecifiers,
});

export const GROUPS: ValueKind = listKind({
  type: 'groups',
  signature: 'as',
  format: (reading, value) => {
    return joinWords(reading, value, 'names or numbers of groups', (word) => userName(reading, word));
  },
  elements: (text) => plainWords(text),
});

export const isRoot = (name: string) => ['', 'root', '0'].includes(name);

/** Whether the unit's processes start as root. DynamicUser= makes none in the place of a User= that exists. */
export function runsAsRoot({ unit }: { readonly unit: UnitValues }): boolean {
  const user = unit.get('User')?.at(-1) ?? '';
  return user === '' ? !isOn(unit, 'DynamicUser') : isRoot(user);
}

/** User= and Group=: a user other than root stays, since it is unknown which of two users may do less. */
export const SAME_USER: Strictness = takes((comparison) => {
  const own = comparison.before.at(-1) ?? '';
  const asked = comparison.after.at(-1) ?? '';
  if (asked === own || (runsAsRoot(comparison) && isRoot(own))) return undefined;
  return asked === '' || isRoot(asked)
    ? `the unit doesn't run as root`
    : `the unit runs as another user, and '${asked}' may have more rights`;
});

/** Supplementary groups give access; root has it anyway. */
export const NO_OTHER_GROUPS: Strictness = takes((comparison) => {
  if (runsAsRoot(comparison)) return undefined;
  const own = allWords(comparison.before);
  const added = allWords(comparison.after).filter((group) => !own.includes(group));
  return added.length === 0 ? undefined : `it adds ${list(added)}`;
});
