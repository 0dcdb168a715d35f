/** Kinds of value of which the last assignment holds. */

import type { Directive, ValueKind } from '../directive.js';
import { canonical, property } from './bus.js';

/** Properties and their values. Values that only the manager knows are left out. */
export type ExpectedProperties = ReadonlyMap<string, unknown>;

export const NOTHING: ExpectedProperties = new Map();

/** The value of the row's property after an assignment, or of several properties; undefined if only the manager knows it. */
type Expect = (text: string, row: Directive) => unknown;

/** `write` and `isLoaded` take the place of those that follow from `expected`. */
type Scalar = Omit<ValueKind, 'write'> & Partial<ValueKind> & { readonly expected: Expect };

/** An empty value may leave anything. */
function valuesOf(expected: Expect, row: Directive, text: string): ExpectedProperties {
  const value = text === '' ? undefined : expected(text, row);
  if (value instanceof Map) return value;
  return value === undefined ? NOTHING : new Map([[row.bus.property, value]]);
}

/** The last assignment, in all properties that have a part of it. */
export function scalarKind({ expected, ...kind }: Scalar): ValueKind {
  return {
    write: (row, values, systemd) => {
      const value = valuesOf(expected, row, values.at(-1)!);
      const written = propertiesOf(row, systemd).filter((bus) => value.get(bus.property) !== undefined);
      return written.length === 0 ? undefined : written.map((bus) => property(bus, value.get(bus.property)));
    },
    isLoaded: (row, values, get) =>
      [...valuesOf(expected, row, values.at(-1) ?? '')].every(([name, value]) => {
        const loaded = get(name);
        return loaded === undefined || value === undefined || canonical(loaded) === canonical(value);
      }),
    ...kind,
  };
}

/** All properties of a directive that a version of systemd has. */
export const propertiesOf = ({ bus, more = [] }: Directive, systemd: number) =>
  [bus, ...more].filter(({ since = 0 }) => since <= systemd);
