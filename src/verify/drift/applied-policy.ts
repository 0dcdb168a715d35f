import { type Diagnostic, note, printable } from '../../diagnostic.js';
import type { Context } from '../../machine/context.js';
import { orElse } from '../../machine/state/failures.js';
import { type DropInFacts, headerOf } from '../../plan/emit/drop-in-facts.js';
import { isSearched } from '../../prepare/apply-again.js';
import { ownPolicy } from '../../prepare/load/find-policy.js';
import { serviceName } from '../../prepare/load/load-unit.js';
import type { Prepared } from '../../prepare/prepare.js';
import { ownCommand, shellWord } from '../../systemd/command-lines.js';
import { dropInPath } from '../../systemd/paths/own-files.js';

/**
 * A note if a unit is confined by another policy, or another text of it, than its calls are explained by.
 * @param words the command that explains them
 */
export async function otherPolicyApplied(
  context: Context,
  { plan, unit, changes }: Prepared,
  words = 'explain',
): Promise<Diagnostic[]> {
  const path = dropInPath(context.placement, unit.name.full);
  const { before, after } = changes.find((change) => change.path === path) ?? {};
  if (!before || !after) return [];
  const [was, is] = [before, after].map(({ content }) => headerOf(content).policy);
  if (was !== undefined && was !== is) {
    const hint = ownCommand(plan.target.scope, `${words} --policy ${shellWord(was)}`, plan.unit);
    return [note('other-policy', `${plan.unit} is confined by ${was}, not by ${is}`, { hint })];
  }
  const differs = (which: 'policyHash' | 'defaultsHash') =>
    headerOf(before.content)[which] !== headerOf(after.content)[which];
  if (!differs('policyHash')) return [];
  const orDefaults = differs('defaultsHash') ? " or the host's defaults" : '';
  const message = `${printable(plan.policyFile)}${orDefaults} has changed since it was applied: calls are explained by its present text`;
  const hint = ownCommand(plan.target.scope, 'apply', plan.unit);
  return [note('other-policy', message, { hint })];
}

/** Of what was applied with a policy that was named, that one is there which would be found: somebody may have decided so. */
export async function otherPolicyFound(
  context: Context,
  unit: string,
  { policy }: Pick<DropInFacts, 'policy'>,
): Promise<Diagnostic[]> {
  if (policy === undefined || isSearched(context, unit, policy)) return [];
  const found = await orElse(() => ownPolicy(context, serviceName(unit)), undefined);
  if (found === undefined) return [];
  const message = `${unit} is confined by ${printable(policy)}, but ${printable(found)} exists for it`;
  const command = ownCommand(context.placement.scope, 'apply', unit);
  const hint = context.offline ? undefined : `'${command}' applies that one`;
  return [note('other-policy', message, { hint })];
}
