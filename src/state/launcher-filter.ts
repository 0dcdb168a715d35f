import { type Diagnostic, error } from '../diagnostic.js';
import { type DropInFacts, dropInFacts } from '../emit/drop-in-facts.js';
import { decodeFilterFile, type FilterFile } from '../filter/filter-file.js';
import {
  filterBeside,
  namesFilter,
  namesReadyFilter,
  programNamesIn,
  readyFilterBeside,
} from '../paths/own-files.js';
import type { Context } from '../system/context.js';
import { readTrusted } from './own-files.js';

/** The lines of a unit, all drop-ins together, by which the launcher may start it. */
export interface StartLines {
  /** The words of each command of ExecStart=, without those that systemd starts unconfined. */
  readonly starts: readonly (readonly string[])[];
  /** The sources of BindReadOnlyPaths=. */
  readonly bound: readonly string[];
}

/**
 * The filter that the launcher loads for a service; undefined where no launcher starts it. A later drop-in may have put
 * other commands in the place of ours.
 * @param dropIn the path of our drop-in that the unit has
 * @returns an error where it can't be read, or isn't root's alone
 */
export async function launcherFilter(
  context: Context,
  dropIn: string,
  lines: StartLines,
): Promise<FilterFile | Diagnostic | undefined> {
  const facts = await factsOf(context, dropIn);
  if (!facts) return unknown(LAUNCHER, absent(dropIn));
  return facts.startsLaunched && isLaunched(lines)
    ? readFilter(context, LAUNCHER, filterBeside(dropIn))
    : undefined;
}

/**
 * The filter that a service gets once it serves; undefined where none is loaded then. A later drop-in may have put other
 * commands in the place of ours.
 * @param dropIn the path of our drop-in that the unit has
 * @param posts the words of each command of ExecStartPost=
 * @returns an error where it can't be read, or isn't root's alone
 */
export async function readyFilter(
  context: Context,
  dropIn: string,
  posts: readonly (readonly string[])[],
): Promise<FilterFile | Diagnostic | undefined> {
  const facts = await factsOf(context, dropIn);
  if (!facts) return unknown(READY, absent(dropIn));
  return facts.tightened && posts.some((words) => words.some(namesReadyFilter))
    ? readFilter(context, READY, readyFilterBeside(dropIn))
    : undefined;
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

const isLaunched = ({ starts, bound }: StartLines): boolean =>
  bound.some((path) => programNamesIn(path).length > 0) ||
  (starts.length > 0 && starts.every((words) => words.some(namesFilter)));

const unknown = (what: string, why: string) =>
  error('filter-unknown', `${what} can't be told: ${why}`, {
    hint: "'sandbox-unit status' says more",
  });
