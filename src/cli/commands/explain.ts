import { halfDone, withLock } from '../../apply/lock.js';
import { codeOf, type Diagnostic, EXIT, failure, hasErrors, note, UserError } from '../../diagnostic.js';
import { explainUnit, type RecordedRun, SUPPRESSED, UNREADABLE } from '../../explain/explain-unit.js';
import { isFinding } from '../../explain/explanation.js';
import { noRecord } from '../../explain/no-record.js';
import { unpatched, writePolicy } from '../../explain/patch.js';
import { startOf } from '../../explain/records/start-of.js';
import { allowingLines } from '../../explain/refusals/allowing-lines.js';
import {
  isWholeRun,
  type KeptRefusal,
  type KeptRefusals,
  keptCalls,
  keptOfRun,
} from '../../explain/refusals/kept.js';
import { observedRefusals } from '../../explain/refused-since-start.js';
import type { Context } from '../../machine/context.js';
import { isKilledByFilter } from '../../machine/state/failure.js';
import { orElse } from '../../machine/state/failures.js';
import { deniedBy, injectionsOf } from '../../machine/state/injections.js';
import { runUnit } from '../../machine/state/run-units.js';
import type { UnitState } from '../../machine/unit-state.js';
import type { Outcome } from '../../outcome.js';
import { isPending } from '../../plan/emit/changes.js';
import type { Plan } from '../../plan/plan.js';
import type { NewLines } from '../../policy/service-lines.js';
import { againCommand } from '../../prepare/apply-again.js';
import { type ConfinedOptions, prepareConfined } from '../../prepare/confined.js';
import { ownPolicy } from '../../prepare/load/find-policy.js';
import { INPUT, readInputFirst } from '../../prepare/load/input-policy.js';
import { serviceName } from '../../prepare/load/load-unit.js';
import type { Prepared, PrepareOptions } from '../../prepare/prepare.js';
import type { RewrittenPolicy } from '../../prepare/rewrite-policy.js';
import { ownCommand, shellWord } from '../../systemd/command-lines.js';
import type { Theme } from '../../theme.js';
import { otherPolicyApplied } from '../../verify/drift/applied-policy.js';
import { untilRestartOf } from '../../verify/drift/injected.js';
import { textDiff } from '../report/diff.js';
import { explanationsText } from '../report/explain.js';
import { type FurtherCommand, namesToAdd } from '../report/explain-short.js';
import { explanationsJson } from '../report/explanations-json.js';
import { watchedJson, watchedText } from '../report/watched.js';
import { explainRun, tellOfRun } from '../run/explain-run.js';
import { explainTightened } from '../run/explain-tightened.js';

export interface ExplainOptions extends PrepareOptions {
  /** Whether the service is run once with all refused calls let through and recorded. */
  readonly record?: boolean;
  /** Whether the changes are written into the policy. */
  readonly write?: string | boolean;
  /** Whether each of many calls is told by itself. */
  readonly verbose?: boolean;
}

/**
 * Names the calls of a service that a filter refused or recorded, the line of the policy that decided, and the smallest
 * change that would let each through; also what `watch` saw refused. Exit 1 if there is one, 2 if that can't be seen.
 */
export async function explain(
  context: Context,
  [unit]: readonly string[],
  options: ExplainOptions,
): Promise<Outcome> {
  const { machine } = context;
  const made = await madeByRun(context, unit!, options);
  if (made && machine) return explainRun(context, made, { machine, verbose: options.verbose ?? false });
  if (options.policy === INPUT && options.write) throw notAFile();
  await readInputFirst(context, options);
  if (options.record) return withLock(context, {}, () => explainUnder(context, unit!, options));
  return explainUnder(context, unit!, options).catch(async (cause) => {
    const found = await withoutPolicy(context, unit!, options, cause);
    return found ?? tellOfRun(cause);
  });
}

/** The calls that `tighten` refuses to what runs of a unit without a policy. */
async function withoutPolicy(context: Context, unit: string, options: ExplainOptions, cause: unknown) {
  const { machine } = context;
  if (codeOf(cause) !== 'no-policy' || isOfFile(options) || machine === undefined) return undefined;
  return explainTightened(context, unit, { machine, verbose: options.verbose ?? false });
}

const notAFile = () => failure('usage', '--write needs a policy in a file, not on standard input');

/** The unit, if `run` has made it; an option that is about a policy's file is an error of the usual kind. */
async function madeByRun(context: Context, text: string, options: ExplainOptions) {
  return isOfFile(options) || context.offline ? undefined : runUnit(context, serviceName(text).full);
}

const isOfFile = ({ record, write, policy, template }: ExplainOptions): boolean =>
  [record, write, policy, template].some((option) => option !== undefined);

async function explainUnder(context: Context, unit: string, options: ExplainOptions): Promise<Outcome> {
  // A recorded run is for the policy that is to be applied next.
  const how = { ...options, allowGaps: true, next: options.record === true };
  const first = await prepareConfined(context, unit, how);
  if (!first.planned) {
    const { plan, sources, diagnostics } = first;
    const json = { unit: plan.unit, policy: plan.policyFile, refusals: [] };
    return { exit: EXIT.findings, json, text: '', diagnostics, sources };
  }
  const { kept, broken } = await keptOf(context, first, options);
  const { prepared, run, isPast } = options.record
    ? { prepared: first, run: await recorded(context, first, options), isPast: false }
    : await lookBackAtBoth(context, first, { ...how, kept });
  const watched = kept && othersOf(kept, startOf(prepared.unit.state!));
  const allowing = allowingLines(prepared, watched?.refusals ?? []);
  const written = options.write ? await writeAll(context, prepared, run, allowing.lines) : undefined;
  const left = watched && written?.policy ? without(watched, allowing.allowed) : watched;
  const found = { run, isPast, written, watched: left };
  const outcome = outcomeOf(prepared, found, { ...options, theme: context.caller.theme });
  // A call that it refuses is in no line of the policy.
  const besides = await untilRestartOf(context, prepared.unit.services);
  return { ...outcome, diagnostics: [...outcome.diagnostics, ...besides, ...broken] };
}

/** The refusals that `watch` has kept of the unit's run; undefined if there is no file, or a recorded run counts. */
async function keptOf(context: Context, { unit }: Prepared, { record }: ExplainOptions) {
  const kept = record ? undefined : await keptOfRun(context, unit.name.full, startOf(unit.state!));
  return kept && !('refusals' in kept) ? { kept: undefined, broken: [kept] } : { kept, broken: [] };
}

/** Refusals that aren't of filters, from the start of the run or the watch; undefined where there are none. */
function othersOf(kept: KeptRefusals, start: number): KeptRefusals | undefined {
  const { others } = keptCalls(kept);
  if (others.length === 0) return undefined;
  const since = Math.min(Math.max(kept.since, start), ...others.map(({ first }) => first));
  return { ...kept, since, refusals: others };
}

const without = (kept: KeptRefusals, allowed: readonly KeptRefusal[]): KeptRefusals => ({
  ...kept,
  refusals: kept.refusals.filter((one) => !allowed.includes(one)),
});

/** A look at a unit, and the policy that was written for what was found. */
interface ExplainResult {
  readonly run: RecordedRun;
  /** Whether what was found is no finding about the unit as it is. */
  readonly isPast: boolean;
  readonly written: RewriteAttempt | undefined;
  readonly watched: KeptRefusals | undefined;
}

function outcomeOf(
  { plan, sources }: Prepared,
  { run, isPast, written, watched }: ExplainResult,
  options: ExplainOptions & { readonly theme: Theme },
): Outcome {
  const { explanations, fallbacks, since, suppressed, readable } = run;
  const { unit, policyFile, target } = plan;
  // A note tells of a recorded run without such calls.
  const isTold = !readable || (options.record === true && explanations.length === 0);
  const texts = written?.policy;
  const left = texts ? unpatched(explanations) : explanations;
  const diff = texts && textDiff(policyFile, texts.before, texts.after);
  const changes = explanations.flatMap((one) => one.changes);
  const readyAllow = namesToAdd(changes, 'ready');
  const how = {
    machine: target.machine,
    theme: options.theme,
    verbose: options.verbose ?? false,
    fallbacks,
    recorded: options.record ?? false,
    since,
    further: furtherWords(plan, options),
  };
  const diagnostics = [
    ...(suppressed ? [SUPPRESSED] : []),
    ...run.diagnostics,
    ...(written?.diagnostics ?? []),
  ];
  const failed = run.failed || (written !== undefined && hasErrors(written.diagnostics));
  return {
    exit: exitOf({ ...run, diagnostics, failed, explanations: isPast ? [] : left }, watched),
    json: {
      unit,
      policy: policyFile,
      since: new Date(since).toISOString(),
      refusals: explanationsJson(explanations),
      allow: namesToAdd(changes),
      ...(readyAllow.length > 0 ? { readyAllow } : {}),
      ...(diff === undefined ? {} : { diff }),
      ...(watched ? { watched: watchedJson(watched) } : {}),
    },
    text: [
      ...(isTold ? [] : [explanationsText(unit, explanations, { sources, ...how, diff, left })]),
      ...(watched ? [watchedText(unit, watched)] : []),
    ].join('\n'),
    diagnostics,
    sources,
  };
}

/** The command line that looks again, with its options. */
function furtherWords({ target }: Plan, { record, policy, template }: ExplainOptions): FurtherCommand {
  const words = [
    ...(record ? ['--record'] : []),
    ...(policy === undefined ? [] : ['--policy', shellWord(policy)]),
    ...(template === undefined ? [] : ['--template', shellWord(template)]),
  ];
  return { scope: target.scope, words };
}

/** An attempt to write the changes. */
interface RewriteAttempt {
  /** Undefined if nothing was written. */
  readonly policy: RewrittenPolicy | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

async function writeAll(
  context: Context,
  prepared: Prepared,
  { explanations, failed }: RecordedRun,
  lines: NewLines,
): Promise<RewriteAttempt | undefined> {
  if (failed || (lines.size === 0 && !explanations.some(isFinding))) return undefined;
  const { unit, policyFile } = prepared.plan;
  try {
    const policy = await writePolicy(context, prepared, explanations, lines);
    if (!policy)
      return { policy, diagnostics: [note('nothing-to-write', `no change of ${policyFile} is proposed`)] };
    const again = { policy: policyFile, permissive: false, gaps: [] };
    const hint = `run '${againCommand(context, unit, again)}' to apply it`;
    return { policy, diagnostics: [note('written', `${policyFile} was changed`, { hint })] };
  } catch (cause) {
    if (!(cause instanceof UserError)) throw cause;
    return { policy: undefined, diagnostics: cause.diagnostics };
  }
}

/** Findings count although more may be missing. */
function exitOf(
  { explanations, readable, failed, diagnostics }: RecordedRun,
  watched: KeptRefusals | undefined,
): number {
  if (failed) return EXIT.failure;
  if (watched?.refusals.some(({ certain }) => certain)) return EXIT.findings;
  if (!readable) return EXIT.failure;
  return explanations.some(isFinding) || hasErrors(diagnostics) ? EXIT.findings : EXIT.ok;
}

async function recorded(context: Context, prepared: Prepared, options: ExplainOptions): Promise<RecordedRun> {
  const { recordCalls } = await import('../../apply/recording.js');
  const run = await context.caller.tellIfLong(
    `${prepared.plan.unit}: recording one run; Ctrl-C ends it early and rolls back …`,
    () => recordCalls(context, prepared, options),
  );
  const other = await otherPolicyApplied(context, prepared, 'explain --record');
  return { ...run, diagnostics: [...other, ...run.diagnostics] };
}

/**
 * The unit's calls in the logs. If there are none for the applied policy, the policy that would be found is tried: it
 * may have been applied and rolled back. Its calls are no finding about the unit as it is.
 */
async function lookBackAtBoth(
  context: Context,
  prepared: Prepared,
  options: ConfinedOptions & WithKept,
): Promise<{ readonly prepared: Prepared; readonly run: RecordedRun; readonly isPast: boolean }> {
  const first = { prepared, run: await lookBack(context, prepared, options), isPast: false };
  const isNamed = options.policy !== undefined || options.template !== undefined;
  // Calls that nothing of the unit explains may be of a policy that was tried since, and taken back.
  const isExplained = first.run.explanations.some(({ cause }) => cause.kind !== 'elsewhere');
  if (isNamed || !first.run.readable || isExplained) return first;
  const found = await ownPolicy(context, prepared.unit.name);
  if (found === undefined || found === prepared.plan.policyFile) return first;
  const lookByNext = async () => {
    const next = await prepareConfined(context, prepared.plan.unit, { ...options, next: true });
    if (!next.planned || hasErrors(next.diagnostics)) return first;
    const run = await lookBack(context, next, options);
    return run.explanations.length > 0 ? { prepared: next, run, isPast: true } : first;
  };
  // Whoever applies that policy is told of its errors.
  return orElse(lookByNext, first);
}

interface WithKept {
  readonly kept: KeptRefusals | undefined;
}

/** The unit's calls in the logs and the watches, explained by its policy. */
async function lookBack(context: Context, prepared: Prepared, { kept }: WithKept): Promise<RecordedRun> {
  const state = prepared.unit.state!;
  const since = await windowOf(context, prepared, state);
  const observed = await observedRefusals(context, prepared.unit.name, since);
  const isWhole =
    kept !== undefined && isWholeRun(kept, { start: startOf(state), now: context.system.now() });
  const tightened = deniedBy(await injectionsOf(context, { name: prepared.plan.unit, state }));
  const looked = await explainUnit(context, prepared, state, {
    ...{ since, tightened, isWhole },
    observed: [...observed.calls, ...(kept ? keptCalls(kept).calls : [])],
  });
  const isUntold = hasErrors(observed.diagnostics) && !looked.explanations.some(isFinding);
  const half = await halfDone(context, prepared.unit.name.full);
  const told = (diagnostics: readonly Diagnostic[], failed = false) => ({
    ...{ ...looked, failed: failed || isUntold },
    diagnostics: [...half, ...observed.diagnostics, ...diagnostics],
  });
  if (!looked.readable) return told([UNREADABLE]);
  const found = looked.explanations.length > 0;
  const killed = isKilledByFilter(state) && !hasEndedBefore(state, since);
  const missing = isWhole && !killed ? [] : noRecord(prepared, { found, killed });
  if (!found) return told(missing, hasErrors(missing));
  if (prepared.appliedRuns.files.length === 0) return told([...missing, notConfinedNow(prepared.plan)]);
  return told([...missing, ...(await otherPolicyApplied(context, prepared))]);
}

/** Whether a service's last run was over before a time in milliseconds since 1970. */
function hasEndedBefore(state: UnitState, time: number): boolean {
  const { inactiveEnterTimestamp: ended, inactiveExitTimestamp: started } = state;
  return ended > started && ended / 1000 < time;
}

/**
 * The start of the search, in milliseconds since 1970: when the unit's files were written, or the last start of a
 * service that runs since before. A policy that isn't in force may have been applied and rolled back: its calls are
 * looked for since its own file was written.
 */
async function windowOf(
  { system }: Context,
  { plan, changes, appliedRuns: { since } }: Prepared,
  state: UnitState,
): Promise<number> {
  const started = startOf(state);
  const isUnderPolicy = since < started || started === 0 || hasEndedBefore(state, since);
  const usual = since > 0 && isUnderPolicy ? Math.floor(since) : started;
  if (!isPending(changes)) return usual;
  const file = await system.read(plan.policyFile, { limit: 0, head: true });
  const boot = Number((await system.manager()).started ?? 0n) / 1000;
  const written = Math.floor(Math.max(file?.modified || usual, boot));
  // Nobody knows when a service was started that is unloaded.
  return usual === 0 ? written : Math.min(usual, written);
}

function notConfinedNow({ unit, target }: Plan): Diagnostic {
  const hint = `'${ownCommand(target.scope, 'apply', unit)}' applies it again`;
  const message = `${unit} is not confined by its policy now: these calls were refused earlier`;
  return note('not-applied', message, { hint });
}
