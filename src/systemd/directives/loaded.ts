/** The lines of a unit as the manager has loaded them. */

import { barePath } from '../unit/values.js';
import type { Get } from './directive.js';
import { isOn } from './is-on.js';
import { findDirective } from './table.js';
import type { MountLines } from './values/mounts.js';

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

export const word = (get: Get, property: string): string => {
  const value = get(property);
  return typeof value === 'string' ? value : '';
};

/** Properties that are lists of structs, and the field that is the place of a mount. */
const PLACE_FIELDS: ReadonlyMap<string, number> = new Map([
  ['BindPaths', 1],
  ['BindReadOnlyPaths', 1],
  ['MountImages', 1],
  ['TemporaryFileSystem', 0],
]);

/** Whether the manager has loaded a directive so that it does something. */
export const isSet = (get: Get, name: string): boolean => {
  const row = findDirective(name)!;
  return isOn(row, get(row.bus.property));
};

/**
 * The lines of a unit as the manager has loaded it.
 * @param bases the folders that the unit's own are below, where they are not those of the system's manager
 */
export const loadedLines = (get: Get, bases?: ReadonlyMap<string, string>): MountLines => ({
  bases,
  places: (name) => {
    const field = PLACE_FIELDS.get(name);
    const words = listOf(get(name)).map((one) => (field === undefined ? one : listOf(one)[field]));
    return words.map((one) => barePath(typeof one === 'string' ? one : ''));
  },
  word: (name) => word(get, name),
  isSet: (name) => isSet(get, name),
});
