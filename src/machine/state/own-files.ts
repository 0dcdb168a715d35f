import { codeOf } from '../../diagnostic.js';
import type { ExistingFile } from '../../plan/emit/changes.js';
import { headerOf } from '../../plan/emit/drop-in-facts.js';
import { isProgramFile } from '../../plan/emit/files.js';
import {
  dropInPath,
  filterPath,
  hasNameOfDropIn,
  isNumberedFolder,
  keptPolicyPath,
  namesFilter,
  namesReadyFilter,
  programsFolder,
  readyFilterPath,
} from '../../systemd/paths/own-files.js';
import { LIFETIMES, type Lifetime, unitDirectories } from '../../systemd/paths/placement.js';
import { fileName, folderOf } from '../../systemd/unit/path.js';
import type { Context } from '../context.js';
import { orElse } from './failures.js';

/** The most bytes that are read of a file of ours: none is larger. */
export const MAX_SIZE = 4 << 20;

/**
 * The files that apply wrote for a unit, the drop-in first: without the others it would start nothing. Those that others could
 * change are marked.
 */
export async function readOwnFiles(context: Context, unit: string): Promise<ExistingFile[]> {
  const { placement } = context;
  const programs = programsFolder(placement, unit);
  const folder = folderOf(programs);
  const there = (await context.system.list(folder)).map((name) => `${folder}/${name}`);
  const own = [dropInPath, filterPath, readyFilterPath, keptPolicyPath].map((of) => of(placement, unit));
  return [
    ...(await readMarked(
      context,
      own.filter((path) => there.includes(path)),
    )),
    ...(there.includes(programs) ? await readProgramFiles(context, programs) : []),
  ];
}

/** The last time that one of a unit's own files was written, in whole milliseconds since 1970; 0 if there is none. */
export async function lastWritten(context: Context, unit: string): Promise<number> {
  const files = await readOwnFiles(context, unit);
  return Math.floor(Math.max(0, ...files.map(({ modified }) => modified)));
}

/** The context for files of another lifetime. */
export const withLifetime = (context: Context, lifetime: Lifetime): Context => ({
  ...context,
  placement: { ...context.placement, lifetime },
});

/** A drop-in of ours, or a filter that is left of one, and its lifetime. */
export interface OwnDropIn {
  readonly unit: string;
  readonly path: string;
  readonly lifetime: Lifetime;
}

/** All drop-ins of ours, whatever their units. The first of two for one unit is the one that systemd reads. */
export const ownDropIns = async (context: Context): Promise<OwnDropIn[]> =>
  (await ownPlaces(context)).filter(({ path }) => hasNameOfDropIn(path));

/** All drop-ins of ours, and filters that are there without one. */
export async function ownPlaces({ system, placement }: Context): Promise<OwnDropIn[]> {
  const found: OwnDropIn[] = [];
  for (const [i, directory] of unitDirectories(placement).entries()) {
    for (const name of await system.list(directory)) {
      if (!name.endsWith('.d')) continue;
      const files = (await system.list(`${directory}/${name}`)).map((file) => `${directory}/${name}/${file}`);
      const path = files.find(hasNameOfDropIn) ?? files.find(namesFilter) ?? files.find(namesReadyFilter);
      if (path) found.push({ unit: name.slice(0, -2), path, lifetime: LIFETIMES[i]! });
    }
  }
  return found;
}

/**
 * The place of ours that counts for each unit: the one that systemd reads first. A filter without a drop-in yields to a
 * drop-in. A file that only has the name of a drop-in of ours yields to one of ours.
 */
export async function confinedPlaces(context: Context): Promise<Map<string, OwnDropIn>> {
  const found = new Map<string, OwnDropIn>();
  for (const place of await ownPlaces(context)) {
    const first = found.get(place.unit);
    if (!first || (hasNameOfDropIn(place.path) && !(await isOurs(context, first.path))))
      found.set(place.unit, place);
  }
  return found;
}

/** Whether a file says that it is a drop-in of ours; one that can't be read doesn't. */
export async function isOurs(context: Context, path: string): Promise<boolean> {
  if (!hasNameOfDropIn(path)) return false;
  const look = async () => {
    const [file] = await readFiles(context, [path]);
    return file !== undefined && headerOf(file.content).policy !== undefined;
  };
  return orElse(look, false);
}

/** Files of ours that earlier versions made for `[exec] programs`. Targets of links aren't ours, nor are files that others have put there. */
async function readProgramFiles(context: Context, folder: string): Promise<ExistingFile[]> {
  if ((await context.system.links(folderOf(folder))).has(fileName(folder))) return [];
  const own = await pathsIn(context, folder);
  const isNumbered = (path: string) => isNumberedFolder(path.slice(folder.length + 1));
  const ofTwins = await Promise.all(own.filter(isNumbered).map((path) => pathsIn(context, path)));
  const files = await readMarked(context, [...own.filter((path) => !isNumbered(path)), ...ofTwins.flat()]);
  return files.filter(({ content }) => isProgramFile(content));
}

/** All that is in a folder, but for links. */
async function pathsIn({ system }: Context, folder: string): Promise<string[]> {
  const links = await system.links(folder);
  const names = await system.list(folder);
  return names.filter((name) => !links.has(name)).map((name) => `${folder}/${name}`);
}

/** Reads those of some files that exist, and marks those that others can change. */
async function readMarked(context: Context, paths: readonly string[]): Promise<ExistingFile[]> {
  const files: ExistingFile[] = [];
  for (const path of paths) {
    try {
      files.push(...(await readFiles(context, [path], { trusted: true })));
    } catch (cause) {
      if (codeOf(cause) !== 'untrusted-file') throw cause;
      const read = await readFiles(context, [path]);
      files.push(...read.map((file) => ({ ...file, untrusted: true })));
    }
  }
  return files;
}

/** Reads those of some files that exist, and that others can't change: a file that they can is as good as none. */
export const readTrusted = async (context: Context, paths: readonly string[]): Promise<ExistingFile[]> =>
  (await readMarked(context, paths)).filter(({ untrusted }) => !untrusted);

/** Reads those of some files that exist. */
export async function readFiles(
  { system }: Context,
  paths: readonly string[],
  { trusted = false } = {},
): Promise<ExistingFile[]> {
  const files: ExistingFile[] = [];
  for (const path of paths) {
    const file = await system.read(path, { limit: MAX_SIZE, trusted });
    if (!file) continue;
    const { bytes: content, mode, modified } = file;
    files.push({ path, content, mode, modified });
  }
  return files;
}
