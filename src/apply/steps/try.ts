import { type Diagnostic, hasErrors } from '../../diagnostic.js';
import { failuresOf } from '../../machine/state/failures.js';
import { type AppliedUnit, failuresOfEach, noting, preparedFor, type Transaction } from '../changed-unit.js';
import { startDependents } from '../dependents.js';
import type { StepResult } from '../runner.js';
import { refusalsInTrial } from '../trial/refusals.js';
import { trialOf, tryOut } from '../trial/trial.js';

/**
 * Sees that services stay up, are confined and answer; and that the units that depend on them stay up with them.
 * @param own services that are tried for themselves; without them no dependent is looked at
 */
export const tryServices =
  (transaction: Transaction, own?: ReadonlySet<string>) =>
  async (units: readonly AppliedUnit[]): Promise<readonly StepResult<AppliedUnit>[]> => {
    const tried = await Promise.all(units.map((unit) => tryOne(transaction, unit)));
    return own ? Promise.all(tried.map((one) => tryDependents(transaction, one, own))) : tried;
  };

async function tryOne(transaction: Transaction, unit: AppliedUnit): Promise<StepResult<AppliedUnit>> {
  const { system, caller } = transaction.context;
  let tried = unit;
  const failures = await failuresOfEach(unit.now, (name) =>
    caller.tellIfLong(`${name}: trying it out; an interrupt rolls it back …`, () =>
      transaction.signals.unlessCame(async () => {
        const prepared = preparedFor(unit.prepared, name);
        const said = await tryOut(system, trialOf(prepared));
        if (hasErrors(said)) return said;
        const lost = await transaction.listening?.check(prepared);
        const { refusals, failures, notes } = await refusalsInTrial(transaction, prepared);
        tried = {
          ...noting(tried, [...said, ...(lost?.notes ?? []), ...notes]),
          refusals: refusals && [...(tried.refusals ?? []), ...refusals],
        };
        return [...(lost?.failures ?? []), ...failures];
      }),
    ),
  );
  return { unit: tried, failures };
}

/** @param own services that are tried for themselves: what comes of them is seen then */
async function tryDependents(
  { context, signals }: Transaction,
  { unit, failures }: StepResult<AppliedUnit>,
  own: ReadonlySet<string>,
): Promise<StepResult<AppliedUnit>> {
  if (failures.length > 0 || unit.now.length === 0) return { unit, failures };
  const { settle } = trialOf(unit.prepared);
  const said = await failuresOf(() =>
    signals.unlessCame(() => startDependents(context, unit, { settle, own })),
  );
  const isWrong = ({ severity }: Diagnostic) => severity === 'error';
  const notes = said.filter((one) => !isWrong(one));
  return { unit: noting(unit, notes), failures: said.filter(isWrong) };
}
