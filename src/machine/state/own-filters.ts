/** The filter files of a unit, as those read them that load them. */

import { type Diagnostic, error } from '../../diagnostic.js';
import { type DropInFacts, dropInFacts } from '../../plan/emit/drop-in-facts.js';
import type { EmittedFile } from '../../plan/emit/files.js';
import { decodeFilterFile, type FilterFile } from '../../seccomp/filter/filter-file.js';
import {
  filterBeside,
  namesFilter,
  namesReadyFilter,
  readyFilterBeside,
} from '../../systemd/paths/own-files.js';
import type { Context } from '../context.js';
import { readTrusted } from './own-files.js';

/** A filter file that the drop-in needs, or that is there without. */
export interface FilterOnDisk {
  readonly path: string;
  /** Its programs, or why it can't be loaded; `missing` where it should be there, `unused` where nothing loads it. */
  readonly content: FilterFile | Diagnostic | 'missing' | 'unused';
}

/** The launcher's filter, and that of `[ready]`; undefined where there is neither a file nor a need of one. */
export interface FiltersOnDisk {
  readonly start: FilterOnDisk | undefined;
  readonly ready: FilterOnDisk | undefined;
}

/**
 * @param dropIn the path of the unit's drop-in
 * @param files the unit's own that there are
 */
export function ownFilters(
  dropIn: string,
  { launched, tightened }: Pick<DropInFacts, 'launched' | 'tightened'>,
  files: readonly EmittedFile[],
): FiltersOnDisk {
  const look = (path: string, isUsed: boolean, isReady: boolean): FilterOnDisk | undefined => {
    const bytes = files.find((file) => file.path === path)?.content;
    if (!isUsed) return bytes && { path, content: 'unused' };
    return { path, content: bytes ? decoded(bytes, isReady) : 'missing' };
  };
  return {
    start: look(filterBeside(dropIn), launched, false),
    ready: look(readyFilterBeside(dropIn), tightened, true),
  };
}

/** The launcher refuses a file of stage `ready`, and `tighten` any other. */
function decoded(bytes: Uint8Array, isReady: boolean): FilterFile | Diagnostic {
  const file = decodeFilterFile(bytes);
  if (!('programs' in file) || (file.ready ?? false) === isReady) return file;
  return error('cannot-start', `the filter file is ${isReady ? 'not ' : ''}of stage 'ready'`);
}

/** The lines of a unit, all drop-ins together, by which its processes get filters of ours. */
export interface FilterLines {
  /** The words of each command of ExecStart=, without those that systemd starts unconfined. */
  readonly starts: readonly (readonly string[])[];
  /** The words of each command of ExecStartPost=. */
  readonly posts: readonly (readonly string[])[];
}

/** Filters that a service gets: of the launcher at its start, of `[ready]` once it serves. */
export interface ServiceFilters {
  readonly filter: FilterFile | undefined;
  readonly ready: FilterFile | undefined;
}

/**
 * The filters that a service gets. A later drop-in may have put other commands in the place of ours: then none is loaded.
 * @param dropIn the path of our drop-in that the unit has
 * @returns an error where a file can't be read, or isn't root's alone
 */
export async function loadedFilters(
  context: Context,
  dropIn: string,
  { starts, posts }: FilterLines,
): Promise<ServiceFilters | Diagnostic> {
  const files = await readTrusted(context, [dropIn, filterBeside(dropIn), readyFilterBeside(dropIn)]);
  const own = files.find(({ path }) => path === dropIn);
  if (!own) return unknown({ path: dropIn, content: 'missing' });
  const { startsLaunched, tightened } = dropInFacts(own.content);
  const isLaunched = starts.length > 0 && starts.every((words) => words.some(namesFilter));
  const isTightened = posts.some((words) => words.some(namesReadyFilter));
  const used = { launched: startsLaunched && isLaunched, tightened: tightened && isTightened };
  const [filter, ready] = Object.values(ownFilters(dropIn, used, files)).map(loadedOf);
  if (filter && 'code' in filter) return filter;
  return ready && 'code' in ready ? ready : { filter, ready };
}

function loadedOf(one: FilterOnDisk | undefined): FilterFile | Diagnostic | undefined {
  if (!one || one.content === 'unused') return undefined;
  return typeof one.content === 'object' && 'programs' in one.content ? one.content : unknown(one);
}

function unknown({ path, content }: FilterOnDisk): Diagnostic {
  const isBroken = typeof content === 'object' && 'message' in content;
  const why = isBroken ? `${path}: ${content.message}` : `${path} is missing, or others can write to it`;
  const hint = "'sandbox-unit status' shows more";
  return error('bad-file', `can't read one of its filters: ${why}`, { hint });
}
