import { asWarning } from '../../diagnostic.js';
import { failuresOf } from '../../state/failures.js';
import { atOnce, type ChangedUnit, noting, type Transaction } from '../changed-unit.js';
import { startDependents } from '../dependents.js';

/** Starts dependents again after a revert. Failures are warnings: no policy is at fault. */
export const startAgainDependents = ({ context, signals }: Transaction) =>
  atOnce(async (unit: ChangedUnit) => {
    const said = await failuresOf(() => signals.unlessAgain(() => startDependents(context, unit)));
    return { unit: noting(unit, said.map(asWarning)), failures: [] };
  });
