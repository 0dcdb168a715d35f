import { type Command, Command as CommanderCommand, CommanderError } from 'commander';
import type { Outcome } from './commands/outcome.js';
import { type Diagnostic, EXIT, error, UserError } from './diagnostic.js';
import type { Context } from './system/context.js';
import { type OpenOptions, open } from './system/open.js';
import { VERSION } from './version.js';

/** What the program gets from the shell that started it, and how it speaks to it. */
export interface Shell extends Pick<OpenOptions, 'home' | 'environment' | 'homeDirectory'> {
  readonly print: (text: string) => void;
  readonly printError: (text: string) => void;
  /** Shows what a command has to say. */
  readonly show: (outcome: Outcome, options: ShowOptions) => void;
}

export interface ShowOptions {
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** Every option that some command has; commander lets only its own through to each. */
interface Options extends ShowOptions {
  readonly policy?: string;
  readonly template?: string;
  readonly user?: boolean;
  readonly root?: string;
  readonly runtime?: boolean;
  readonly output?: string;
  readonly check?: boolean;
  readonly diff?: boolean;
  readonly allowGaps?: boolean;
  /** False with --no-restart. */
  readonly restart?: boolean;
}

type Action = (context: Context, operands: string[], options: Options) => Promise<Outcome>;

/**
 * Runs one command line.
 * @returns the exit status
 */
export async function run(argv: readonly string[], shell: Shell): Promise<number> {
  let exit: number = EXIT.ok;
  const json = argv.includes('--json');
  const runs =
    (action: Action) =>
    async (...args: unknown[]) => {
      exit = await perform(shell, args.at(-1) as Command, action);
    };
  try {
    const speaker = json ? { ...shell, printError: () => undefined } : shell;
    await describe(speaker, runs).parseAsync([...argv], { from: 'user' });
    return exit;
  } catch (cause) {
    if (!(cause instanceof CommanderError)) throw cause;
    if (cause.exitCode === 0) return EXIT.ok;
    const usage = error('usage', cause.message.replace(/^error: /, '').split('\n', 1)[0]!);
    if (json) shell.show(failure(EXIT.failure, [usage]), { json });
    return EXIT.failure;
  }
}

async function perform(shell: Shell, command: Command, action: Action): Promise<number> {
  const options = command.opts<Options>();
  const outcome = await attempt(shell, command.args, options, action);
  shell.show(outcome, options);
  return outcome.exit;
}

/** What the command says, or why it can't. */
async function attempt(shell: Shell, operands: string[], options: Options, action: Action): Promise<Outcome> {
  let close: (() => Promise<void>) | undefined;
  try {
    const opened = open({ ...options, ...shell });
    close = opened.close;
    return await action(opened.context, operands, options);
  } catch (cause) {
    if (!(cause instanceof UserError)) throw cause;
    return failure(cause.exit, cause.diagnostics, cause.sources);
  } finally {
    await close?.();
  }
}

const failure = (
  exit: number,
  diagnostics: readonly Diagnostic[],
  sources: ReadonlyMap<string, string> = new Map(),
): Outcome => ({ exit, json: {}, text: '', diagnostics, sources });

type Runs = (action: Action) => (...args: unknown[]) => Promise<void>;

function describe(shell: Shell, runs: Runs): Command {
  const program = new CommanderCommand('sandbox-unit')
    .description('Confines systemd services by one TOML policy.')
    .version(VERSION, '--version', 'print the version')
    .helpOption('-h, --help', 'print this')
    .exitOverride()
    .configureOutput({ writeOut: shell.print, writeErr: shell.printError })
    .showSuggestionAfterError();
  policyCommands(program, runs);
  unitCommands(program, runs);
  return program;
}

function policyCommands(program: Command, runs: Runs) {
  program
    .command('check')
    .description('check policies; no system needed')
    .argument('<file...>', 'policy files')
    .option('--json', 'print one JSON object')
    .option('--quiet', 'print only what is wrong')
    .action(runs(async (context, files) => (await import('./commands/check.js')).check(context, files)));
  program
    .command('template')
    .description("list the starter policies ('list'), or print one ('show NAME')")
    .argument('<list|show>')
    .argument('[name]')
    .option('--json', 'print one JSON object')
    .action(
      runs(async (context, words) => (await import('./commands/template.js')).template(context, words)),
    );
  program
    .command('schema')
    .description('print the JSON Schema of policies, for editors')
    .option('--json', 'print it within one JSON object')
    .action(runs(async () => (await import('./commands/schema.js')).schema()));
}

function unitCommands(program: Command, runs: Runs) {
  unitCommand(program, 'plan', 'show who enforces each line of the policy, and how').action(
    runs(async (...args) => (await import('./commands/plan.js')).plan(...args)),
  );
  unitCommand(program, 'generate', 'print the files that apply would write')
    .option('--output <dir>', 'write them into this folder instead')
    .action(runs(async (...args) => (await import('./commands/generate.js')).generate(...args)));
  unitCommand(
    program,
    'apply',
    'write the drop-in, reload, restart, and see that the service runs',
    '<unit...>',
  )
    .option('--check', 'change nothing; exit 3 if something would change')
    .option('--diff', 'show what changes in the files')
    .option('--no-restart', 'leave the service as it runs')
    .action(runs(async (...args) => (await import('./commands/apply.js')).apply(...args)));
  program
    .command('revert')
    .description('remove what apply wrote, reload, restart')
    .argument('<unit...>', 'service')
    .option('--check', 'change nothing; exit 3 if something would change')
    .option('--no-restart', 'leave the service as it runs')
    .option('--user', "the user's service manager")
    .option('--root <dir>', 'work on the system in this folder, offline')
    .option('--json', 'print one JSON object')
    .option('--quiet', 'print only what is wrong')
    .action(runs(async (...args) => (await import('./commands/revert.js')).revert(...args)));
}

function unitCommand(program: Command, name: string, description: string, operand = '<unit>'): Command {
  return program
    .command(name)
    .description(description)
    .argument(operand, 'service')
    .option('--policy <file>', 'the policy (default: /etc/sandbox-unit/UNIT.toml and further places)')
    .option('--template <name>', 'a starter policy instead of a file')
    .option('--user', "the user's service manager")
    .option('--root <dir>', 'work on the system in this folder, offline')
    .option('--runtime', 'until the next boot only')
    .option('--allow-gaps', 'go on although nobody enforces some lines')
    .option('--json', 'print one JSON object')
    .option('--quiet', 'print only what is wrong');
}
