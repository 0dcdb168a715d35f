import { type Diagnostic, error } from '../diagnostic.js';
import { dropInFacts } from '../emit/drop-in-facts.js';
import { decodeFilterFile, type FilterFile } from '../filter/filter-file.js';
import { filterBeside } from '../paths.js';
import type { Context } from '../system/context.js';
import { readTrusted } from './own-files.js';

/**
 * The filter that the launcher loads for a service; undefined where no launcher starts it.
 * @param dropIn the path of our drop-in that the unit has
 * @returns an error where it can't be read, or isn't root's alone
 */
export async function launcherFilter(
  context: Context,
  dropIn: string,
): Promise<FilterFile | Diagnostic | undefined> {
  const [lines] = await readTrusted(context, [dropIn]);
  if (!lines) return unknown(`${dropIn} isn't there, or others can write to it`);
  if (!dropInFacts(lines.content).startsLaunched) return undefined;
  const path = filterBeside(dropIn);
  const [filter] = await readTrusted(context, [path]);
  if (!filter) return unknown(`${path} isn't there, or others can write to it`);
  const decoded = decodeFilterFile(filter.content);
  return 'programs' in decoded ? decoded : unknown(`${path}: ${decoded.message}`);
}

const unknown = (why: string) =>
  error('filter-unknown', `the launcher's filter can't be told: ${why}`, {
    hint: "'sandbox-unit status' says more",
  });
