import { type AllUnits, allUnits } from '../../apply/apply/all-units.js';
import type { ApplyOptions } from '../../apply/apply/plan.js';
import { planUnits } from '../../apply/apply/plan-units.js';
import { NO_PURGE, notNamed } from '../../apply/apply/purge.js';
import { refuseWaiting } from '../../apply/confirm/pending.js';
import { askedWait, type ConfirmOption } from '../../apply/confirm/within.js';
import { assertCanInject } from '../../apply/live/inject.js';
import { withLock } from '../../apply/lock.js';
import { isToBeApplied, type UnitResult, updated } from '../../apply/unit-result.js';
import { once } from '../../collections.js';
import { type Diagnostic, failure } from '../../diagnostic.js';
import type { Context } from '../../machine/context.js';
import type { Outcome } from '../../outcome.js';
import { isPending } from '../../plan/emit/changes.js';
import type { PlannedExposure } from '../../plan/score/of-plan.js';
import { readInputFirst } from '../../prepare/load/input-policy.js';
import { probeMachine } from '../../prepare/probe/target.js';
import type { Theme } from '../../theme.js';
import { markConfined } from '../../verify/drift/taken-away.js';
import { unitsOutcome } from '../report/apply.js';
import { wrongUsage } from './usage.js';

export interface ApplyWords extends ApplyOptions {
  /** All units that have a policy, in place of named ones. */
  readonly all?: boolean;
  /** Whether units that are confined and not among these are reverted. */
  readonly purge?: boolean;
  /** Files with the answers of another machine, which the context is of. */
  readonly facts?: readonly string[];
  readonly quiet?: boolean;
}

/** Units as they are after `apply`, what is said of no single one, and the texts that diagnostics point into. */
interface ApplyResults {
  readonly results: readonly UnitResult[];
  readonly diagnostics: readonly Diagnostic[];
  readonly sources: ReadonlyMap<string, string>;
}

/**
 * Applies policies to units: writes all files, reloads once, restarts each unit and sees that it works. A unit that
 * doesn't work is rolled back, and the others go on. At a terminal it is asked whether units stay that must be confirmed.
 * @throws UserError `usage` without units
 */
export async function apply(
  context: Context,
  units: readonly string[],
  options: ApplyWords,
): Promise<Outcome> {
  const { all = false, purge = false, ...rest } = options;
  const how = { ...rest, theme: context.caller.theme };
  const confirm = askedWait(options.confirm);
  if (all && units.length > 0)
    throw wrongUsage('apply', '--all takes no unit names: it applies every unit that has a policy');
  if (!all && units.length === 0) throw wrongUsage('apply', "missing required argument 'unit'");
  if (options.facts && !options.check) throw fromAfar();
  if (options.live) assertLive(context, options, confirm);
  assertConfirmable(context, options, confirm);
  await readInputFirst(context, options);
  let applied: ApplyResults = { results: [], diagnostics: [], sources: new Map() };
  const outcome = await withLock(context, how, async () => {
    const asked = all ? await allUnits(context, purge) : { ...NONE, units: units.map((unit) => ({ unit })) };
    applied = await applyEach(context, asked, how, { confirm, purges: purge && !all });
    return outcomeOf(applied, how);
  });
  if (options.json) return outcome;
  const waiting = applied.results.filter(({ state }) => state === 'unconfirmed').map(({ unit }) => unit);
  if (waiting.length === 0) return outcome;
  const known = { units: waiting, outcome, quiet: options.quiet ?? false };
  const { askWhereWaiting } = await import('../../apply/confirm/ask.js');
  const { confirmThose } = await import('./confirm.js');
  return askWhereWaiting(context, known, (records, ending) => confirmThose(context, records, ending));
}

const NONE = { purge: NO_PURGE, unknown: [], diagnostics: [] };

const fromAfar = () =>
  failure('usage', "another machine can't be changed from here: --facts needs --check", {
    hint: "'sandbox-unit generate --facts FILE --output DIR --activate UNIT' makes a script that changes it",
  });

async function outcomeOf(
  { results, diagnostics, sources }: ApplyResults,
  options: ApplyOptions & { readonly theme: Theme },
): Promise<Outcome> {
  const exposures = new Map<string, PlannedExposure | undefined>();
  for (const { unit, prepared, changes } of results) {
    if (!prepared || !(options.json || isPending(changes))) continue;
    const { exposureOfPlan } = await import('../../plan/score/of-plan.js');
    exposures.set(unit, exposureOfPlan(prepared));
  }
  const all = unitsOutcome(results, sources, { ...options, exposures });
  return { ...all, diagnostics: [...diagnostics, ...all.diagnostics] };
}

/** @throws UserError `usage` for a change that could not go back */
function assertConfirmable({ offline }: Context, { restart }: ApplyOptions, asked: ConfirmOption): void {
  if (typeof asked !== 'number' || (!offline && restart !== false)) return;
  throw wrongUsage(
    'apply',
    `--confirm can't be used with ${offline ? '--root' : '--no-restart'}: nothing would be tested`,
  );
}

/** @throws UserError `usage` for options about a restart, and where no filter can be loaded into what runs */
function assertLive(context: Context, { restart }: ApplyOptions, asked: ConfirmOption): void {
  if (restart === false)
    throw wrongUsage(
      'apply',
      "--live can't be used with --no-restart: it never restarts, and takes effect at once",
    );
  if (typeof asked === 'number')
    throw wrongUsage('apply', "--live can't be used with --confirm: a loaded filter can't be removed");
  assertCanInject(context);
}

/** Options for all units together. */
interface WholeApplyOptions {
  readonly confirm: ConfirmOption;
  /** Whether units are reverted that aren't named. */
  readonly purges: boolean;
}

async function applyEach(
  context: Context,
  asked: AllUnits,
  options: ApplyOptions,
  { confirm, purges }: WholeApplyOptions,
): Promise<ApplyResults> {
  const sources = new Map<string, string>();
  const machine = once(() => probeMachine(context));
  const { units, diagnostics } = await planUnits(context, asked.units, { options, sources, machine });
  const purge = purges ? await notNamed(context, units) : asked.purge;
  const planned = [...asked.unknown, ...(await refuseWaiting(context, units))];
  const pending = planned.filter(isToBeApplied);
  const told = [...asked.diagnostics, ...diagnostics, ...purge.diagnostics];
  const applied = { results: planned, diagnostics: told, sources };
  if (!options.check && !context.offline)
    for (const { unit, state } of planned) if (state === 'unchanged') await markConfined(context, unit);
  const changing = options.check ? [] : pending;
  if (changing.length + purge.units.length === 0) return applied;
  const { changeUnits, leavingUnits } = await import('../../apply/apply/table.js');
  if (options.check)
    return { ...applied, results: [...planned, ...(await leavingUnits(context, purge, planned, options))] };
  const { done, gone } = await changeUnits(context, { pending, purge, confirm }, options);
  return { ...applied, results: [...updated(planned, done), ...gone] };
}
