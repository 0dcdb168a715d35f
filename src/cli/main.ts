#!/usr/bin/env node
import { realpathSync, writeSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, resolve } from 'node:path';
import { defect, EXIT, error, renderDiagnostic } from '../diagnostic.js';
import { type Outcome, shown } from '../outcome.js';
import type { ColorChoice, Themes } from '../theme.js';
import { VERSION } from '../version.js';
import type { ShellOptions } from './program.js';
import { NO_TERMINAL, streamOf } from './terminal/streams.js';
import { isDumb, type OutputStream, themeOf } from './terminal/theme-of.js';

async function main(argv: readonly string[]): Promise<void> {
  // Scripts ask for the version often: nothing is loaded for it.
  if (argv.length === 1 && argv[0] === '--version') return print(`${VERSION}\n`);
  const { prepareEngine } = await import('../machine/short-run.js');
  prepareEngine(process.env);
  const { run } = await import('./program.js');
  process.exitCode = await run(argv, {
    home: programHome(),
    self: [process.execPath, realpathSync(process.argv[1]!)],
    environment: process.env,
    homeDirectory: homedir(),
    print,
    printError,
    columns,
    themes,
    show,
  });
}

/** The folder of the program's own files: above that of the started script. */
function programHome(): string {
  const script = dirname(realpathSync(process.argv[1]!));
  return resolve(script, script.endsWith('/build/src/cli') ? '../../..' : '..');
}

/** Shows an outcome. What goes wrong is told below long output, which its reader has left then. */
async function show(outcome: Outcome, options: ShellOptions): Promise<void> {
  const { output, errors } = shown(outcome, options, themes(options.color).errors);
  const isPaged = options.pages === true && (await page(output));
  printError(errors);
  if (!isPaged) print(output);
}

/** Shows long output on a terminal by a pager; false if there is none, or no need. */
async function page(output: string): Promise<boolean> {
  const size = outputSize();
  if (size.columns === undefined || output === '') return false;
  const { showPaged } = await import('./terminal/pager.js');
  return showPaged(output, size, process.env);
}

/** The themes of both streams, each decided when it is asked for. */
const themes = (choice?: ColorChoice): Themes => ({
  get output() {
    return themeOf(outputSize(), process.env, choice);
  },
  get errors() {
    return themeOf(errorsSize(), process.env, choice);
  },
});

const sizeOf = ({ isTTY, columns, rows }: NodeJS.WriteStream): OutputStream =>
  isTTY ? { columns, rows } : NO_TERMINAL;

const outputSize = (): OutputStream => streamOf(1, () => sizeOf(process.stdout));
const errorsSize = (): OutputStream => streamOf(2, () => sizeOf(process.stderr));

/** The width of the terminal that standard error is; 0 for none that can clear a line. */
const columns = (): number => (isDumb(process.env) ? 0 : (errorsSize().columns ?? 0));

/** Whether a stream has yet to print. */
let isPrinting = false;

const print = (text: string) => write(1, text);
const printError = (text: string) => write(2, text);

/** Writes straight to the descriptor: a stream takes Node two milliseconds to make. */
function write(fd: 1 | 2, text: string) {
  let rest = Buffer.from(text);
  try {
    while (rest.length > 0) rest = rest.subarray(writeSync(fd, rest));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EAGAIN') return unwritten(fd, cause as Error);
    // A full pipe that doesn't block: the stream waits.
    isPrinting = true;
    const stream = fd === 1 ? process.stdout : process.stderr;
    stream.on('error', (cause) => unwritten(fd, cause)).write(rest);
  }
}

/** Handles a failed write. A reader that has gone (`| head`) is no failure of ours: the command's work is done. */
function unwritten(fd: 1 | 2, cause: Error) {
  if ((cause as NodeJS.ErrnoException).code === 'EPIPE') return;
  if (fd === 1) printError(`${renderDiagnostic(error('unwritable', `can't print: ${cause.message}`))}\n`);
  process.exit(EXIT.failure);
}

/** Reports an exception that only a defect of the program can cause. */
function failed(cause: unknown) {
  const debug = process.env.SANDBOX_UNIT_DEBUG !== undefined;
  const diagnostics = [defect(cause, debug ? undefined : 'set SANDBOX_UNIT_DEBUG=1 to see where')];
  const options = { json: process.argv.some((word) => word === '--json' || word.startsWith('--json=')) };
  void show({ exit: EXIT.failure, json: {}, text: '', diagnostics, sources: new Map() }, options);
  if (debug && cause instanceof Error) printError(`${cause.stack}\n`);
  process.exitCode = EXIT.failure;
}

// Exceptions that nobody waits for end here.
process.on('uncaughtException', (cause) => {
  failed(cause);
  process.exit();
});
void main(process.argv.slice(2))
  .catch(failed)
  // The work is done: Node's own way to an end takes ten milliseconds.
  .then(() => isPrinting || process.exit());
