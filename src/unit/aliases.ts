import { instanceOf, isTemplate, parseUnitName, type UnitName } from './name.js';
import { normalize } from './path.js';
import { fileName } from './search.js';

/** What there is in a directory of unit files. */
export interface UnitDirectory {
  readonly directory: string;
  readonly fileNames: readonly string[];
  /** Where its links lead, as written, by name. */
  readonly links: ReadonlyMap<string, string>;
}

/** The files of a search path by name, the first of each counts: the name that a link stands for, else undefined. */
export type UnitNames = ReadonlyMap<string, string | undefined>;

/**
 * Sorts out which units are other names of units: links to a file of another name in the search path. A link that leads
 * elsewhere only says where the unit file is (systemd.unit(5); unit_file_build_name_map() in systemd 257).
 * @param directories those that win first
 */
export function unitNames(directories: readonly UnitDirectory[]): UnitNames {
  const places = new Set(directories.map(({ directory }) => directory));
  const names = new Map<string, string | undefined>();
  for (const { directory, fileNames, links } of directories) {
    for (const name of fileNames) {
      if (names.has(name)) continue;
      const link = links.get(name);
      const target =
        link === undefined ? undefined : normalize(link.startsWith('/') ? link : `${directory}/${link}`);
      const isAlias = target !== undefined && places.has(target.slice(0, target.lastIndexOf('/')));
      names.set(name, isAlias && fileName(target) !== name ? fileName(target) : undefined);
    }
  }
  return names;
}

/** The unit that a name stands for: itself, unless it is an alias. */
export function unitNamed(name: UnitName, names: UnitNames): UnitName {
  const seen = new Set<string>();
  let unit = name;
  for (let next: UnitName | undefined = unit; next && !seen.has(next.full); next = targetOf(unit, names)) {
    seen.add(next.full);
    unit = next;
  }
  return unit;
}

/** One step from an alias to its unit; a template's link serves its instances. */
function targetOf(name: UnitName, names: UnitNames): UnitName | undefined {
  const byTemplate = name.instance !== undefined && !names.has(name.full);
  const text = names.get(byTemplate ? name.template! : name.full);
  const target = text === undefined ? undefined : parseUnitName(text);
  if (target === undefined || 'severity' in target || target.type !== name.type) return undefined;
  // systemd ignores links between names of different kinds, but for those from an instance to a template.
  if (isTemplate(target)) return isTemplate(name) ? target : instanceNamed(target, name.instance);
  return byTemplate || isTemplate(name) || target.instance !== name.instance ? undefined : target;
}

const instanceNamed = (template: UnitName, instance: string | undefined): UnitName | undefined =>
  instance === undefined ? undefined : instanceOf(template, instance);

/** The further names of a unit. An instance with a file of its own has none of its template's. */
export function aliasesOf(unit: UnitName, names: UnitNames): UnitName[] {
  const asInstance = !isTemplate(unit) && !names.has(unit.full);
  return [...names].flatMap(([text, target]) => {
    const name = target === undefined ? undefined : parseUnitName(text);
    if (name === undefined || 'severity' in name) return [];
    const alias = isTemplate(name) && asInstance ? instanceNamed(name, unit.instance) : name;
    return alias && alias.full !== unit.full && unitNamed(alias, names).full === unit.full ? [alias] : [];
  });
}
