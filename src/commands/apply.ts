import { once } from '../collections.js';
import { type Diagnostic, EXIT, error, inOrder, renderDiagnostic, UserError } from '../diagnostic.js';
import type { Outcome } from '../outcome.js';
import { probeMachine } from '../prepare/probe/target.js';
import { unitsOutcome } from '../report/apply.js';
import { keepRunsFound } from '../state/applied-runs.js';
import type { Context } from '../system/context.js';
import { type ApplyOptions, planApply } from '../transaction/apply/plan.js';
import { applyUnits } from '../transaction/apply/table.js';
import { askToConfirm, type Settled } from '../transaction/confirm/ask.js';
import { refuseWaiting } from '../transaction/confirm/refuse.js';
import { UNCONFIRMED } from '../transaction/confirm/stock.js';
import { type Asked, askedWait } from '../transaction/confirm/within.js';
import { holdSignals } from '../transaction/held-signals.js';
import { withLock } from '../transaction/lock.js';
import { isToBeChanged, planEach, type UnitResult, updated } from '../transaction/unit-result.js';
import { writeOffline } from '../transaction/write-offline.js';

interface Options extends ApplyOptions {
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** Units as they are after `apply`, and the texts that diagnostics point into. */
interface Applied {
  readonly results: readonly UnitResult[];
  readonly sources: ReadonlyMap<string, string>;
}

/**
 * Applies policies to units: writes all files, reloads once, restarts each unit and sees that it works. A unit that
 * doesn't work is rolled back, and the others go on. At a terminal it is asked whether units stay that must be confirmed.
 */
export async function apply(context: Context, units: readonly string[], options: Options): Promise<Outcome> {
  const asked = askedWait(options.confirm);
  assertConfirmable(context, options, asked);
  let applied: Applied = { results: [], sources: new Map() };
  const outcome = await withLock(context, options, async () => {
    applied = await applyEach(context, units, options, asked);
    return unitsOutcome(applied.results, applied.sources, options);
  });
  const waiting = applied.results.filter(({ state }) => state === 'unconfirmed');
  if (waiting.length === 0 || options.json || !(await hasTerminal(context))) return outcome;
  const told = tellBefore(context, outcome, options);
  const settled = await askToConfirm(
    context,
    waiting.map(({ unit }) => unit),
  );
  const results = applied.results.map((one) => withAnswer(one, settled));
  const last = unitsOutcome(results, applied.sources, options);
  const all = [...settled.diagnostics, ...last.diagnostics];
  const isNew = (one: Diagnostic) => !told.has(renderDiagnostic(one, applied.sources));
  return { ...last, diagnostics: all.filter(isNew) };
}

/** Tells who is asked all that is known, as that another unit failed. @returns the texts that were told */
function tellBefore({ caller }: Context, outcome: Outcome, { quiet }: Options): ReadonlySet<string> {
  const known = outcome.diagnostics.filter(
    ({ severity, code }) => code !== UNCONFIRMED && !(quiet && severity === 'note'),
  );
  const told = new Set(inOrder(known).map((one) => renderDiagnostic(one, outcome.sources)));
  for (const text of told) caller.tell(text);
  return told;
}

/** @throws UserError `usage` for a change that could not go back */
function assertConfirmable({ offline }: Context, { restart }: ApplyOptions, asked: Asked): void {
  if (typeof asked !== 'number' || (!offline && restart !== false)) return;
  const message = `--confirm can't be used with ${offline ? '--root' : '--no-restart'}: nothing is tried`;
  throw new UserError(error('usage', message), EXIT.failure);
}

/** Whether somebody can be asked: the question goes to standard error. */
async function hasTerminal({ caller }: Context): Promise<boolean> {
  const [input, , errors] = await caller.terminals();
  return input === true && errors === true;
}

/** A unit after the question. */
function withAnswer(result: UnitResult, { results }: Settled): UnitResult {
  const later = results.find(({ unit }) => unit === result.unit);
  if (!later || result.state !== 'unconfirmed') return result;
  const notes = result.diagnostics.filter(({ code }) => code !== UNCONFIRMED);
  const diagnostics = [...notes, ...later.diagnostics];
  const { deadline: _, ...changed } = result;
  if (later.state === 'confirmed') return { ...changed, state: 'applied', diagnostics };
  // A change that can't be confirmed goes on waiting.
  if (later.state === 'refused')
    return { ...result, diagnostics: [...result.diagnostics, ...later.diagnostics] };
  return { ...changed, state: later.state === 'rolled-back' ? 'rolled-back' : 'failed', diagnostics };
}

async function applyEach(
  context: Context,
  units: readonly string[],
  options: ApplyOptions,
  asked: Asked,
): Promise<Applied> {
  const sources = new Map<string, string>();
  const machine = once(() => probeMachine(context));
  const found = await planEach(units, (unit) => planApply(context, unit, { options, sources, machine }));
  const planned = await refuseWaiting(context, found);
  const pending = planned.filter(isToBeChanged);
  if (!options.check && !context.offline) await keepFound(context, planned);
  if (options.check || pending.length === 0) return { results: planned, sources };
  const signals = holdSignals(context, (name) =>
    context.caller.tell(`${name}: rolling back what isn't done …`),
  );
  try {
    const done = context.offline
      ? await writeOffline(context, pending, 'applied')
      : await applyUnits({ context, signals }, pending, { ...options, confirm: asked });
    return { results: updated(planned, done), sources };
  } finally {
    signals.release();
  }
}

/** Records services that are seen to run with their files, so that later changes of the files' times don't matter. */
async function keepFound(context: Context, planned: readonly UnitResult[]): Promise<void> {
  for (const one of planned) {
    const isDue = one.diagnostics.some(({ code }) => code === 'restart-due');
    if (one.state === 'unchanged' && one.prepared && !isDue) {
      await keepRunsFound(context, one.prepared.appliedRuns, one.services ?? []);
    }
  }
}
