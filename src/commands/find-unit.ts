import { ownDropInPaths } from '../emit/paths.js';
import type { Context } from '../system/context.js';
import { aliasesOf, type UnitNames, unitNamed, unitNames } from '../unit/aliases.js';
import type { UnitName } from '../unit/name.js';
import { dropInDirectories, selectDropIns, unitSearchPath } from '../unit/search.js';

/** Finds unit files and drop-ins as a manager would, from the files alone. */

/** A unit's files without ours; `fragment` is undefined where there is none. */
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
  const lists = await Promise.all(searchPath(context).map((directory) => context.system.list(directory)));
  return [...new Set(lists.flat().filter((name) => name.endsWith('.service')))];
}

const searchPath = ({ placement, environment }: Context) => unitSearchPath(placement.scope, environment);

async function readNames(context: Context): Promise<UnitNames> {
  const { system } = context;
  const directories = searchPath(context).map(async (directory) => ({
    directory,
    fileNames: await system.list(directory),
    links: await system.links(directory),
  }));
  return unitNames(await Promise.all(directories));
}

async function findFragment(context: Context, name: UnitName): Promise<string | undefined> {
  for (const candidate of new Set([name.full, name.template ?? name.full])) {
    for (const directory of searchPath(context)) {
      if ((await context.system.list(directory)).includes(candidate)) return `${directory}/${candidate}`;
    }
  }
  return undefined;
}

/**
 * The drop-ins that systemd would read of a unit if ours weren't there: of equal names it reads only the first, so ours
 * may hide another one.
 */
export async function findDropIns(
  context: Context,
  name: UnitName,
  aliases: readonly UnitName[],
): Promise<string[]> {
  // A manager that runs was started with variables of its own.
  const path = (!context.offline && (await context.system.manager()).unitPath) || searchPath(context);
  const own = ownDropInPaths(context.placement, name.full);
  const candidates = dropInDirectories(name, aliases, path).map(async (directory) => ({
    directory,
    fileNames: (await context.system.list(directory)).filter((file) => !own.includes(`${directory}/${file}`)),
  }));
  return selectDropIns(await Promise.all(candidates));
}
