import { instanceOf, isTemplate, parseUnitName, type UnitName } from './name.js';
import { fileName } from './path.js';

/** The manager of units: the system's, or that of the user who runs this program. */
export type Scope = 'system' | 'user';

/**
 * The directories of unit files of a system that doesn't run (systemd.unit(5), "Unit File Load Path"); those that win come
 * first. A running manager says its own.
 */
export const UNIT_PATH: readonly string[] = [
  '/etc/systemd/system.control',
  '/run/systemd/system.control',
  '/run/systemd/transient',
  '/run/systemd/generator.early',
  '/etc/systemd/system',
  '/etc/systemd/system.attached',
  '/run/systemd/system',
  '/run/systemd/system.attached',
  '/run/systemd/generator',
  '/usr/local/lib/systemd/system',
  '/usr/lib/systemd/system',
  // The directory differs from the one above only if /usr isn't merged, as up to Debian 11.
  '/lib/systemd/system',
  '/run/systemd/generator.late',
];

/**
 * The directories of a unit's drop-ins; those that win come first. Each search directory has the unit's own, its
 * template's and those of its prefixes (`foo-bar-.service.d`, `foo-.service.d`). The directories of its aliases follow,
 * and `service.d` is last (systemd.unit(5); unit_file_find_dropin_paths() in systemd 257). A template's directories are
 * those that all its instances share.
 * @param aliases further names of the unit
 * @param searchPath the directories of unit files; those that win come first
 */
export function dropInDirectories(
  name: UnitName,
  aliases: readonly UnitName[],
  searchPath: readonly string[],
): string[] {
  const directories = [name, ...aliases].flatMap((one) => {
    const names = isTemplate(one) ? namesOfAllInstances(one) : namesWithDropIns(one);
    return searchPath.flatMap((directory) => names.map((own) => `${directory}/${own}.d`));
  });
  return [...new Set([...directories, ...searchPath.map((directory) => `${directory}/${name.type}.d`)])];
}

/** A name, its template, and the names whose prefix ends at one of its dashes, with their templates. */
function namesWithDropIns(name: UnitName): string[] {
  const names = [name.full];
  if (name.template !== undefined && !isTemplate(name)) names.push(...namesWithDropIns(valid(name.template)));
  const prefix = shorterPrefix(name.prefix);
  if (prefix === undefined) return names;
  const instance = name.instance === undefined ? '' : `@${name.instance}`;
  return [...names, ...namesWithDropIns(valid(`${prefix}${instance}.${name.type}`))];
}

function namesOfAllInstances(template: UnitName): string[] {
  const names = namesWithDropIns(instanceOf(template, '0') ?? template);
  return names.filter((name) => valid(name).instance === undefined);
}

/**
 * The next shorter prefix, which ends in a dash: `foo-bar-` for `foo-bar-baz`, `foo-` for `foo-bar-`. Undefined where
 * no dash is left, or only one in front.
 */
function shorterPrefix(prefix: string): string | undefined {
  const stem = prefix.endsWith('-') ? prefix.slice(0, -1) : prefix;
  const dash = stem.lastIndexOf('-');
  return dash > 0 ? stem.slice(0, dash + 1) : undefined;
}

/** The prefixes of the names whose drop-ins an instance has. */
export function prefixesWithDropIns(prefix: string): string[] {
  const shorter = shorterPrefix(prefix);
  return shorter === undefined ? [prefix] : [prefix, ...prefixesWithDropIns(shorter)];
}

/** A name that was made from a valid one and isn't longer. */
const valid = (name: string) => parseUnitName(name) as UnitName;

/** The files in a directory of drop-ins. */
export interface DropInDirectory {
  readonly directory: string;
  readonly fileNames: readonly string[];
}

/**
 * The drop-ins that systemd reads, in its order, by the bytes of the file name. Of equal file names only the first
 * directory's counts.
 * @param directories the directories that win come first
 */
export function selectDropIns(directories: readonly DropInDirectory[]): string[] {
  const chosen = new Map<string, string>();
  for (const { directory, fileNames } of directories) {
    for (const name of fileNames) {
      if (!name.endsWith('.conf') || name.startsWith('.') || chosen.has(name)) continue;
      chosen.set(name, `${directory}/${name}`);
    }
  }
  return [...chosen].sort(([a], [b]) => compareBytes(a, b)).map(([, path]) => path);
}

/** Whether a file is a drop-in that systemd reads after another one, whatever their directories. */
export const isReadAfter = (path: string, other: string): boolean =>
  path.endsWith('.conf') && compareBytes(fileName(path), fileName(other)) > 0;

/** Compares by UTF-8 bytes: their order is that of code points, unlike the order of JavaScript's strings. */
function compareBytes(a: string, b: string): number {
  const left = [...a];
  const right = [...b];
  const differ = left.findIndex((character, i) => character !== right[i]);
  if (differ < 0) return left.length - right.length;
  return (left[differ]!.codePointAt(0) ?? 0) - (right[differ]?.codePointAt(0) ?? -1);
}
