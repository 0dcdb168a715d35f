/** Lines of a unit that mount something, as its properties on the bus tell. */

import type { Get } from '../../directives/directive.js';
import { isOn } from '../../directives/is-on.js';
import { findDirective } from '../../directives/table.js';
import { type MountLines, temporaryMount } from '../../directives/values/mount-entries.js';
import { barePath } from '../../unit/values.js';

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** Properties that are lists of structs, and the field that is the place of a mount. */
const PLACE_FIELDS: ReadonlyMap<string, number> = new Map([
  ['BindPaths', 1],
  ['BindReadOnlyPaths', 1],
  ['MountImages', 1],
  ['TemporaryFileSystem', 0],
]);

/** The paths of a list of words with prefixes, or of one field of each struct in a list. */
function placesIn(get: Get, property: string): string[] {
  const field = PLACE_FIELDS.get(property);
  return listOf(get(property)).map((one) => barePath(textOf(field === undefined ? one : listOf(one)[field])));
}

export const word = (get: Get, property: string): string => textOf(get(property));

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
  places: (name) => placesIn(get, name),
  word: (name) => word(get, name),
  isSet: (name) => isSet(get, name),
  temporary: () =>
    listOf(get('TemporaryFileSystem')).map((struct) => {
      const [path = '', options = ''] = listOf(struct).map(textOf);
      return temporaryMount(path, options);
    }),
});
