import { type Diagnostic, error } from '../diagnostic.js';
import { dropInFacts } from '../emit/drop-in-facts.js';
import { decodeFilterFile, type FilterFile } from '../filter/filter-file.js';
import { filterBeside, namesFilter, programNamesIn } from '../paths/own-files.js';
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
  const [file] = await readTrusted(context, [dropIn]);
  if (!file) return unknown(`${dropIn} isn't there, or others can write to it`);
  if (!dropInFacts(file.content).startsLaunched || !isLaunched(lines)) return undefined;
  const path = filterBeside(dropIn);
  const [filter] = await readTrusted(context, [path]);
  if (!filter) return unknown(`${path} isn't there, or others can write to it`);
  const decoded = decodeFilterFile(filter.content);
  return 'programs' in decoded ? decoded : unknown(`${path}: ${decoded.message}`);
}

const isLaunched = ({ starts, bound }: StartLines): boolean =>
  bound.some((path) => programNamesIn(path).length > 0) ||
  (starts.length > 0 && starts.every((words) => words.some(namesFilter)));

const unknown = (why: string) =>
  error('filter-unknown', `the launcher's filter can't be told: ${why}`, {
    hint: "'sandbox-unit status' says more",
  });
