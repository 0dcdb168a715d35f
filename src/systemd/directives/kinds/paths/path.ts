import { isOn } from '../../../unit/values.js';
import type { Strictness, ValueKind } from '../../directive.js';
import { withoutSpecifiers, writePlain } from '../../values/bus.js';
import { scalarKind } from '../../values/scalar.js';
import { fixed, takes } from '../../values/strictness.js';
import { absolutePath, scalar } from '../../values/text.js';

interface PathKind {
  /** A word that may take the place of the path. */
  readonly word?: string;
  /** `-` in front means that it may be missing. */
  readonly dash?: boolean;
}

/** One absolute path. `-` in front of one that is read back is `!` on the bus. */
export const path = ({ word, dash }: PathKind = {}): ValueKind =>
  scalarKind({
    type: 'path',
    signature: 's',
    format: (reading, value) => {
      const text = scalar(reading, value, 'an absolute path');
      if (text === undefined) return undefined;
      const prefix = dash && text.startsWith('-') ? '-' : '';
      const rest = text.slice(prefix.length);
      if (rest === word) return [text];
      const checked = absolutePath(reading, rest);
      return checked === undefined ? undefined : [prefix + checked];
    },
    expected: (text) => withoutSpecifiers(text.replace(/^-/, '!')),
    write: writePlain,
  });

/** A namespace is joined in place of one of the unit's own, which another directive makes. */
export const namespaceInPlaceOf = (own: string): Strictness =>
  takes((comparison) => {
    const asked = comparison.after.at(-1) ?? '';
    if (asked !== '' && isOn(comparison.unit, own)) return `it replaces the unit's own '${own}'`;
    return fixed(comparison);
  });
