import { ownCommand } from '../command-lines.js';
import type { Prepared } from '../prepare/prepare.js';
import { type RewrittenPolicy, rewritePolicy } from '../prepare/rewrite-policy.js';
import type { Context } from '../system/context.js';
import type { Explanation } from './explanation.js';
import { editsOf, isProved } from './patch.js';

/**
 * Writes the changes that explanations propose into the policy's file, if the new text is proved to let just these calls
 * through.
 * @returns undefined if no edit of the file is proposed
 * @throws UserError `not-written`, and as System.replace()
 */
export async function writePolicy(
  context: Context,
  prepared: Prepared,
  explanations: readonly Explanation[],
): Promise<RewrittenPolicy | undefined> {
  const edits = editsOf(explanations);
  if (edits.length === 0) return undefined;
  const { plan, policy } = prepared;
  const { target, unit } = plan;
  const ruled = { policy: policy.policy, sets: target.sets, machine: target.machine };
  return rewritePolicy(context, prepared, {
    edits,
    isProved: (edited) => isProved(ruled, edited, explanations),
    byHand: `'${ownCommand(target.scope, 'explain', unit)}' says what to write`,
  });
}
