/** The command of dist/ in this process: as cli.ts runs it, but started once and asked many times. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { Readable } from 'node:stream';
import type { run as Run } from '../../src/cli/program.js';
import { shown } from '../../src/outcome.js';
import { PLAIN_THEMES } from '../../src/theme.js';
import { inRepository, REPOSITORY } from './repository.js';
import type { RunResult } from './run.js';

const load = createRequire(import.meta.url);

/** The program for a command line, as the command finds it: in the verb's own file, or in that of all others. */
function programFor([verb = '']: readonly string[]): { readonly run: typeof Run } {
  const own = inRepository('dist', `${verb}.cjs`);
  return load(/^\w+$/.test(verb) && existsSync(own) ? own : inRepository('dist/program.cjs'));
}

/** Runs a command line to its end. */
export async function runCommand(
  argv: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
  input?: string,
): Promise<RunResult> {
  let stdout = '';
  let stderr = '';
  const print = (said: string) => {
    stdout += said;
  };
  const printError = (said: string) => {
    stderr += said;
  };
  const status = await programFor(argv).run(argv, {
    home: REPOSITORY,
    self: [process.execPath, inRepository('dist/sandbox-unit.cjs')],
    environment,
    homeDirectory: homedir(),
    ...(input === undefined ? {} : { input: Readable.from([input]) }),
    print,
    printError,
    columns: () => 0,
    themes: () => PLAIN_THEMES,
    show: async (outcome, options) => {
      const { output, errors } = shown(outcome, options);
      printError(errors);
      print(output);
    },
  });
  return { status, stdout, stderr };
}
