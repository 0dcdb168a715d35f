import type { Strictness, ValueKind } from '../../directive.js';
import { scalarKind } from '../../values/scalar.js';
import { gives, takes } from '../../values/strictness.js';
import { reject } from '../../values/text.js';

/** An access mode. TOML has no octal number that looks like one, so that `77` would be read as 0115. */
export const MODE: ValueKind = scalarKind({
  type: 'mode',
  signature: 'u',
  format: (reading, value) => {
    const expected = 'an octal mode as text';
    const hint = 'write it in quotes: "0077"';
    if (typeof value !== 'string') return reject(reading, expected, value, hint);
    return /^0?[0-7]{3,4}$/.test(value) && Number.parseInt(value, 8) <= 0o7777
      ? [value]
      : reject(reading, expected, value, hint);
  },
  expected: (text) => Number.parseInt(text, 8),
});

/** An octal number; `unset` for text that is none. */
export const octal = (text: string, unset: number): number => {
  const number = /^[0-7]{1,5}$/.test(text) ? Number.parseInt(text, 8) : Number.NaN;
  return Number.isNaN(number) ? unset : number;
};

const show = (bits: number) => bits.toString(8).padStart(4, '0');

/** Bits of a umask take rights away. */
export const UMASK: Strictness = takes(({ before, after }) => {
  const own = octal(before.at(-1) ?? '', 0o022);
  const asked = octal(after.at(-1) ?? '', 0o022);
  return (own & ~asked) === 0 ? undefined : `new files get rights that the unit's '${show(own)}' takes away`;
});

/** Bits of a mode give rights. */
export const RIGHTS: Strictness = gives(({ before, after }) => {
  const own = octal(before.at(-1) ?? '', 0o755);
  const asked = octal(after.at(-1) ?? '', 0o755);
  return (asked & ~own) === 0 ? undefined : `it gives rights that the unit's '${show(own)}' doesn't`;
});
