#!/usr/bin/env node
import { realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, resolve } from 'node:path';
import type { Command } from 'commander';
import type { Context, Outcome } from './commands/context.js';
import { EXIT, error, hasErrors, renderDiagnostic, UserError } from './diagnostic.js';
import { VERSION } from './version.js';

/** Options that every command of a unit takes. */
interface CommonOptions {
  readonly policy?: string;
  readonly template?: string;
  readonly user?: boolean;
  readonly root?: string;
  readonly runtime?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
  /** False with --no-restart. */
  readonly restart?: boolean;
}

type Action = (context: Context, operands: string[], options: CommonOptions) => Promise<Outcome>;

async function main(argv: readonly string[]): Promise<void> {
  // The one answer that scripts ask for often: no package is loaded for it.
  if (argv.length === 1 && argv[0] === '--version') return print(process.stdout, `${VERSION}\n`);
  const { Command: CommandClass, CommanderError } = await import('commander');
  const program = describe(new CommandClass('sandbox-unit'));
  try {
    await program.parseAsync([...argv], { from: 'user' });
  } catch (cause) {
    if (!(cause instanceof CommanderError)) throw cause;
    process.exitCode = cause.exitCode === 0 ? EXIT.ok : EXIT.failure;
  }
}

function describe(program: Command): Command {
  program
    .description('Confines systemd services by one TOML policy.')
    .version(VERSION, '--version', 'print the version')
    .helpOption('-h, --help', 'print this')
    .exitOverride()
    .showSuggestionAfterError();

  program
    .command('check')
    .description('check policies; no system needed')
    .argument('<file...>', 'policy files')
    .option('--json', 'print one JSON object')
    .option('--quiet', 'print only what is wrong')
    .action(runs(async (context, files) => (await import('./commands/check.js')).check(context, files)));

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
    .option('--allow-gaps', 'go on although nobody enforces some lines')
    .action(runs(async (...args) => (await import('./commands/apply.js')).apply(...args)));

  unitCommand(program, 'revert', 'remove what apply wrote, reload, restart', '<unit...>')
    .option('--check', 'change nothing; exit 3 if something would change')
    .option('--no-restart', 'leave the service as it runs')
    .action(runs(async (...args) => (await import('./commands/revert.js')).revert(...args)));

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
    .option('--json', 'the same')
    .action(runs(async () => (await import('./commands/schema.js')).schema()));
  return program;
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
    .option('--json', 'print one JSON object')
    .option('--quiet', 'print only what is wrong');
}

/** Turns a command into what commander calls: opens the machine, prints the outcome, sets the exit status. */
function runs(action: Action) {
  return async (...args: unknown[]) => {
    const command = args.at(-1) as Command;
    const options = command.opts<CommonOptions>();
    const { open } = await import('./system/open.js');
    const { context, close } = open({
      ...options,
      home: programHome(),
      environment: process.env,
      homeDirectory: homedir(),
    });
    try {
      show(await action(context, command.args, options), options);
    } catch (cause) {
      if (!(cause instanceof UserError)) throw cause;
      const failed = {
        exit: cause.exit,
        json: {},
        text: '',
        diagnostics: cause.diagnostics,
        sources: new Map(),
      };
      show(failed, options);
    } finally {
      await close();
    }
  };
}

/** Where the program's own files are: above the folder of the script that was started. */
function programHome(): string {
  const script = dirname(realpathSync(process.argv[1]!));
  return resolve(script, script.endsWith('/build/src') ? '../..' : '..');
}

function show(outcome: Outcome, options: CommonOptions) {
  const { diagnostics, sources, exit } = outcome;
  if (options.json) {
    const flat = diagnostics.map(({ at, ...rest }) => ({ ...rest, ...at }));
    const replacer = (_: string, value: unknown) => (typeof value === 'bigint' ? Number(value) : value);
    const body = { ...outcome.json, ok: exit === EXIT.ok, diagnostics: flat };
    print(process.stdout, `${JSON.stringify(body, replacer, 2)}\n`);
  } else {
    const shown = options.quiet ? diagnostics.filter((d) => d.severity !== 'note') : diagnostics;
    print(process.stderr, shown.map((d) => `${renderDiagnostic(d, sources)}\n`).join(''));
    if (!options.quiet || hasErrors(diagnostics)) print(process.stdout, outcome.text);
  }
  process.exitCode = exit;
}

function print(stream: NodeJS.WriteStream, text: string) {
  if (text !== '') stream.write(text);
}

/** A reader that has gone (`| head`) is no failure of ours. */
process.stdout.on('error', () => process.exit(EXIT.failure));

main(process.argv.slice(2)).catch((cause: unknown) => {
  // Reached only by a defect of the program.
  const detail = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
  const text = process.env.SANDBOX_UNIT_DEBUG
    ? detail
    : String(cause instanceof Error ? cause.message : cause);
  const hint = process.env.SANDBOX_UNIT_DEBUG ? undefined : 'SANDBOX_UNIT_DEBUG=1 shows where';
  print(process.stderr, `${renderDiagnostic(error('internal', `this is a defect: ${text}`, { hint }))}\n`);
  process.exitCode = EXIT.failure;
});
