import { type Diagnostic, EXIT, error, printable, UserError } from '../../diagnostic.js';
import type { Context } from '../../machine/context.js';
import { type ParsedPolicy, readPolicy } from '../../policy/parse.js';
import { assertFewValues } from '../../policy/policy-size.js';
import type { KeyPath, TomlDocument } from '../../policy/toml.js';
import { findTemplate, type PolicyPlace } from '../../prepare/load/find-template.js';
import { INPUT, inputPolicy } from '../../prepare/load/input-policy.js';
import { type LoadedPolicy, loadPolicy } from '../../prepare/load/load-policy.js';
import type { RunOptions } from './options.js';

/** The name of the policy that options make. */
const COMMAND_LINE = 'command line';

/** A place in the policy that options make: its file is the option, or COMMAND_LINE. */
const PLACE = new RegExp(`(--[a-z]+|${COMMAND_LINE}):1(?::1)?\\b`, 'g');

/** A diagnostic about a policy that options make, by the option in place of a line that nobody has written. */
export function namingOption({ at, message, hint, ...rest }: Diagnostic): Diagnostic {
  const named = (text: string) =>
    text.replace(PLACE, (_, place: string) => (place === COMMAND_LINE ? 'the command line' : place));
  const told = { ...rest, message: named(message), ...(hint === undefined ? {} : { hint: named(hint) }) };
  if (at === undefined || at.file === COMMAND_LINE) return told;
  return at.file.startsWith('--') ? { ...told, message: `${at.file}: ${told.message}` } : { ...told, at };
}

/** An option of a policy: the key that it becomes, and the value. */
type OptionValue = readonly [option: string, key: string, value: unknown];

/**
 * A policy of one section that options make, read as that of a file is; an empty one without options.
 */
export function optionsPolicy(section: 'syscalls' | 'ready', values: readonly OptionValue[]): ParsedPolicy {
  return readPolicy(optionsDocument(section, values, []), COMMAND_LINE);
}

/** @param bases what the policy extends */
function optionsDocument(
  section: 'syscalls' | 'ready',
  values: readonly OptionValue[],
  bases: readonly string[],
): TomlDocument {
  const keys = Object.fromEntries(values.map(([, key, value]) => [key, value]));
  const data = {
    ...(bases.length > 0 ? { extends: bases } : {}),
    ...(values.length > 0 ? { [section]: keys } : {}),
  };
  assertFewValues(data, COMMAND_LINE);
  const at = ([, key]: KeyPath) => {
    const [option = COMMAND_LINE] = values.find(([, one]) => one === key) ?? [];
    return { file: option, line: 1, column: 1 };
  };
  return { data, keyAt: at, valueAt: at };
}

type RunPolicyOptions = Pick<RunOptions, 'allow' | 'deny' | 'log' | 'errno' | 'stage'> & {
  readonly policy?: string;
  readonly template?: string;
};

/**
 * The policy of a command line: a file or a template, the additions of its own options, or both. Empty if no option is
 * about a policy.
 */
export async function runPolicy(context: Context, options: RunPolicyOptions): Promise<LoadedPolicy> {
  const base = options.policy ?? options.template;
  const document = inlinePolicy(options);
  if (document === undefined && base === undefined) {
    const { policy } = optionsPolicy('syscalls', []);
    return { policy, diagnostics: [], complete: true, withoutBases: () => [], sources: new Map() };
  }
  const input = options.policy === INPUT ? await inputPolicy(context) : undefined;
  const inline = document && {
    system: context.program,
    path: COMMAND_LINE,
    document,
    ...(input ? { input } : {}),
  };
  const place = inline ?? input ?? (await baseOf(context, options));
  return loadPolicy(context, place, { trusted: true, confines: true });
}

const baseOf = async (context: Context, { policy, template }: RunPolicyOptions): Promise<PolicyPlace> =>
  policy === undefined ? findTemplate(context, template!) : { system: context.program, path: policy };

/** The options as a policy; undefined if there are none. */
export function inlinePolicy({
  allow,
  deny,
  log,
  errno,
  stage,
  policy,
  template,
}: RunPolicyOptions): TomlDocument | undefined {
  const lists = Object.entries({ allow, deny, log }).flatMap(([key, calls]): OptionValue[] =>
    calls ? [[`--${key}`, key, namesOf(`--${key}`, calls)]] : [],
  );
  const values: readonly OptionValue[] = [
    ...lists,
    ...(errno === undefined ? [] : [['--errno', 'action', errnoOf(errno)] as const]),
    ...(stage === undefined ? [] : [['--stage', 'stage', stage] as const]),
  ];
  const base = policy ?? template;
  if (values.length === 0) return undefined;
  return optionsDocument('syscalls', values, base === undefined ? [] : [referenceTo(base, policy)]);
}

const usage = (message: string, hint?: string) =>
  new UserError(error('usage', message, { hint }), EXIT.findings);

/** The names in a list of calls. @throws UserError `usage` */
export function namesOf(option: string, values: readonly string[]): string[] {
  const names = values
    .flatMap((value) => value.split(','))
    .map((name) => name.trim())
    .filter((name) => name !== '');
  if (names.length === 0) throw usage(`${option} names no call`);
  const several = names.find((name) => /[ \t]/.test(name));
  if (several !== undefined) {
    const hint = `separate names with commas: ${option} ${several.split(/[ \t]+/).join(',')}`;
    throw usage(`${option} has white space in '${printable(several, 80)}'`, hint);
  }
  return names;
}

/** An answer to refused calls as a policy has it. */
export const errnoOf = (text: string): string | number => (/^\d+$/.test(text) ? Number(text) : text);

/** The reference to a base: `extends` takes a name without a slash for a template. */
const referenceTo = (base: string, policy: string | undefined): string =>
  policy === undefined || policy === INPUT || base.includes('/') ? base : `./${base}`;
