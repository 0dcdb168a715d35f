import { type Diagnostic, EXIT, UserError } from '../diagnostic.js';
import type { Context } from '../machine/context.js';
import { type OpenOptions, open } from '../machine/open.js';
import type { Recorded } from '../machine/recorded/recorded.js';
import type { Outcome, ShowOptions } from '../outcome.js';
import { type ColorChoice, PLAIN, type Themes } from '../theme.js';
import { askedBy } from './command-line/asked.js';
import { CommanderError, parse } from './command-line/parse.js';
import { isVerb, usageError } from './command-line/usage.js';
import type { CommonOptions, VerbOptions } from './commands/options.js';
import type { Verb } from './commands/verb.js';
import { COMPLETE, VERBS } from './commands/verbs.js';

/** The way in which an outcome is shown on a terminal. */
export interface ShellOptions extends ShowOptions {
  readonly color?: ColorChoice;
  /** Whether the text may be long, so that it goes through a pager. */
  readonly pages?: boolean;
}

/** The surroundings of the program: the shell's environment, and functions that print. */
export interface Shell
  extends Pick<
    OpenOptions,
    'home' | 'self' | 'environment' | 'homeDirectory' | 'input' | 'printError' | 'columns'
  > {
  readonly print: (text: string) => void;
  /** The themes of both streams. */
  readonly themes: (choice?: ColorChoice) => Themes;
  /** Shows a command's outcome. */
  readonly show: (outcome: Outcome, options: ShellOptions) => Promise<void>;
}

/**
 * Runs one command line.
 * @returns the exit status
 */
export async function run(argv: readonly string[], shell: Shell): Promise<number> {
  const { words: given, ...asked } = askedBy(argv);
  const words = given.join(' ') === 'help help' ? ['help'] : given;
  const runVerb = async (verb: Verb, operands: string[], options: VerbOptions & CommonOptions) => {
    const outcome = await attempt(shell, verb, operands, options);
    const pages = verb.pages === true && options.pager !== false;
    await shell.show(outcome, { ...options, pages, ...(options.json ? asked : {}) });
    return outcome.exit;
  };
  if (argv[0] === COMPLETE.name) return runVerb(COMPLETE, argv.slice(1), { user: argv.includes('--user') });
  const code = codeAsked(words);
  if (code !== undefined) return tellCode(code, shell);
  try {
    const printError = asked.json ? () => undefined : shell.printError;
    return await parse(
      {
        ...{ words, ...asked },
        print: shell.print,
        printError,
        theme: () => shell.themes(asked.color).output,
      },
      runVerb,
    );
  } catch (cause) {
    if (!(cause instanceof CommanderError)) throw cause;
    if (cause.exitCode === 0) return EXIT.ok;
    // commander has printed the help if the command is missing.
    if (cause.code === 'commander.help' && !asked.json) return EXIT.failure;
    // The statuses of `run` are systemd-run's.
    const exit = argv[0] === 'run' ? EXIT.findings : EXIT.failure;
    await shell.show(failedOutcome(exit, [usageError(cause, argv)]), asked);
    return exit;
  }
}

/** The word of `help WORD` that isn't the name of a verb. */
const codeAsked = ([verb, word = '', ...more]: readonly string[]): string | undefined =>
  verb === 'help' && /^[^-]/.test(word) && more.length === 0 && !isVerb(word) ? word : undefined;

async function tellCode(word: string, shell: Shell): Promise<number> {
  const { codeHelp } = await import('./report/code-help.js');
  const found = codeHelp(
    word,
    VERBS.map(({ name }) => name),
  );
  if (typeof found !== 'string') {
    await shell.show(failedOutcome(EXIT.failure, [found]), {});
    return EXIT.failure;
  }
  shell.print(found);
  return EXIT.ok;
}

/** The outcome of a command; that of a failure if it throws a UserError. */
async function attempt(
  shell: Shell,
  verb: Verb,
  operands: string[],
  options: VerbOptions & CommonOptions,
): Promise<Outcome> {
  let close: (() => Promise<void>) | undefined;
  let recorded: Recorded | undefined;
  const orUnanswered = async (outcome: Outcome): Promise<Outcome> => {
    if (!recorded?.unanswered) return outcome;
    const { unansweredOutcome } = await import('./report/unanswered.js');
    return unansweredOutcome(recorded.unanswered, options);
  };
  try {
    const action = await verb.load();
    const theme = options.json || verb.passThrough ? PLAIN : shell.themes(options.color).output;
    const does = verb.passThrough || options.quiet ? undefined : [verb.name, ...operands].join(' ');
    const opened = open({ ...options, ...shell, theme, does });
    close = opened.close;
    let { context } = opened;
    if (options.facts) ({ context, recorded } = await onFacts(context, options.facts));
    return await orUnanswered(await action(context, operands, options));
  } catch (cause) {
    if (!(cause instanceof UserError)) throw cause;
    return await orUnanswered(failedOutcome(cause.exit, cause.diagnostics, cause.sources));
  } finally {
    await close?.();
  }
}

/** Loaded where it is needed: most commands are about the machine that they run on. */
async function onFacts(context: Context, paths: readonly string[]) {
  const { onRecorded } = await import('../machine/recorded/read-facts.js');
  return onRecorded(context, paths);
}

const failedOutcome = (
  exit: number,
  diagnostics: readonly Diagnostic[],
  sources: ReadonlyMap<string, string> = new Map(),
): Outcome => ({ exit, json: {}, text: '', diagnostics, sources });
