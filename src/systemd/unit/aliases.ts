import { instanceOf, isTemplate, parseUnitName, type UnitName } from './name.js';
import { fileName, folderOf, normalize } from './path.js';

/** The content of a directory of unit files. */
export interface UnitDirectory {
  readonly directory: string;
  readonly fileNames: readonly string[];
  /** The targets of its links as written, by the link's name. */
  readonly links: ReadonlyMap<string, string>;
}

/**
 * The files of a search path by name: the name that a link stands for, undefined for other files. The first file of a
 * name counts.
 */
export type UnitNames = ReadonlyMap<string, string | undefined>;

/**
 * Finds the aliases in a search path: links to a file of another name in the search path. A link to another place only
 * says where the unit file is (systemd.unit(5); unit_file_build_name_map() in systemd 257).
 * @param directories the directories that win come first
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
      const isAlias = target !== undefined && places.has(folderOf(target));
      names.set(name, isAlias && fileName(target) !== name ? fileName(target) : undefined);
    }
  }
  return names;
}

/** The unit that a name stands for: another one if the name is an alias. */
export function unitNamed(name: UnitName, names: UnitNames): UnitName {
  const seen = new Set<string>();
  let unit = name;
  for (let next: UnitName | undefined = unit; next && !seen.has(next.full); next = targetOf(unit, names)) {
    seen.add(next.full);
    unit = next;
  }
  return unit;
}

/** The next name on the way from an alias to its unit; a template's link serves its instances. */
function targetOf(name: UnitName, names: UnitNames): UnitName | undefined {
  const byTemplate = name.instance !== undefined && !names.has(name.full);
  const text = names.get(byTemplate ? name.template! : name.full);
  const target = text === undefined ? undefined : parseUnitName(text);
  if (target === undefined || 'severity' in target || target.type !== name.type) return undefined;
  // systemd ignores links between names of different kinds, except links from an instance to a template.
  if (isTemplate(target)) return isTemplate(name) ? target : instanceNamed(target, name.instance);
  return byTemplate || isTemplate(name) || target.instance !== name.instance ? undefined : target;
}

const instanceNamed = (template: UnitName, instance: string | undefined): UnitName | undefined =>
  instance === undefined ? undefined : instanceOf(template, instance);

/** The aliases of a unit. An instance with a file of its own has none of its template's aliases. */
export function aliasesOf(unit: UnitName, names: UnitNames): UnitName[] {
  const asInstance = !isTemplate(unit) && !names.has(unit.full);
  return [...names].flatMap(([text, target]) => {
    const name = target === undefined ? undefined : parseUnitName(text);
    if (name === undefined || 'severity' in name) return [];
    const alias = isTemplate(name) && asInstance ? instanceNamed(name, unit.instance) : name;
    return alias && alias.full !== unit.full && unitNamed(alias, names).full === unit.full ? [alias] : [];
  });
}
