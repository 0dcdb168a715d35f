import type { ValueKind } from '../../directive.js';
import { scalarKind } from '../../values/scalar.js';
import { formatBoolean } from '../../values/words.js';

export const BOOLEAN: ValueKind = scalarKind({
  type: 'boolean',
  signature: 'b',
  boolean: true,
  format: formatBoolean,
  expected: (text, { bus }) => (bus.signature === 'b' ? text === 'yes' : text),
});
