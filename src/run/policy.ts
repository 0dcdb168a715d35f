import { type Diagnostic, EXIT, error, printable, UserError } from '../diagnostic.js';
import { parsePolicy } from '../policy/parse.js';
import { findTemplate, type PolicyPlace } from '../prepare/load/find-template.js';
import { INPUT, inputPolicy } from '../prepare/load/input-policy.js';
import { type LoadedPolicy, loadPolicy } from '../prepare/load/load-policy.js';
import type { Context } from '../system/context.js';
import type { RunOptions } from './options.js';

/** The name that diagnostics show for a policy on the command line. */
export const COMMAND_LINE = 'command line';

/** The options of `run`, by the keys of the policy that they become. */
const OPTIONS: ReadonlyMap<string, string> = new Map([
  ...['allow', 'deny', 'log', 'stage'].map((key): [string, string] => [key, `--${key}`]),
  ['action', '--errno'],
]);

/**
 * A diagnostic about a policy on the command line, by the option in place of a line that nobody has written.
 * @param options names of options, by the keys that they become
 */
export function namingOption(
  diagnostic: Diagnostic,
  sources: ReadonlyMap<string, string>,
  options = OPTIONS,
): Diagnostic {
  const { at, message, hint, ...rest } = diagnostic;
  const lines = sources.get(COMMAND_LINE)?.split('\n') ?? [];
  const optionAt = (line: number) => options.get(lines[line - 1]?.split(' ', 1)[0] ?? '');
  const named = (text: string) =>
    text.replace(PLACE, (_, line: string) => optionAt(Number(line)) ?? 'the command line');
  const told = { ...rest, message: named(message), ...(hint === undefined ? {} : { hint: named(hint) }) };
  if (at === undefined) return told;
  if (at.file !== COMMAND_LINE) return { ...told, at };
  const option = optionAt(at.line);
  return { ...told, message: option === undefined ? told.message : `${option}: ${told.message}` };
}

/** A place on the command line within a text. */
const PLACE = new RegExp(`\\b${COMMAND_LINE}:(\\d+)(?::\\d+)?`, 'g');

type PolicyOptions = Pick<RunOptions, 'allow' | 'deny' | 'log' | 'errno' | 'stage'> & {
  readonly policy?: string;
  readonly template?: string;
};

/**
 * The policy of a command line: a file or a template, the additions of its own options, or both. Empty if no option is
 * about a policy.
 */
export async function runPolicy(context: Context, options: PolicyOptions): Promise<LoadedPolicy> {
  const base = options.policy ?? options.template;
  const text = inlinePolicy(options, base);
  if (text === '' && base === undefined) {
    const { policy } = parsePolicy('', COMMAND_LINE);
    return { policy, diagnostics: [], complete: true, withoutBases: () => [], sources: new Map() };
  }
  const input = options.policy === INPUT ? await inputPolicy(context) : undefined;
  const inline = { system: context.program, path: COMMAND_LINE, text, ...(input ? { input } : {}) };
  const place = text === '' ? (input ?? (await baseOf(context, options))) : inline;
  return loadPolicy(context, place, { trusted: true, confines: true });
}

const baseOf = async (context: Context, { policy, template }: PolicyOptions): Promise<PolicyPlace> =>
  policy === undefined ? findTemplate(context, template!) : { system: context.program, path: policy };

/** The options as a policy, which is read and checked as any other; empty if there are none. */
export function inlinePolicy(
  { allow, deny, log, errno, stage, policy, template }: PolicyOptions,
  base = policy ?? template,
): string {
  const lines = [
    ...(['allow', 'deny', 'log'] as const).flatMap((key) => listOf(key, { allow, deny, log }[key])),
    ...(errno === undefined ? [] : [`action = ${errnoText(errno)}`]),
    ...(stage === undefined ? [] : [`stage = ${quoted(stage)}`]),
  ];
  if (lines.length === 0) return '';
  const extended = base === undefined ? [] : [`extends = [${quoted(referenceTo(base, policy))}]`];
  return [...extended, '[syscalls]', ...lines, ''].join('\n');
}

const usage = (message: string, hint?: string) =>
  new UserError(error('usage', message, { hint }), EXIT.findings);

/** The line of a list of calls; none where there is no list. @throws UserError `usage` */
export function listOf(key: string, values: readonly string[] | undefined): string[] {
  if (values === undefined) return [];
  const names = values
    .flatMap((value) => value.split(','))
    .map((name) => name.trim())
    .filter((name) => name !== '');
  if (names.length === 0) throw usage(`--${key} names no call`);
  const several = names.find((name) => /[ \t]/.test(name));
  if (several !== undefined) {
    const hint = `names are separated by commas: --${key} ${several.split(/[ \t]+/).join(',')}`;
    throw usage(`--${key} has white space in '${printable(several, 80)}'`, hint);
  }
  return [`${key} = [${names.map(quoted).join(', ')}]`];
}

/** A string of TOML: one of JSON is valid there. */
const quoted = (text: string): string => JSON.stringify(text);

/** An answer to refused calls as a value of TOML. */
export const errnoText = (text: string): string => (/^\d+$/.test(text) ? String(Number(text)) : quoted(text));

/** The reference to a base: `extends` takes a name without a slash for a template. */
const referenceTo = (base: string, policy: string | undefined): string =>
  policy === undefined || policy === INPUT || base.includes('/') ? base : `./${base}`;
