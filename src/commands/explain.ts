import { isPending } from '../apply/changes.js';
import { isKilledByFilter } from '../apply/failure.js';
import { type Diagnostic, EXIT, hasErrors, note } from '../diagnostic.js';
import { isFinding } from '../explain/explanation.js';
import { ownCommand } from '../plan/own-command.js';
import type { Plan } from '../plan/plan.js';
import type { Context } from '../system/context.js';
import type { UnitProperties } from '../system/system.js';
import { otherPolicyApplied } from './applied-policy.js';
import { changing, halfDone } from './exclusively.js';
import { explanationsJson, explanationsText } from './explain-report.js';
import { explainUnit, type Run, startOf, UNREADABLE } from './explain-unit.js';
import { failureOf } from './failures.js';
import { ownPolicy } from './load-policy.js';
import type { Outcome } from './outcome.js';
import type { Prepared, PrepareOptions } from './prepare.js';
import { type ConfinedOptions, prepareConfined } from './prepare-confined.js';

export interface ExplainOptions extends PrepareOptions {
  /** Run the service once with all refused calls let through and recorded. */
  readonly record?: boolean;
}

/**
 * Names the calls of a service that a filter refused or recorded, the line of the policy that decided, and the smallest
 * change that would let each through. Exit 1 if one was refused, 2 if that can't be seen.
 */
export async function explain(
  context: Context,
  [unit]: readonly string[],
  options: ExplainOptions,
): Promise<Outcome> {
  if (!options.record) return explainUnder(context, unit!, options);
  return changing(context, {}, () => explainUnder(context, unit!, options));
}

async function explainUnder(context: Context, unit: string, options: ExplainOptions): Promise<Outcome> {
  // What is run anew is run for the policy that is to be applied.
  const how = { ...options, allowGaps: true, next: options.record === true };
  const first = await prepareConfined(context, unit, how);
  if (!first.planned) {
    const { plan, diagnostics, sources } = first;
    const json = { unit: plan.unit, policy: plan.policyFile, refusals: [] };
    return { exit: EXIT.findings, json, text: '', diagnostics, sources };
  }
  const { prepared, run, isPast } = options.record
    ? { prepared: first, run: await recorded(context, first, options), isPast: false }
    : await lookBackAtBoth(context, first, how);
  const { plan, sources } = prepared;
  const { explanations, since, suppressed, readable, failed, diagnostics } = run;
  const refused = !isPast && explanations.some(isFinding);
  // Of a run that was recorded a note says so.
  const isTold = !readable || (options.record === true && explanations.length === 0);
  const wrong = readable && hasErrors(diagnostics) ? EXIT.findings : EXIT.ok;
  return {
    exit: failed ? EXIT.failure : refused ? EXIT.findings : readable ? wrong : EXIT.failure,
    json: {
      ...{ unit: plan.unit, policy: plan.policyFile, since: new Date(since).toISOString() },
      refusals: explanationsJson(explanations),
    },
    text: isTold ? '' : explanationsText(plan.unit, explanations, sources, plan.target.machine),
    diagnostics: suppressed ? [SUPPRESSED, ...diagnostics] : diagnostics,
    sources,
  };
}

async function recorded(context: Context, prepared: Prepared, options: ExplainOptions): Promise<Run> {
  const { recordRun } = await import('./record-run.js');
  const run = await recordRun(context, prepared, options);
  return { ...run, diagnostics: [...otherPolicyApplied(context, prepared), ...run.diagnostics] };
}

/**
 * What the logs have of the unit; where that is nothing for the policy that it is confined by, what they have for one that
 * comes before that: it may have been tried and put back. That is no finding of the unit as it is.
 */
async function lookBackAtBoth(
  context: Context,
  prepared: Prepared,
  options: ConfinedOptions,
): Promise<{ readonly prepared: Prepared; readonly run: Run; readonly isPast: boolean }> {
  const first = { prepared, run: await lookBack(context, prepared), isPast: false };
  const isNamed = options.policy !== undefined || options.template !== undefined;
  if (isNamed || !first.run.readable || first.run.explanations.length > 0) return first;
  const found = await ownPolicy(context, prepared.unit.name);
  if (found === undefined || found === prepared.plan.policyFile) return first;
  let both = first;
  // What is wrong with that one is told by who applies it.
  await failureOf(async () => {
    const next = await prepareConfined(context, prepared.plan.unit, { ...options, next: true });
    if (!next.planned || hasErrors(next.diagnostics)) return;
    const run = await lookBack(context, next);
    if (run.explanations.length > 0) both = { prepared: next, run, isPast: true };
  });
  return both;
}

/** What the logs have of the unit. */
async function lookBack(context: Context, prepared: Prepared): Promise<Run> {
  const properties = prepared.unit.properties!;
  const since = await windowOf(context, prepared, properties);
  const looked = await explainUnit(context, prepared, properties, { since });
  const diagnostics = !looked.readable
    ? [UNREADABLE]
    : looked.explanations.length === 0
      ? [nothing(prepared.plan, isKilledByFilter(properties) && !hasEndedBefore(properties, since))]
      : prepared.standing.files.length === 0
        ? [notConfinedNow(prepared.plan)]
        : otherPolicyApplied(context, prepared);
  const half = await halfDone(context, prepared.unit.name.full);
  return { ...looked, diagnostics: [...half, ...diagnostics], failed: false };
}

/** Whether a service's last run was over before a time in milliseconds since 1970. */
function hasEndedBefore(properties: UnitProperties, time: number): boolean {
  const at = (name: string) => Number(properties.get(name) ?? 0);
  const ended = at('InactiveEnterTimestamp');
  return ended > at('InactiveExitTimestamp') && ended / 1000 < time;
}

/**
 * Since the policy was written to the unit's files, or, where the service has run on since before, since it was started
 * last. Where the policy isn't in force as it is, it may have been tried and put back: since its own file was written.
 */
async function windowOf(
  { system }: Context,
  { plan, changes, standing: { since } }: Prepared,
  properties: UnitProperties,
): Promise<number> {
  const started = startOf(properties);
  const isUnderPolicy = since < started || started === 0 || hasEndedBefore(properties, since);
  const usual = since > 0 && isUnderPolicy ? Math.floor(since) : started;
  if (!isPending(changes)) return usual;
  const file = await system.read(plan.policyFile, { limit: 0, head: true });
  const boot = Number((await system.manager()).started ?? 0n) / 1000;
  return Math.min(usual, Math.floor(Math.max(file?.modified || usual, boot)));
}

const notConfinedNow = ({ unit, target }: Plan): Diagnostic =>
  note('not-applied', `${unit} is not confined by its policy now: what was refused before is told`, {
    hint: `'${ownCommand(target.scope, 'apply', unit)}' tries it again`,
  });

const SUPPRESSED = note('records-suppressed', 'the kernel left out some of its records: too many at a time', {
  hint: 'auditd, where it runs, gets them all',
});

/** The text says that no call is on record; this is why that may be, and the way out. */
const nothing = ({ unit, target }: Plan, killed: boolean): Diagnostic => {
  const why = 'calls that fail with an errno leave no record, nor do all that are many at a time';
  const message = killed ? `${unit} was killed for a refused call: not all leave a record` : why;
  const command = ownCommand(target.scope, 'explain --record', unit);
  return note('no-record', message, {
    hint: `'${command}' runs it once with all of them recorded and none refused`,
  });
};
