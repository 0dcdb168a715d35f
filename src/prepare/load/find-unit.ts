import type { Context } from '../../machine/context.js';
import { MAX_SIZE } from '../../machine/state/own-files.js';
import { headerOf } from '../../plan/emit/drop-in-facts.js';
import { ownDropInPaths } from '../../systemd/paths/own-files.js';
import { aliasesOf, type UnitNames, unitNamed, unitNames } from '../../systemd/unit/aliases.js';
import { instanceOf, parseUnitName, type UnitName } from '../../systemd/unit/name.js';
import {
  dropInDirectories,
  prefixesWithDropIns,
  selectDropIns,
  UNIT_PATH,
} from '../../systemd/unit/search.js';

/** Finds unit files and drop-ins as a manager would, from the files alone. */

/** A unit's files without ours; `fragment` is undefined if there is none. */
export interface FoundUnit {
  readonly name: UnitName;
  readonly fragment: string | undefined;
  /** In systemd's order. */
  readonly dropIns: readonly string[];
}

/** The unit that a name stands for, by the links of the search path, and its files. */
export async function findUnit(context: Context, given: UnitName): Promise<FoundUnit> {
  const names = await readNames(context);
  const name = unitNamed(given, names);
  return {
    name,
    fragment: await findFragment(context, name),
    dropIns: await findDropIns(context, name, aliasesOf(name, names)),
  };
}

/** The names of the services that have a file, links included. */
export async function serviceNames(context: Context): Promise<string[]> {
  const folders = await searchPath(context);
  const lists = await Promise.all(folders.map((directory) => context.system.list(directory)));
  return [...new Set(lists.flat().filter((name) => name.endsWith('.service')))];
}

/** The folders of unit files: those that a running manager says, since it was started with variables of its own. */
async function searchPath({ system, offline }: Context): Promise<readonly string[]> {
  return (offline ? undefined : (await system.manager()).unitPath) ?? UNIT_PATH;
}

async function readNames(context: Context): Promise<UnitNames> {
  const { system } = context;
  const directories = (await searchPath(context)).map(async (directory) => ({
    directory,
    fileNames: await system.list(directory),
    links: await system.links(directory),
  }));
  return unitNames(await Promise.all(directories));
}

async function findFragment(context: Context, name: UnitName): Promise<string | undefined> {
  for (const candidate of new Set([name.full, name.template ?? name.full])) {
    for (const directory of await searchPath(context)) {
      if ((await context.system.list(directory)).includes(candidate)) return `${directory}/${candidate}`;
    }
  }
  return undefined;
}

/** All folders of drop-ins that there are, of whatever unit. */
export async function dropInFolders(context: Context): Promise<ReadonlySet<string>> {
  const lists = (await searchPath(context)).map(async (directory) =>
    (await context.system.list(directory)).map((name) => `${directory}/${name}`),
  );
  return new Set((await Promise.all(lists)).flat().filter((path) => path.endsWith('.d')));
}

/**
 * The drop-ins that systemd would read of a unit without ours. It reads only the first of equal names, so that ours may
 * hide another one. A template has those that all its instances have.
 * @param there dropInFolders(), where many units are looked at; without it each folder that a unit may have is looked for
 */
export async function findDropIns(
  context: Context,
  name: UnitName,
  aliases: readonly UnitName[],
  there?: ReadonlySet<string>,
): Promise<string[]> {
  const path = await searchPath(context);
  const own = await dropInPathsFor(context, name);
  const folders = dropInDirectories(name, aliases, path).filter((folder) => there?.has(folder) ?? true);
  const candidates = folders.map(async (directory) => ({
    directory,
    fileNames: (await context.system.list(directory)).filter((file) => !own.includes(`${directory}/${file}`)),
  }));
  return selectDropIns(await Promise.all(candidates));
}

/**
 * The paths of our drop-ins that systemd may read of a unit: its own, which hide others of that name, and those that
 * were made for its template.
 */
export async function dropInPathsFor(
  { system, placement }: Context,
  { full, template = full }: UnitName,
): Promise<string[]> {
  const paths = ownDropInPaths(placement, full);
  for (const path of template === full ? [] : ownDropInPaths(placement, template)) {
    const file = await system.read(path, { limit: MAX_SIZE });
    if (file && headerOf(file.bytes).policy !== undefined) paths.push(path);
  }
  return paths;
}

/** A template, and its instances that have a unit file or drop-ins of their own. */
export interface FoundTemplate {
  readonly name: UnitName;
  readonly instances: readonly UnitName[];
}

/** The template that a template's name stands for. */
export async function findTemplateUnit(context: Context, given: UnitName): Promise<FoundTemplate> {
  const names = await readNames(context);
  const name = unitNamed(given, names);
  const prefixes = new Set(
    [name, ...aliasesOf(name, names)].flatMap((one) => prefixesWithDropIns(one.prefix)),
  );
  const lists = (await searchPath(context)).map((directory) => context.system.list(directory));
  const entries = (await Promise.all(lists)).flat().map((entry) => entry.replace(/\.d$/, ''));
  const instances = entries.flatMap((entry) => {
    const own = parseUnitName(entry);
    const isOne = 'full' in own && own.full === entry && own.type === name.type && prefixes.has(own.prefix);
    return (isOne && own.instance !== undefined && instanceOf(name, own.instance)) || [];
  });
  return { name, instances: [...new Map(instances.map((one) => [one.full, one])).values()] };
}

/** An instance without files of its own, which loads as the template alone; undefined if no name for one is valid. */
export function plainInstance({ name, instances }: FoundTemplate): UnitName | undefined {
  const taken = new Set(instances.map(({ full }) => full));
  const numbers = Array.from({ length: instances.length + 1 }, (_, i) => instanceOf(name, String(i)));
  return numbers.find((one) => one !== undefined && !taken.has(one.full));
}
