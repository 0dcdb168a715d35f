import type { CommanderError } from 'commander';
import { type Diagnostic, error } from '../../diagnostic.js';
import { VERBS } from '../commands/verbs.js';
import { ABSENT } from '../run/options.js';

/** The name of the command. */
export const NAME = 'sandbox-unit';

export const isVerb = (word: string): boolean => VERBS.some(({ name }) => name === word);

/** A diagnostic for an error of commander: `error: unknown option '--x'\n(Did you mean --y?)`. */
export function usageError({ code, message }: CommanderError, argv: readonly string[]): Diagnostic {
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

/** A hint at the option that does the same as one of other programs, or of earlier versions. */
function insteadOf(verb: string, flag: string): string | undefined {
  if (verb === 'generate' && ['--at-boot', '--if-changed'].includes(flag))
    return "this option was removed: without '--runtime' the files are for /etc and stay in force after a reboot";
  const hasCheck = VERBS.some(
    (one) => one.name === verb && 'options' in one && one.options.includes('check'),
  );
  return hasCheck && ['--dry-run', '-n'].includes(flag) ? "use '--check', which changes nothing" : undefined;
}

/** A hint for `template NAME`. */
function showsTemplate([verb, name = '']: readonly string[]): string | undefined {
  const isName = verb === 'template' && /^[a-z0-9][a-z0-9-]*$/.test(name) && !['list', 'show'].includes(name);
  return isName ? `'${NAME} template show ${name}' prints the template of that name` : undefined;
}
