/** Directives as properties of a transient unit: the values of the bus for their unit-file texts. */

import { type Diagnostic, error, printable } from '../../diagnostic.js';
import type { UnitProperty } from '../unit/unit-property.js';
import { sinceReset } from '../unit/values.js';
import type { Directive } from './directive.js';
import { SETTINGS } from './settings.js';
import { withoutSpecifiers } from './values/bus.js';

/**
 * The properties that mean what assignments of a directive mean, in a unit that has none of its own.
 * @param values all right-hand sides in their order, as formatDirective() has them; an empty one takes back what is
 *   before it
 * @param systemd the major version that gets them
 * @returns an error `directive-value` for specifiers, which a transient unit has none of, and for what isn't known
 *   from outside the manager
 */
export function directiveProperties(
  row: Directive,
  values: readonly string[],
  systemd: number,
): readonly UnitProperty[] | Diagnostic {
  const kept = row.name === 'CapabilityBoundingSet' ? values : sinceReset(values);
  if (kept.length === 0) return [];
  if (FROM_FILES.includes(row.name)) return inexpressible(row.name, kept, 'systemd reads it from files only');
  return row.kind.write(row, kept, systemd) ?? inexpressible(row.name, kept);
}

/** Directives that have no property which can be set. */
const FROM_FILES = ['TimeoutCleanSec'];

const SPECIFIERS = 'it has no specifiers: write their values instead, and %% for a percent sign';

function inexpressible(name: string, values: readonly string[], why?: string): Diagnostic {
  const assignment = `${name}=${printable(values.join(' '), 80)}`;
  const specifiers = values.some((text) => withoutSpecifiers(text) === undefined);
  return error('directive-value', `a transient unit can't have '${assignment}'`, {
    hint: why ?? (specifiers ? SPECIFIERS : undefined),
  });
}

/**
 * The properties of a directive that isn't in the table of `[service]`; undefined where it is unknown.
 * @param values as of directiveProperties()
 */
export function settingProperties(
  name: string,
  values: readonly string[],
): readonly UnitProperty[] | Diagnostic | undefined {
  const write = SETTINGS.get(name)?.write;
  const kept = sinceReset(values);
  if (write === undefined || kept.length === 0) return write && [];
  return write(kept) ?? inexpressible(name, kept);
}
