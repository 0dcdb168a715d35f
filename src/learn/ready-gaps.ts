import { type Diagnostic, EXIT, error, UserError } from '../diagnostic.js';
import { plannedPaths } from '../paths/own-files.js';
import { injectorGaps } from '../plan/ready/injector.js';
import { ownValues } from '../plan/unit-values.js';
import type { LoadedUnit } from '../prepare/load/load-unit.js';
import { probeMachine } from '../prepare/probe/target.js';
import type { Context } from '../system/context.js';
import { effectiveUnit } from '../unit/effective.js';
import { execKeys } from '../unit/exec/keys.js';

type UnitFiles = Pick<LoadedUnit, 'name' | 'files'>;

/**
 * The reason why a policy of a unit can't have `[ready]`; undefined where it can.
 * @throws UserError as probeMachine()
 */
export async function readyGap(
  context: Context,
  { name, files }: UnitFiles,
): Promise<Diagnostic | undefined> {
  const { facts } = await probeMachine(context);
  const effective = effectiveUnit(files, execKeys(facts.systemd));
  const unit = {
    effective,
    target: { ...facts, programs: new Map() },
    places: plannedPaths(context.placement, name.full),
  };
  return injectorGaps(unit, ownValues(effective), {})[0];
}

/**
 * Finds out whether a policy of a unit can have `[ready]`.
 * @throws UserError `gap-ready`, and as probeMachine()
 */
export async function assertMayBeReady(context: Context, unit: UnitFiles): Promise<void> {
  const gap = await readyGap(context, unit);
  if (gap === undefined) return;
  const hint = 'learn without --ready';
  throw new UserError(error(gap.code, gap.message, { hint }), EXIT.failure);
}
