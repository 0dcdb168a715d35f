/** A policy held against what is written of it. */

import { type Diagnostic, error } from '../../diagnostic.js';
import type { Context } from '../../machine/context.js';
import type { FileChange } from '../../plan/emit/changes.js';
import { dropInFacts, headerOf } from '../../plan/emit/drop-in-facts.js';
import type { Mode } from '../../plan/plan.js';
import { againCommand } from '../../prepare/apply-again.js';
import type { ExpectedUnit } from '../../prepare/confined.js';
import { INPUT, INPUT_NAME } from '../../prepare/load/input-policy.js';
import { ownCommand } from '../../systemd/command-lines.js';
import { hasNameOfDropIn } from '../../systemd/paths/own-files.js';

/** The mode of the present drop-in, if it isn't as planned, in its comments alone perhaps. */
export function modeBefore(changes: readonly FileChange[], dropIn: string): Mode | undefined {
  const before = changes.find(({ path, kind }) => path === dropIn && kind !== 'unchanged')?.before;
  return before && (headerOf(before.content).permissive ? 'permissive' : 'enforcing');
}

/** The command line that applies the policy again, with the options of the present drop-in. */
export async function applyAgain(
  context: Context,
  confined: ExpectedUnit,
  ...more: string[]
): Promise<string> {
  const { mode, unit, appliedRuns } = confined;
  const dropIn = appliedRuns.files.find(({ path }) => hasNameOfDropIn(path));
  const was = dropIn ? dropInFacts(dropIn.content) : { gaps: [], permissive: mode === 'permissive' };
  const policy = confined.policy.policy.file === INPUT_NAME ? INPUT : confined.policyFile;
  return `'${againCommand(context, unit.name.full, { ...was, policy }, more)}'`;
}

/**
 * An error about changes that `apply` would make.
 * @param dropIn the path of the unit's drop-in
 */
export async function notWritten(
  context: Context,
  confined: ExpectedUnit,
  pending: readonly FileChange[],
  dropIn: string,
): Promise<Diagnostic[]> {
  if (pending.length === 0) return [];
  const { name, mode, target, changes } = confined;
  const ours = (words: string) => `'${ownCommand(target.scope, words, name)}'`;
  const before = modeBefore(changes, dropIn);
  if (before === 'permissive' && mode === 'enforcing') {
    const hint = `${ours('apply')} enforces its policy; ${ours('verify --permissive')} checks it as permissive`;
    return [error('not-applied', `${name} is permissive`, { hint })];
  }
  if (before === 'enforcing' && mode === 'permissive') {
    const message = `${name} was applied without --permissive`;
    return [error('not-applied', message, { hint: ours('verify') })];
  }
  const message = `these files differ from the policy: ${pending.map(({ path }) => path).join(', ')}`;
  const apply = await applyAgain(context, confined);
  const check = await applyAgain(context, confined, '--check', '--diff');
  const hint =
    check === apply ? `${apply} restores them` : `${check} shows what differs, ${apply} restores them`;
  return [error('not-applied', message, { hint })];
}
