import { once } from '../collections.js';
import { type Diagnostic, EXIT, error, UserError } from '../diagnostic.js';
import { assertCanInject } from '../live/inject.js';
import type { Look } from '../look.js';
import type { Outcome } from '../outcome.js';
import { readInputFirst } from '../prepare/load/input-policy.js';
import { probeMachine } from '../prepare/probe/target.js';
import { unitsOutcome } from '../report/apply.js';
import { exposureOfPlan } from '../score/of-plan.js';
import { markConfined } from '../status/taken-away.js';
import type { Context } from '../system/context.js';
import { type AllUnits, allUnits } from '../transaction/apply/all-units.js';
import type { ApplyOptions } from '../transaction/apply/plan.js';
import { planUnits } from '../transaction/apply/plan-units.js';
import { NO_PURGE, notNamed, type Purge, pendingPurge, planPurge } from '../transaction/apply/purge.js';
import type { Transaction } from '../transaction/changed-unit.js';
import { askWhereWaiting } from '../transaction/confirm/ask.js';
import { refuseWaiting } from '../transaction/confirm/refuse.js';
import { type Asked, askedWait } from '../transaction/confirm/within.js';
import { holdSignals } from '../transaction/held-signals.js';
import { withLock } from '../transaction/lock.js';
import { isToBeApplied, type PendingApply, type UnitResult, updated } from '../transaction/unit-result.js';
import { writeOffline } from '../transaction/write-offline.js';

export interface ApplyWords extends ApplyOptions {
  /** All units that have a policy, in place of named ones. */
  readonly all?: boolean;
  /** Whether units that are confined and not among these are reverted. */
  readonly purge?: boolean;
  /** Files with the answers of another machine, which the context is of. */
  readonly facts?: readonly string[];
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** Units as they are after `apply`, what is said of no single one, and the texts that diagnostics point into. */
interface Applied {
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
  const how = { ...rest, look: context.caller.look };
  if (all && units.length > 0) throw usage('--all stands for every unit with a policy: name none besides');
  if (!all && units.length === 0) throw usage("missing required argument 'unit'");
  if (options.facts && !options.check) throw fromAfar();
  const confirm = askedWait(options.confirm);
  if (options.live) assertLive(context, options, confirm);
  assertConfirmable(context, options, confirm);
  await readInputFirst(context, options);
  let applied: Applied = { results: [], diagnostics: [], sources: new Map() };
  const outcome = await withLock(context, how, async () => {
    const asked = all ? await allUnits(context, purge) : { ...NONE, units: units.map((unit) => ({ unit })) };
    applied = await applyEach(context, asked, how, { confirm, purges: purge && !all });
    return outcomeOf(applied, how);
  });
  if (options.json) return outcome;
  const waiting = applied.results.filter(({ state }) => state === 'unconfirmed').map(({ unit }) => unit);
  const known = { units: waiting, outcome, quiet: options.quiet ?? false };
  return askWhereWaiting(context, known, async (records, ending) => {
    const { confirmThose } = await import('./confirm.js');
    return confirmThose(context, records, ending);
  });
}

const NONE = { purge: NO_PURGE, unknown: [], diagnostics: [] };

const usage = (message: string) =>
  new UserError(error('usage', message, { hint: "see 'sandbox-unit apply --help'" }), EXIT.failure);

const fromAfar = () =>
  new UserError(
    error('usage', "another machine can't be changed from here: --facts needs --check", {
      hint: "'sandbox-unit generate --facts FILE --output DIR --activate UNIT' makes a script that changes it",
    }),
    EXIT.failure,
  );

function outcomeOf(
  { results, diagnostics, sources }: Applied,
  options: ApplyOptions & { readonly look: Look },
): Outcome {
  const exposures = results.map((one) => [one.unit, one.prepared && exposureOfPlan(one.prepared)] as const);
  const all = unitsOutcome(results, sources, { ...options, exposures: new Map(exposures) });
  return { ...all, diagnostics: [...diagnostics, ...all.diagnostics] };
}

/** @throws UserError `usage` for a change that could not go back */
function assertConfirmable({ offline }: Context, { restart }: ApplyOptions, asked: Asked): void {
  if (typeof asked !== 'number' || (!offline && restart !== false)) return;
  throw usage(`--confirm can't be used with ${offline ? '--root' : '--no-restart'}: nothing is tried`);
}

/** @throws UserError `usage` for options about a restart, and where no filter can be loaded into what runs */
function assertLive(context: Context, { restart }: ApplyOptions, asked: Asked): void {
  if (restart === false)
    throw usage("--live can't be used with --no-restart: it doesn't restart, and takes effect at once");
  if (typeof asked === 'number')
    throw usage("--live can't be used with --confirm: a filter can't be taken back");
  assertCanInject(context);
}

/** Options for all units together. */
interface Together {
  readonly confirm: Asked;
  /** Whether units are reverted that aren't named. */
  readonly purges: boolean;
}

async function applyEach(
  context: Context,
  asked: AllUnits,
  options: ApplyOptions,
  { confirm, purges }: Together,
): Promise<Applied> {
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
  if (options.check) {
    const leaving = await planPurge(context, purge, options);
    // A unit that stays confined keeps the launcher.
    const isLast = planned.every(({ state }) => state === 'refused');
    const last = isLast ? await pendingPurge(context, leaving) : [];
    return { ...applied, results: [...planned, ...updated(leaving, last)] };
  }
  if (pending.length + purge.units.length === 0) return applied;
  const { done, gone } = await changeUnits(context, { pending, purge, confirm }, options);
  return { ...applied, results: [...updated(planned, done), ...gone] };
}

/** Units that get a policy, and units that lose theirs. */
interface Changing {
  readonly pending: readonly PendingApply[];
  readonly purge: Purge;
  readonly confirm: Asked;
}

async function changeUnits(
  context: Context,
  { pending, purge, confirm }: Changing,
  options: ApplyOptions,
): Promise<{ readonly done: readonly UnitResult[]; readonly gone: readonly UnitResult[] }> {
  const { applyUnits } = await import('../transaction/apply/table.js');
  const signals = holdSignals(context, (name) =>
    context.caller.tell(`${name}: rolling back what isn't done …`),
  );
  try {
    const done = context.offline
      ? await writeOffline(context, pending, 'applied')
      : await applyUnits({ context, signals }, pending, { ...options, confirm });
    return { done, gone: await purgeUnits({ context, signals }, purge, options) };
  } finally {
    signals.release();
  }
}

/** Reverts units by their state when the others are done, one of which may have begun to need the launcher. */
async function purgeUnits(
  transaction: Transaction,
  purge: Purge,
  options: ApplyOptions,
): Promise<UnitResult[]> {
  if (purge.units.length === 0) return [];
  const { context } = transaction;
  const planned = await planPurge(context, purge, options);
  const pending = await pendingPurge(context, planned);
  const done = context.offline
    ? await writeOffline(context, pending, 'reverted')
    : await (await import('../transaction/revert/table.js')).revertUnits(transaction, pending, options);
  return updated(planned, done);
}
