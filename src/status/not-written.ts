/** A policy held against what is written of it. */
import { ownCommand } from '../command-lines.js';
import { type Diagnostic, error } from '../diagnostic.js';
import type { Change } from '../emit/changes.js';
import { dropInFacts } from '../emit/drop-in-facts.js';
import { isPermissiveDropIn } from '../emit/files.js';
import { hasNameOfDropIn } from '../paths/own-files.js';
import type { Plan } from '../plan/plan.js';
import { againCommand } from '../prepare/apply-again.js';
import { INPUT, INPUT_NAME } from '../prepare/load/input-policy.js';
import type { Prepared } from '../prepare/prepare.js';
import type { Context } from '../system/context.js';

/** The mode of the present drop-in, if it isn't as planned, in its comments alone perhaps. */
export function modeBefore(changes: readonly Change[], dropIn: string): Plan['mode'] | undefined {
  const before = changes.find(({ path, kind }) => path === dropIn && kind !== 'unchanged')?.before;
  return before && (isPermissiveDropIn(before.content) ? 'permissive' : 'enforcing');
}

/** The command line that applies the policy again, with the options of the present drop-in. */
export async function applyAgain(context: Context, prepared: Prepared, ...more: string[]): Promise<string> {
  const { plan, unit, appliedRuns } = prepared;
  const dropIn = appliedRuns.files.find(({ path }) => hasNameOfDropIn(path));
  const was = dropIn ? dropInFacts(dropIn.content) : { gaps: [], permissive: plan.mode === 'permissive' };
  const policy = prepared.policy.policy.file === INPUT_NAME ? INPUT : plan.policyFile;
  return `'${againCommand(context, unit.name.full, { ...was, policy }, more)}'`;
}

/**
 * An error about changes that `apply` would make.
 * @param dropIn the path of the unit's drop-in
 */
export async function notWritten(
  context: Context,
  prepared: Prepared,
  pending: readonly Change[],
  dropIn: string,
): Promise<Diagnostic[]> {
  if (pending.length === 0) return [];
  const { plan } = prepared;
  const ours = (words: string) => `'${ownCommand(plan.target.scope, words, plan.unit)}'`;
  const mode = modeBefore(prepared.changes, dropIn);
  if (mode === 'permissive' && plan.mode === 'enforcing') {
    const hint = `${ours('apply')} enforces its policy; ${ours('verify --permissive')} holds it against what is let through`;
    return [error('not-applied', `${plan.unit} is permissive`, { hint })];
  }
  if (mode === 'enforcing' && plan.mode === 'permissive') {
    const message = `${plan.unit} was applied without --permissive`;
    return [error('not-applied', message, { hint: ours('verify') })];
  }
  const message = `not as the policy says: ${pending.map(({ path }) => path).join(', ')}`;
  const apply = await applyAgain(context, prepared);
  const check = await applyAgain(context, prepared, '--check', '--diff');
  const hint =
    check === apply ? `${apply} puts it right` : `${check} shows what differs, ${apply} puts it right`;
  return [error('not-applied', message, { hint })];
}
