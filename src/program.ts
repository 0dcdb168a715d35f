import { Command, CommanderError, Option } from 'commander';
import { EXCLUSIVE, OPTIONS, type Options, REPEATED } from './commands/options.js';
import { type Action, VERBS, type Verb, type VerbGroup } from './commands/verbs.js';
import { type Diagnostic, EXIT, error, UserError } from './diagnostic.js';
import { JSON_FORMS, type JsonForm, type Outcome, type ShowOptions } from './outcome.js';
import { ABSENT } from './run/options.js';
import type { Context } from './system/context.js';
import { type OpenOptions, open } from './system/open.js';
import type { Recorded } from './system/recorded/recorded.js';
import { VERSION } from './version.js';

/** The surroundings of the program: the shell's environment, and functions that print. */
export interface Shell
  extends Pick<
    OpenOptions,
    'home' | 'self' | 'environment' | 'homeDirectory' | 'input' | 'printError' | 'columns'
  > {
  readonly print: (text: string) => void;
  /** Shows a command's outcome. */
  readonly show: (outcome: Outcome, options: ShowOptions) => void;
}

const NAME = 'sandbox-unit';

/**
 * Runs one command line.
 * @returns the exit status
 */
export async function run(argv: readonly string[], shell: Shell): Promise<number> {
  const { words, ...options } = jsonOf(argv);
  const runVerb = async (operands: string[], given: Options, action: Action) => {
    const outcome = await attempt(shell, operands, given, action);
    shell.show(outcome, { ...given, ...(given.json ? options : {}) });
    return outcome.exit;
  };
  const code = codeAsked(words);
  if (code !== undefined) return tellCode(code, shell);
  try {
    return await parse(
      { words, ...options },
      options.json ? { ...shell, printError: () => undefined } : shell,
      runVerb,
    );
  } catch (cause) {
    if (!(cause instanceof CommanderError)) throw cause;
    if (cause.exitCode === 0) return EXIT.ok;
    // commander has printed the help if the command is missing.
    if (cause.code === 'commander.help' && !options.json) return EXIT.failure;
    // The statuses of `run` are systemd-run's.
    const exit = argv[0] === 'run' ? EXIT.findings : EXIT.failure;
    shell.show(failure(exit, [usageError(cause, argv)]), options);
    return exit;
  }
}

/** The word of `help WORD` that isn't the name of a verb. */
const codeAsked = ([verb, word = '', ...more]: readonly string[]): string | undefined =>
  verb === 'help' && /^[^-]/.test(word) && more.length === 0 && !isVerb(word) ? word : undefined;

const isVerb = (word: string): boolean => VERBS.some(({ name }) => name === word);

async function tellCode(word: string, shell: Shell): Promise<number> {
  const { codeHelp } = await import('./report/code-help.js');
  const found = codeHelp(
    word,
    VERBS.map(({ name }) => name),
  );
  if (typeof found !== 'string') {
    shell.show(failure(EXIT.failure, [found]), {});
    return EXIT.failure;
  }
  shell.print(found);
  return EXIT.ok;
}

/** The JSON that a command line asks for, even one that can't be parsed. */
interface AskedJson {
  /** The words with `--json` in the place of `--json=FORM`, which commander doesn't know. */
  readonly words: readonly string[];
  readonly json: boolean;
  readonly jsonForm?: JsonForm;
}

function jsonOf(argv: readonly string[]): AskedJson {
  const end = argv.includes('--') ? argv.indexOf('--') : argv.length;
  const found = argv.slice(0, end).filter((word) => word === FLAG || word.startsWith(`${FLAG}=`));
  const jsonForm = FORMS.get(found.findLast((word) => word !== FLAG) ?? '');
  // Later words of `run` are another program's.
  const isOwn = (i: number) => i < end && argv[0] !== 'run';
  const words = argv.map((word, i) => (isOwn(i) && FORMS.has(word) ? FLAG : word));
  return { words, json: found.length > 0, ...(jsonForm ? { jsonForm } : {}) };
}

const FLAG = '--json';

/** Forms by the words that ask for them. */
const FORMS: ReadonlyMap<string, JsonForm> = new Map(JSON_FORMS.map((form) => [`${FLAG}=${form}`, form]));

/** A diagnostic for an error of commander: `error: unknown option '--x'\n(Did you mean --y?)`. */
function usageError({ code, message }: CommanderError, argv: readonly string[]): Diagnostic {
  const [verb = ''] = argv;
  const [said = '', advice = ''] = message.replace(/^error: /, '').split('\n');
  const [, meant] = /^\(Did you mean (.*)\?\)$/.exec(advice) ?? [];
  const known = isVerb(verb);
  const [, flag = ''] = /^unknown option '(--?[a-z-]+)/i.exec(said) ?? [];
  const absent = verb === 'run' ? ABSENT.get(flag) : insteadOf(verb, flag);
  const later = verb.startsWith('-') ? argv.find(isVerb) : undefined;
  const help = later
    ? `options come after the command: see '${NAME} ${later} --help'`
    : `see '${NAME} ${known ? `${verb} ` : ''}--help'`;
  const hint = absent ?? (meant ? `did you mean '${meant}'?` : (showsTemplate(argv) ?? help));
  return error('usage', code === 'commander.help' ? 'a command is missing' : said, { hint });
}

/** A hint at the option that does the same as one of other programs. */
function insteadOf(verb: string, flag: string): string | undefined {
  const hasCheck = VERBS.some(
    (one) => one.name === verb && 'options' in one && one.options.includes('check'),
  );
  return hasCheck && ['--dry-run', '-n'].includes(flag) ? "'--check' changes nothing" : undefined;
}

/** A hint for `template NAME`. */
function showsTemplate([verb, name = '']: readonly string[]): string | undefined {
  const isName = verb === 'template' && /^[a-z0-9][a-z0-9-]*$/.test(name) && !['list', 'show'].includes(name);
  return isName ? `'${NAME} template show ${name}' prints the template of that name` : undefined;
}

/** The outcome of a command; that of a failure if it throws a UserError. */
async function attempt(shell: Shell, operands: string[], options: Options, action: Action): Promise<Outcome> {
  let close: (() => Promise<void>) | undefined;
  let recorded: Recorded | undefined;
  const orUnanswered = async (outcome: Outcome): Promise<Outcome> => {
    if (!recorded?.unanswered) return outcome;
    const { unansweredOutcome } = await import('./report/unanswered.js');
    return unansweredOutcome(recorded.unanswered, options);
  };
  try {
    const opened = open({ ...options, ...shell });
    close = opened.close;
    let { context } = opened;
    if (options.facts) ({ context, recorded } = await onFacts(context, options.facts));
    return await orUnanswered(await action(context, operands, options));
  } catch (cause) {
    if (!(cause instanceof UserError)) throw cause;
    return await orUnanswered(failure(cause.exit, cause.diagnostics, cause.sources));
  } finally {
    await close?.();
  }
}

/** Loaded where it is needed: most commands are about the machine that they run on. */
async function onFacts(context: Context, paths: readonly string[]) {
  const { onRecorded } = await import('./system/recorded/read-facts.js');
  return onRecorded(context, paths);
}

const failure = (
  exit: number,
  diagnostics: readonly Diagnostic[],
  sources: ReadonlyMap<string, string> = new Map(),
): Outcome => ({ exit, json: {}, text: '', diagnostics, sources });

type RunVerb = (operands: string[], options: Options, action: Action) => Promise<number>;

/**
 * Parses a command line and runs its verb.
 * @returns the exit status of the verb that the words name
 */
async function parse({ words, jsonForm }: AskedJson, shell: Shell, runVerb: RunVerb): Promise<number> {
  let exit: number = EXIT.ok;
  const runs = ({ load, passThrough, summarizes }: Verb) => {
    return async (...args: unknown[]) => {
      const command = args.at(-1) as Command;
      refuseSlips(command, passThrough);
      if (jsonForm === 'summary' && !summarizes)
        command.error(`option '${FLAG}=summary' is for ${SUMMARIZING}`);
      exit = await runVerb(command.args, command.opts(), await load());
    };
  };
  const program = new Command(NAME)
    .description('Confines systemd services by one TOML policy.')
    .version(VERSION, '--version', 'print the version')
    .helpOption('-h, --help', 'print this')
    .helpCommand('help [command]', 'print the help of a command, or of the code of a message')
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({ writeOut: shell.print, writeErr: shell.printError, outputError: () => undefined })
    .addHelpText('after', `\nThe manual: man ${NAME}, man ${NAME}.toml`);
  for (const verb of VERBS) addVerb(program, verb, runs);
  await program.parseAsync([...words], { from: 'user' });
  return exit;
}

/** Options of systemctl(1) and systemd-run(1) that say what is so anyway, and the options that they contradict. */
const WITHOUT_EFFECT: readonly (readonly [flags: string, other: string[]])[] = [
  ['--no-ask-password', []],
  ['--no-pager', []],
  ['--system', ['user']],
];

function addVerb(
  parent: Command,
  verb: Verb | VerbGroup,
  runs: (verb: Verb) => (...args: unknown[]) => void,
) {
  const command = parent.command(verb.name).description(verb.does);
  if ('verbs' in verb) {
    command.helpCommand(false);
    for (const inner of verb.verbs) addVerb(command, inner, runs);
    return;
  }
  if (verb.operands) command.argument(verb.operands);
  if (verb.passThrough) command.passThroughOptions();
  for (const name of verb.options) command.addOption(optionOf(name, verb.own?.[name]));
  for (const [flags, other] of WITHOUT_EFFECT)
    command.addOption(new Option(flags).hideHelp().conflicts(other));
  const examples = verb.examples.map((words) => `  ${NAME} ${words}`);
  const page = `${NAME}-${parent.parent ? parent.name() : verb.name}`;
  // The option takes no argument, which would be the next word: the form stands behind `=` alone.
  if (verb.summarizes)
    command.configureHelp({
      optionTerm: ({ long, flags }) => (long === FLAG ? `${FLAG}[=summary]` : flags),
      optionDescription: ({ long, description }) =>
        long === FLAG ? `${description}; with =summary a short one` : description,
    });
  command
    .addHelpText('after', `\nExamples:\n${examples.join('\n')}\n\nThe manual: man ${page}`)
    .action(runs(verb));
}

/** The verbs whose JSON has a short form. */
const SUMMARIZING = VERBS.flatMap((verb) => ('summarizes' in verb ? verb.name : [])).join(', ');

function optionOf(name: keyof Options, own?: readonly [flags: string, does: string]): Option {
  const [flags, does] = own ?? OPTIONS[name];
  const option = new Option(flags, does);
  if (REPEATED.includes(name)) option.argParser((value, before: string[] = []) => [...before, value]);
  return option.conflicts(EXCLUSIVE[name] ?? []);
}

/** Refuses words that can only come from a slip: a variable of the shell that is empty, bytes that are no text. */
function refuseSlips(command: Command, passThrough = false) {
  const words: [what: string, word: unknown][] = [
    ...command.args.map((word): [string, string] => ['an operand', word]),
    ...Object.entries(command.opts()).flatMap(([name, value]) =>
      [value].flat().map((one): [string, unknown] => [`--${name}`, one]),
    ),
  ];
  for (const [what, word] of words) {
    // Node puts the replacement character where the bytes are.
    const isMeant = passThrough && what === 'an operand';
    const slip =
      word === '' && !isMeant
        ? 'is empty'
        : String(word).includes('\ufffd')
          ? 'is not UTF-8 text'
          : undefined;
    if (slip) command.error(`${what} ${slip}`);
  }
}
