import { type Diagnostic, error } from '../../diagnostic.js';
import type { Prepared } from '../../prepare/prepare.js';
import type { Context } from '../../system/context.js';
import type { Enforcement } from '../kernel/enforcement.js';
import type { Planned } from '../kernel/without-launcher.js';
import { plannedDropIn } from '../manager/in-force.js';
import { differences } from '../manager/read-back.js';
import { type Proof, proveDirectives } from './prove-directives.js';

/** Proves the directives of a unit, without those of which the manager has loaded another value. */
export async function proofFor(
  context: Context,
  prepared: Prepared,
  planned: Planned,
  kernel: Enforcement,
): Promise<Proof> {
  const { dropIn, target } = plannedDropIn(context, prepared);
  const otherwise = differences(dropIn, planned.unit, target).map(({ directive }) => directive);
  return proveDirectives(context, planned, new Set(otherwise), kernel);
}

/**
 * Errors about directives that don't hold.
 * @param isKnown whether another error already tells why the unit's processes can't be as the policy says: then they
 *   are one error
 */
export function notHolding({ directives, wrong, leftOver }: Proof, isKnown: boolean): readonly Diagnostic[] {
  if (!isKnown || wrong.length === 0) return [...wrong, ...leftOver];
  const names = directives.filter(({ relation }) => relation === 'looser').map(({ directive }) => directive);
  return [error('looser-directive', `and so these don't hold: ${names.join('=, ')}=`), ...leftOver];
}
