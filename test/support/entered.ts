/** The functions of src/ that a command line enters, as V8 counts them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Box } from './box.js';
import { inRepository } from './repository.js';

/** A file that Node writes at its end where NODE_V8_COVERAGE names a folder, as far as it is read here. */
interface Coverage {
  readonly result: readonly {
    readonly url: string;
    readonly functions: readonly {
      readonly functionName: string;
      readonly ranges: readonly { readonly startOffset: number; readonly count: number }[];
    }[];
  }[];
}

const FOLDER = '/tmp/coverage';

/** The modules, as the compiler made them: a bundle doesn't show which package a function is from. */
const MODULES = pathToFileURL(inRepository('build/src/')).href;

/**
 * Runs a command line that changes nothing three times in a box. Returns the fewest named functions that a run entered:
 * others are for answers that come late, and for what other machines write into the kernel's log meanwhile.
 */
export async function fewestEntered(box: Box, ...words: string[]): Promise<number> {
  const runs: number[] = [];
  for (let run = 0; run < 3; run += 1) runs.push(await functionsEntered(box, ...words));
  return Math.min(...runs);
}

/** Runs a command line in a box, which has to succeed. Returns how many named functions it entered. */
export async function functionsEntered(box: Box, ...words: string[]): Promise<number> {
  await box.succeed(['rm', '-rf', FOLDER]);
  await box.succeed(['node', inRepository('build/src/cli/main.js'), ...words], {
    env: { NODE_V8_COVERAGE: FOLDER },
  });
  const folder = `/proc/${box.pid}/root${FOLDER}`;
  const runs = readdirSync(folder).map(
    (name): Coverage => JSON.parse(readFileSync(join(folder, name), 'utf8')),
  );
  const modules = runs.flatMap(({ result }) => result).filter(({ url }) => url.startsWith(MODULES));
  const entered = modules.flatMap(({ url, functions }) =>
    functions
      .filter(({ functionName, ranges }) => functionName !== '' && ranges[0]!.count > 0)
      .map(({ ranges }) => `${url} ${ranges[0]!.startOffset}`),
  );
  return new Set(entered).size;
}
