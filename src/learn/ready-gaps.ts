import { type Diagnostic, EXIT, error, UserError } from '../diagnostic.js';
import { plannedPaths } from '../paths/own-files.js';
import { injectorGaps } from '../plan/ready/injector.js';
import { ownValues } from '../plan/unit-values.js';
import type { LoadedUnit } from '../prepare/load/load-unit.js';
import type { MachineFacts } from '../prepare/probe/target.js';
import type { Context } from '../system/context.js';
import { effectiveUnit } from '../unit/effective.js';
import { execKeys } from '../unit/exec/keys.js';

/** The reason why a policy of a unit can't have `[ready]`; undefined where it can. */
export function readyGap(
  { placement }: Pick<Context, 'placement'>,
  { name, files }: Pick<LoadedUnit, 'name' | 'files'>,
  { facts }: MachineFacts,
): Diagnostic | undefined {
  const effective = effectiveUnit(files, execKeys(facts.systemd));
  const unit = { effective, target: facts, places: plannedPaths(placement, name.full) };
  return injectorGaps(unit, ownValues(effective), {})[0];
}

/** @throws UserError `gap-ready` for such a reason */
export function assertMayBeReady(gap: Diagnostic | undefined): void {
  if (gap === undefined) return;
  const hint = 'learn without --ready';
  throw new UserError(error(gap.code, gap.message, { hint }), EXIT.failure);
}
