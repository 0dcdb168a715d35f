/** Short ways to write rows of the directive table. */

import type { BusProperty, Directive, ValueKind } from './directive.js';
import { BOOLEAN } from './kinds/scalars/boolean.js';
import { timeSpan } from './kinds/scalars/time-span.js';
import { YES_RESTRICTS } from './values/strictness.js';

type Traits = Partial<Omit<Directive, 'name' | 'since' | 'kind' | 'example'>>;

/**
 * A row with the most common traits: a scalar without a reset, of systemd.exec(5), a matter of confinement
 * only if `traits` says so, on the bus under its own name.
 */
export function row(
  name: string,
  since: number,
  kind: ValueKind,
  example: unknown,
  traits: Traits = {},
): Directive {
  return {
    name,
    since,
    kind,
    example,
    merge: 'scalar',
    bus: on(name, kind.signature),
    man: 'systemd.exec',
    ...traits,
  };
}

export const on = (property: string, signature: string): BusProperty => ({ property, signature });

/** A boolean that confines when it is on. */
export const restriction = (name: string, since: number, traits: Traits = {}): Directive =>
  row(name, since, BOOLEAN, true, { strictness: YES_RESTRICTS, ...traits });

/** A boolean that doesn't confine. */
export const toggle = (name: string, since: number, traits: Traits = {}): Directive =>
  row(name, since, BOOLEAN, true, traits);

/** A span of time that has no end by `infinity`: `RestartSec` is RestartUSec on the bus. */
export const time = (name: string, since: number, traits: Traits = {}): Directive =>
  row(`${name}Sec`, since, timeSpan({ unit: 'seconds', infinity: true }), '10s', {
    bus: on(`${name}USec`, 't'),
    ...traits,
  });
