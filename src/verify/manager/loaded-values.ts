import type { NameList } from '../../machine/unit-state.js';
import type { Directive, Get } from '../../systemd/directives/directive.js';
import { SETTINGS } from '../../systemd/directives/settings.js';
import { sinceReset } from '../../systemd/unit/values.js';

/**
 * Whether the manager has loaded what a drop-in assigns to a directive. What can not be seen counts as loaded:
 * a scalar's empty value, specifiers, shares of the machine's memory, flags of directories, and the order of lists.
 * A list that the drop-in begins with a reset has to be exactly ours; one without comes on top of the unit's own, and
 * has to hold all of ours. What another directive implies (DynamicUser=yes) isn't held against the weaker value.
 * @param values all right-hand sides of the drop-in, in their order, empty ones included
 */
export function isLoaded(row: Directive, values: readonly string[], get: Get): boolean {
  if (get(row.bus.property) === undefined || isImplied(row, values.at(-1), get)) return true;
  return row.kind.isLoaded?.(row, values, get) ?? false;
}

const isImplied = ({ impliedBy, strictness }: Directive, value: string | undefined, get: Get): boolean =>
  impliedBy !== undefined && get(impliedBy) === true && value === strictness?.unset;

/** Whether the manager has loaded what a drop-in assigns to a directive that isn't in the table of `[service]`. */
export function isSettingLoaded(name: string, values: readonly string[], get: Get): boolean {
  const value = get(name);
  if (value === undefined) return true;
  if (name === 'SystemCallFilter') return isKindLoaded(values, value as NameList);
  return SETTINGS.get(name)?.isLoaded?.(values, get) ?? true;
}

/** Whether a list of calls is of the same kind: single calls are seen in the kernel's filters, once the unit was started. */
function isKindLoaded(values: readonly string[], [allows, listed]: NameList): boolean {
  const [first] = sinceReset(values);
  if (first === undefined) return !allows && listed.length === 0;
  return listed.length > 0 && allows !== first.startsWith('~');
}
