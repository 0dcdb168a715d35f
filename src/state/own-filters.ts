import { type Diagnostic, error } from '../diagnostic.js';
import { type DropInFacts, dropInFacts } from '../emit/drop-in-facts.js';
import { decodeFilterFile, type FilterFile } from '../filter/filter-file.js';
import { filterBeside, namesFilter, namesReadyFilter, readyFilterBeside } from '../paths/own-files.js';
import type { Context } from '../system/context.js';
import { readTrusted } from './own-files.js';

/** The lines of a unit, all drop-ins together, by which its processes get filters of ours. */
export interface FilterLines {
  /** The words of each command of ExecStart=, without those that systemd starts unconfined. */
  readonly starts: readonly (readonly string[])[];
  /** The words of each command of ExecStartPost=. */
  readonly posts: readonly (readonly string[])[];
}

/** A filter of ours; undefined where none is loaded, and an error where it can't be read, or isn't root's alone. */
type OwnFilter = FilterFile | Diagnostic | undefined;

/** The filters of ours that a service gets: the launcher's from its start on, and that of `[ready]` once it serves. */
export interface OwnFilters {
  readonly filter: OwnFilter;
  readonly ready: OwnFilter;
}

/**
 * The filters of a service. A later drop-in may have put other commands in the place of ours: then none is loaded.
 * @param dropIn the path of our drop-in that the unit has
 */
export async function ownFilters(
  context: Context,
  dropIn: string,
  { starts, posts }: FilterLines,
): Promise<OwnFilters> {
  const facts = await factsOf(context, dropIn);
  if (!facts) {
    const why = absent(dropIn);
    return { filter: unknown(LAUNCHER, why), ready: unknown(READY, why) };
  }
  const isTightened = facts.tightened && posts.some((words) => words.some(namesReadyFilter));
  return {
    filter:
      facts.startsLaunched && isLaunched(starts)
        ? await readFilter(context, LAUNCHER, filterBeside(dropIn))
        : undefined,
    ready: isTightened ? await readFilter(context, READY, readyFilterBeside(dropIn)) : undefined,
  };
}

const LAUNCHER = "the launcher's filter";
const READY = 'the filter of [ready]';

/** Undefined for a drop-in that isn't there, or that others can write to. */
async function factsOf(context: Context, dropIn: string): Promise<DropInFacts | undefined> {
  const [file] = await readTrusted(context, [dropIn]);
  return file && dropInFacts(file.content);
}

async function readFilter(context: Context, what: string, path: string): Promise<FilterFile | Diagnostic> {
  const [filter] = await readTrusted(context, [path]);
  if (!filter) return unknown(what, absent(path));
  const decoded = decodeFilterFile(filter.content);
  return 'programs' in decoded ? decoded : unknown(what, `${path}: ${decoded.message}`);
}

const absent = (path: string) => `${path} isn't there, or others can write to it`;

const isLaunched = (starts: FilterLines['starts']): boolean =>
  starts.length > 0 && starts.every((words) => words.some(namesFilter));

const unknown = (what: string, why: string) =>
  error('filter-unknown', `${what} can't be told: ${why}`, {
    hint: "'sandbox-unit status' says more",
  });
