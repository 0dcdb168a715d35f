import { type Diagnostic, error, hasErrors, UserError } from '../../../diagnostic.js';
import { LOSSES } from '../../../learn/profile/incomplete-tables.js';
import { assertWritable } from '../../../learn/write-policy.js';
import type { Context } from '../../../machine/context.js';
import type { Outcome } from '../../../outcome.js';
import { ALLOW, LOG } from '../../../seccomp/syscalls/action.js';
import { parseAction } from '../../../seccomp/syscalls/action-text.js';
import { ownCommand, shellWord } from '../../../systemd/command-lines.js';
import { onlyUnit, wrongUsage } from '../usage.js';
import { type PromoteOptions, promote } from './promote.js';
import { forget, merge, show } from './recordings.js';
import { list, stop, type WatchWords, watchUnits } from './watch.js';
import { fileOf, type WritePolicyOptions, writeLearned } from './write-learned.js';

/** Actions by the option that asks for them; without one services are watched. */
const ACTIONS = { show, merge, forget, list, stop, promote };

export interface LearnOptions
  extends WatchWords,
    WritePolicyOptions,
    PromoteOptions,
    Readonly<Partial<Record<keyof typeof ACTIONS, boolean>>> {}

type LearnOptionName = keyof LearnOptions & string;

const POLICY: readonly LearnOptionName[] = ['write', 'action', 'addresses', 'now', 'ready', 'reload'];

/** The options that each action takes, and a watch. */
const TAKES: Readonly<Record<keyof typeof ACTIONS | 'watch', readonly LearnOptionName[]>> = {
  watch: ['for', 'restart', 'exercise', 'background', ...POLICY],
  show: POLICY,
  promote: ['after', 'check', 'now'],
  ...{ merge: [], forget: [], list: [], stop: [] },
};

/** All options of this verb that not every action takes. */
const OWN = new Set(Object.values(TAKES).flat());

/**
 * Learns from services at work: watches them, and shows what recordings of them prove.
 * @throws UserError `usage` where two actions are asked for, an option is of another, or a unit is missing
 */
export async function learn(context: Context, operands: string[], options: LearnOptions): Promise<Outcome> {
  const asked = (Object.keys(ACTIONS) as (keyof typeof ACTIONS)[]).filter((name) => options[name]);
  if (asked.length > 1) throw usage(`--${asked[0]} can't be combined with --${asked[1]}`);
  const [name] = asked;
  assertTaken(name, options);
  if (operands.length === 0 && name !== 'list') throw noUnit(options);
  if (options.write === undefined) {
    return name === undefined
      ? watchUnits(context, operands, options)
      : ACTIONS[name](context, operands, options);
  }
  return name === 'show'
    ? writeLearned(context, operands, options)
    : watchAndWrite(context, operands, options);
}

/** @throws UserError `usage` for an option that would say nothing */
function assertTaken(name: keyof typeof ACTIONS | undefined, options: LearnOptions) {
  // Without --no-reload `reload` is true, whatever is asked for.
  const isGiven = (one: LearnOptionName) =>
    one === 'reload' ? options.reload === false : options[one] !== undefined;
  const wordOf = (one: LearnOptionName) => (one === 'reload' ? '--no-reload' : `--${one}`);
  const given = (Object.keys(options) as LearnOptionName[]).filter(isGiven);
  const strange = given.find((one) => OWN.has(one) && !TAKES[name ?? 'watch'].includes(one));
  if (strange !== undefined)
    throw usage(`${wordOf(strange)} has no effect ${name === undefined ? 'on a watch' : `with --${name}`}`);
  const [idle] = (['action', 'addresses', 'now', 'ready'] as const).filter(isGiven);
  if (idle !== undefined && options.write === undefined && !options.promote)
    throw usage(`--${idle} has no effect without --write`);
  if (isGiven('reload') && !options.ready) throw usage('--no-reload has no effect without --ready');
  const { action } = options;
  if (action !== undefined && !isAnswer(action))
    throw usage(`unknown action '${action}': use 'kill', or an errno such as EPERM`);
}

/** Whether calls can be refused so. */
function isAnswer(text: string): boolean {
  const action = parseAction(text);
  return action !== undefined && action !== ALLOW && action !== LOG;
}

const noUnit = ({ write }: LearnOptions) =>
  usage(
    typeof write === 'string'
      ? `a unit is missing: --write has taken '${write}' as its file`
      : 'a unit is missing',
  );

/** Watches, and then writes the policy that all recordings of the unit prove. */
async function watchAndWrite(context: Context, units: string[], options: LearnOptions): Promise<Outcome> {
  const unit = onlyUnit(units);
  if (options.background) throw usage("--write can't be combined with --background");
  await assertWritable(context, unit, fileOf(options), options.ready);
  const watched = await watchUnits(context, units, options);
  // A service that failed has not shown what it needs. Of records that were lost the policy knows.
  if (hasErrors(watched.diagnostics))
    return without(watched, notWritten(context, unit, options, 'because the watch was incomplete'));
  const written = await orErrors(() => writeLearned(context, units, options));
  if (written instanceof UserError) {
    const { exit, diagnostics } = written;
    return without(
      { ...watched, exit: Math.max(watched.exit, exit) },
      ...[...diagnostics, notWritten(context, unit, options, 'but the recording of the watch is kept')],
    );
  }
  return {
    ...written,
    exit: Math.max(watched.exit, written.exit),
    json: { ...watched.json, ...written.json },
    // Losses are told of all recordings when the policy is written.
    diagnostics: [
      ...watched.diagnostics.filter(({ code }) => !LOSSES.includes(code)),
      ...written.diagnostics,
    ],
  };
}

/** The outcome of a watch after which no policy is written. */
const without = (watched: Outcome, ...why: readonly Diagnostic[]): Outcome => ({
  ...watched,
  diagnostics: [...watched.diagnostics, ...why],
});

/** The result of a step, or its errors. */
async function orErrors<T>(step: () => Promise<T>): Promise<T | UserError> {
  try {
    return await step();
  } catch (cause) {
    if (cause instanceof UserError) return cause;
    throw cause;
  }
}

function notWritten(
  { placement: { scope } }: Context,
  unit: string,
  options: WritePolicyOptions,
  why: string,
) {
  const file = fileOf(options);
  const to = file === undefined ? '' : ` ${shellWord(file)}`;
  const hint = `'${ownCommand(scope, 'learn --show', unit)} --write${to}' writes it without another watch`;
  return error('not-written', `no policy was written for ${unit}, ${why}`, { hint });
}

const usage = (message: string) => wrongUsage('learn', message);
