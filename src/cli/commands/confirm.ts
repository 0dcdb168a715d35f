import { activatedUnits, notDone } from '../../apply/confirm/activations.js';
import { type ConfirmDecision, endWaits } from '../../apply/confirm/confirm.js';
import { type PendingRecord, readPending } from '../../apply/confirm/pending.js';
import { cancelRollback } from '../../apply/confirm/rollback-timer.js';
import { assertMayChange, recoverAnyhow, whileLocked } from '../../apply/lock.js';
import { recover } from '../../apply/recover.js';
import type { UnitResult } from '../../apply/unit-result.js';
import { asWarning, type Diagnostic, EXIT, error, hasErrors } from '../../diagnostic.js';
import type { Context } from '../../machine/context.js';
import { orElse } from '../../machine/state/failures.js';
import type { Outcome } from '../../outcome.js';
import { fullName } from '../../prepare/load/load-unit.js';
import { namedUnit } from '../../prepare/load/named-unit.js';
import { journalctl } from '../../systemd/command-lines.js';
import { ROLLBACK } from '../../systemd/paths/records.js';
import { unitsOutcome } from '../report/apply.js';

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
  const activated = await activatedUnits(context);
  const all = [...waited.map(({ unit }) => unit), ...activated];
  const names = units.length > 0 ? await namesOf(context, units) : all;
  return endUnits(context, names, {
    waited,
    activated,
    isAll: units.length === 0,
    undo: options.undo ?? false,
  });
}

/** Confirms or undoes changes that have waited at the terminal, where they may have been ended elsewhere meanwhile. */
export const confirmThose = (
  context: Context,
  waited: readonly PendingRecord[],
  ending: ConfirmDecision,
): Promise<Outcome> => {
  const names = waited.map(({ unit }) => unit);
  return endUnits(context, names, { waited, activated: [], isAll: false, ...ending });
};

/**
 * Exit 1 if a service doesn't come up again as it was.
 * @throws UserError where a unit can't be undone, or its record can't be read: the manager then tries again
 */
async function undoLate(context: Context): Promise<Outcome> {
  const diagnostics = await recover(context);
  await cancelRollback(context);
  const exit = hasErrors(diagnostics) ? EXIT.findings : EXIT.ok;
  return { ...unitsOutcome([], new Map(), {}), exit, diagnostics };
}

interface Confirming extends ConfirmDecision {
  /** Changes that waited before the lock was taken: those that go back meanwhile are reported as that. */
  readonly waited: readonly PendingRecord[];
  /** Units that `activate` has changed: its script alone keeps them, or puts them back. */
  readonly activated: readonly string[];
  /** Whether all are confirmed that wait. */
  readonly isAll: boolean;
}

/** Undoes what is due, and confirms units, or undoes them. */
const endUnits = (context: Context, names: readonly string[], how: Confirming): Promise<Outcome> =>
  whileLocked(context, async () => {
    const { waited, activated, isAll, ...ending } = how;
    const left = await recoverAnyhow(context);
    const named = waited.filter(({ unit }) => names.includes(unit));
    const done = await endWaits(context, named, ending);
    const known = new Set(done.map(({ unit }) => unit));
    const others = names
      .filter((name) => !known.has(name))
      .map((unit): UnitResult => {
        const why = activated.includes(unit) ? notDone(unit) : notWaiting(context, ` of ${unit}`);
        return { unit, state: 'refused', changes: [], diagnostics: [why] };
      });
    const outcome = unitsOutcome([...done, ...others], new Map(), { theme: context.caller.theme });
    const none = names.length === 0 ? [notWaiting(context)] : [];
    // A unit that goes back is reported with its result; another that can't is no failure of those that are named.
    const reported = done.flatMap(({ diagnostics }) => diagnostics.map(({ message }) => message));
    const recovered = left.diagnostics.filter(({ message }) => !reported.includes(message));
    const found = isAll ? recovered : recovered.map(asWarning);
    return {
      ...outcome,
      exit: Math.max(outcome.exit, isAll ? left.exit : EXIT.ok, none.length > 0 ? EXIT.findings : EXIT.ok),
      diagnostics: [...found, ...none, ...outcome.diagnostics],
    };
  });

const namesOf = (context: Context, units: readonly string[]): Promise<string[]> =>
  Promise.all(units.map((unit) => orElse(async () => (await namedUnit(context, unit)).name, fullName(unit))));

/** @param what that of which no change waits: ` of nginx.service` */
function notWaiting({ placement }: Context, what = ''): Diagnostic {
  const journal =
    placement.scope === 'user'
      ? journalctl('user', `${ROLLBACK}*`)
      : 'journalctl --unit "sandbox-unit*undo*"';
  const hint = `a change that is not confirmed in time is rolled back: '${journal}' shows it`;
  return error('not-waiting', `no change${what} waits to be confirmed`, { hint });
}
