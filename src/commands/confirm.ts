import { journalctl } from '../command-lines.js';
import { asWarning, type Diagnostic, EXIT, error } from '../diagnostic.js';
import type { Outcome } from '../outcome.js';
import { ROLLBACK } from '../paths/records.js';
import { fullName } from '../prepare/load/load-unit.js';
import { namedUnit } from '../prepare/load/named-unit.js';
import { unitsOutcome } from '../report/apply.js';
import { orElse } from '../state/failures.js';
import type { Context } from '../system/context.js';
import { settleActivation, waitingActivations } from '../transaction/confirm/activations.js';
import { type Ending, endWaits } from '../transaction/confirm/confirm.js';
import { readPending, type Waiting } from '../transaction/confirm/pending.js';
import { cancelRollback } from '../transaction/confirm/rollback-timer.js';
import { recoverAnyhow, whileLocked } from '../transaction/lock.js';
import { assertMayChange } from '../transaction/needs-root.js';
import { recover } from '../transaction/recover.js';
import type { UnitResult } from '../transaction/unit-result.js';

export interface ConfirmOptions {
  /** Undoes the changes in place of confirming them. */
  readonly undo?: boolean;
  /** Undoes what is not confirmed in time, or left half changed: what a rollback timer, and a boot, runs. */
  readonly undoLate?: boolean;
}

/**
 * Confirms changes that wait for it, of some units or of all. A unit that doesn't wait is an error: it may have gone
 * back.
 */
export async function confirm(
  context: Context,
  units: readonly string[],
  options: ConfirmOptions,
): Promise<Outcome> {
  assertMayChange(context, {});
  if (options.undoLate) return whileLocked(context, () => undoLate(context));
  const { waiting: waited } = await readPending(context);
  const activated = [...(await waitingActivations(context)).keys()];
  const all = [...waited.map(({ unit }) => unit), ...activated];
  const names = units.length > 0 ? await namesOf(context, units) : all;
  // The script takes the lock itself.
  const settled: UnitResult[] = [];
  for (const unit of activated.filter((one) => names.includes(one)))
    settled.push(await settleActivation(context, unit, options.undo ? 'undo' : 'keep'));
  if (settled.length > 0 && settled.length === names.length) return unitsOutcome(settled, new Map(), {});
  const how = { waited, settled, isAll: units.length === 0, undo: options.undo ?? false };
  return whileLocked(context, () => confirmUnder(context, names, how));
}

/** Confirms or undoes changes that have waited at the terminal, where they may have been ended elsewhere meanwhile. */
export const confirmThose = (
  context: Context,
  records: readonly Waiting[],
  ending: Ending,
): Promise<Outcome> => {
  const names = records.map(({ unit }) => unit);
  const how = { waited: records, settled: [], isAll: false, ...ending };
  return whileLocked(context, () => confirmUnder(context, names, how));
};

/** @throws UserError where a unit can't be undone, or its record can't be read: the manager then tries again */
async function undoLate(context: Context): Promise<Outcome> {
  const diagnostics = await recover(context);
  await cancelRollback(context);
  return { ...unitsOutcome([], new Map(), {}), diagnostics };
}

/** Undoes what is due, and confirms units. Whoever calls it has the lock. */
async function confirmUnder(context: Context, names: readonly string[], how: Confirming): Promise<Outcome> {
  const left = await recoverAnyhow(context);
  const outcome = await confirmEach(context, names, how);
  // Another unit that can't be undone is no failure of those that are named.
  const found = how.isAll ? left.diagnostics : left.diagnostics.map(asWarning);
  const exit = how.isAll ? Math.max(left.exit, outcome.exit) : outcome.exit;
  return { ...outcome, exit, diagnostics: [...found, ...outcome.diagnostics] };
}

interface Confirming extends Ending {
  /** Changes that waited before the lock was taken: those that go back meanwhile are told as that. */
  readonly waited: readonly Waiting[];
  /** Results of changes that `activate` has made. */
  readonly settled: readonly UnitResult[];
  /** Whether all are confirmed that wait. */
  readonly isAll: boolean;
}

async function confirmEach(
  context: Context,
  names: readonly string[],
  { waited, settled, ...ending }: Confirming,
): Promise<Outcome> {
  if (names.length === 0) return { ...unitsOutcome([], new Map(), {}), ...nothing(context) };
  const named = waited.filter(({ unit }) => names.includes(unit));
  const done = [...settled, ...(await endWaits(context, named, ending))];
  const known = new Set(done.map(({ unit }) => unit));
  const others = names.filter((name) => !known.has(name)).map((unit) => notWaiting(context, unit));
  return unitsOutcome([...done, ...others], new Map(), { look: context.caller.look });
}

const namesOf = (context: Context, units: readonly string[]): Promise<string[]> =>
  Promise.all(units.map((unit) => orElse(async () => (await namedUnit(context, unit)).name, fullName(unit))));

const NOT_WAITING = 'not-waiting';

/** Of changes of `apply`, and of those of `activate`, whose units have a name for each. */
const whereTold = ({ placement }: Context): string =>
  `one that is not confirmed in time goes back: '${
    placement.scope === 'user' ? journalctl('user', `${ROLLBACK}*`) : 'journalctl --unit "sandbox-unit*undo*"'
  }' tells of it`;

const nothing = (context: Context): { exit: number; diagnostics: readonly Diagnostic[] } => ({
  exit: EXIT.findings,
  diagnostics: [error(NOT_WAITING, 'no change waits to be confirmed', { hint: whereTold(context) })],
});

const notWaiting = (context: Context, unit: string): UnitResult => ({
  unit,
  state: 'refused',
  changes: [],
  diagnostics: [
    error(NOT_WAITING, `no change of ${unit} waits to be confirmed`, { hint: whereTold(context) }),
  ],
});
