/** Rows of the directive table, in groups that have most in common. */

import type { BusProperty, Directive, ValueKind } from './directive.js';
import { YES_RESTRICTS } from './values/strictness.js';

type Traits = Partial<Omit<Directive, 'bus' | 'example' | 'kind' | 'more' | 'name' | 'since'>> & {
  /** As far as it differs from the directive's name and the kind's signature. */
  readonly bus?: Partial<BusProperty>;
  /** A second property, by the end that its name has behind the first one's. */
  readonly more?: Omit<BusProperty, 'property'> & { readonly end: string };
};

/** A directive: its name, the first systemd that knows it, its kind, an example, and what the group doesn't have. */
type DirectiveLine = readonly [name: string, since: number, kind: ValueKind, example: unknown, own?: Traits];

/**
 * Rows with common traits. Without any, a row is a scalar without a reset, of systemd.exec(5), no matter of confinement,
 * and on the bus under its own name, with `USec` for `Sec`.
 */
export const group = (common: Traits, ...lines: readonly DirectiveLine[]): Directive[] =>
  lines.map(([name, since, kind, example, own]) => {
    const { bus, more, ...traits } = { ...common, ...own };
    const property = name.replace(/(?<!N)Sec$/, 'USec');
    return {
      name,
      since,
      kind,
      example,
      merge: 'scalar',
      man: 'systemd.exec',
      bus: { property, signature: kind.signature, ...bus },
      ...(more ? { more: [second(property, more)] } : {}),
      ...traits,
    };
  });

const second = (property: string, { end, ...rest }: NonNullable<Traits['more']>): BusProperty => ({
  property: `${property}${end}`,
  ...rest,
});

/** Traits of a boolean that confines when it is on. */
export const CONFINES = { strictness: YES_RESTRICTS } as const;
