import { Command, Option } from 'commander';
import { EXIT } from '../../diagnostic.js';
import { COLOR_CHOICES, type Theme } from '../../theme.js';
import { VERSION } from '../../version.js';
import {
  COMMON_OPTIONS,
  type CommonOptions,
  EXCLUSIVE,
  OPTIONS,
  REPEATED,
  type VerbOptions,
} from '../commands/options.js';
import { HELPS, type Verb, type VerbGroup } from '../commands/verb.js';
import { VERBS } from '../commands/verbs.js';
import type { OptionRow } from '../run/options.js';
import { JSON_FLAG, type OutputRequest } from './asked.js';
import { COMMAND_GROUPS, groupOf, inGroups, OUTPUT } from './help-groups.js';
import { NAME } from './usage.js';

export { CommanderError } from 'commander';

/** Runs a verb, and returns its exit status. */
export type RunVerb = (
  verb: Verb,
  operands: string[],
  options: VerbOptions & CommonOptions,
) => Promise<number>;

export interface ParseOptions extends OutputRequest {
  readonly print: (text: string) => void;
  readonly printError: (text: string) => void;
  /** The theme of the help. */
  readonly theme: () => Theme;
}

/**
 * Parses a command line and runs its verb.
 * @returns the exit status of the verb that the words name
 */
export async function parse(options: ParseOptions, runVerb: RunVerb): Promise<number> {
  const { words, jsonForm, print, printError, theme } = options;
  let exit: number = EXIT.ok;
  const runs = (verb: Verb) => {
    return async (...args: unknown[]) => {
      const command = args.at(-1) as Command;
      refuseSlips(command, verb.passThrough);
      if (jsonForm === 'summary' && !verb.summarizes)
        command.error(`option '${JSON_FLAG}=summary' works only with ${SUMMARIZING}`);
      exit = await runVerb(verb, command.args, command.opts());
    };
  };
  const program = new Command(NAME)
    .description('Confines systemd services by one TOML policy.')
    .version(VERSION, '--version', 'print the version')
    .helpOption(...HELP)
    .addHelpCommand(new Command('help').argument('[command]').description(HELPS).helpGroup('Help:'))
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: print,
      writeErr: printError,
      outputError: () => undefined,
      // The theme has been decided.
      getOutHasColors: () => true,
      getErrHasColors: () => true,
    })
    .configureHelp({
      styleTitle: (title) => theme().paint('place', title),
      // An option's own words name the values that it takes.
      optionDescription: ({ description }) => description,
    })
    .addHelpText('after', `\nThe manual: man ${NAME}, man ${NAME}.toml`);
  for (const verb of VERBS) addVerb(program, verb, words, runs);
  await program.parseAsync([...words], { from: 'user' });
  return exit;
}

/** Options of systemctl(1) and systemd-run(1) that say what is so anyway, and the options that they contradict. */
const WITHOUT_EFFECT: readonly (readonly [flags: string, other: string[]])[] = [
  ['--no-ask-password', []],
  ['--system', ['user']],
];

function addVerb(
  parent: Command,
  verb: Verb | VerbGroup,
  words: readonly string[],
  runs: (verb: Verb) => (...args: unknown[]) => void,
) {
  const command = parent.command(verb.name).description(verb.does);
  const heading = COMMAND_GROUPS.get(verb.name);
  if (heading !== undefined) command.helpGroup(heading);
  // The list of commands needs no more of one.
  if (!words.includes(verb.name)) return;
  command.addHelpOption(helpOption());
  if ('verbs' in verb) {
    command.helpCommand(false);
    for (const inner of verb.verbs) addVerb(command, inner, words, runs);
    return;
  }
  if (verb.operands) command.argument(verb.operands);
  if (verb.passThrough) command.passThroughOptions();
  for (const name of inGroups(verb.options)) {
    const option = optionOf(name, verb.own?.[name]);
    const group = groupOf(name);
    command.addOption(group ? option.helpGroup(group) : option);
  }
  for (const option of commonOptions()) command.addOption(option.helpGroup(OUTPUT));
  for (const [flags, other] of WITHOUT_EFFECT)
    command.addOption(new Option(flags).hideHelp().conflicts(other));
  const examples = verb.examples.map((example) => `  ${NAME} ${example}`);
  const page = `${NAME}-${parent.parent ? parent.name() : verb.name}`;
  // The option takes no argument, which would be the next word: the form stands behind `=` alone.
  if (verb.summarizes)
    command.configureHelp({
      ...command.configureHelp(),
      optionTerm: ({ long, flags }) => (long === JSON_FLAG ? `${JSON_FLAG}[=summary]` : flags),
      optionDescription: ({ long, description }) =>
        long === JSON_FLAG ? `${description}; =summary prints a short form` : description,
    });
  command
    .addHelpText(
      'after',
      () =>
        `\n${command.configureHelp().styleTitle?.('Examples:')}\n${examples.join('\n')}\n\nThe manual: man ${page}`,
    )
    .action(runs(verb));
}

const HELP = ['-h, --help', 'print this help'] as const;

const helpOption = () => new Option(...HELP).helpGroup(OUTPUT);

const commonOptions = () =>
  COMMON_OPTIONS.map(([flags, does]) => {
    const option = new Option(flags, does);
    return option.long === '--color' ? option.choices(COLOR_CHOICES) : option;
  });

/** The verbs whose JSON has a short form. */
const SUMMARIZING = VERBS.flatMap((verb) => ('summarizes' in verb ? verb.name : [])).join(', ');

function optionOf(name: keyof VerbOptions, own?: OptionRow): Option {
  const [flags, does] = own ?? OPTIONS[name];
  const option = new Option(flags, does);
  if (REPEATED.some((one) => one === name))
    option.argParser((value, before: string[] = []) => [...before, value]);
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
