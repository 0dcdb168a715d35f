import type { Context } from '../machine/context.js';
import type { DropInFacts } from '../plan/emit/drop-in-facts.js';
import { ownCommand, shellWord } from '../systemd/command-lines.js';
import { policyPlaces } from './load/find-policy.js';
import { templateAt } from './load/find-template.js';
import { serviceName } from './load/load-unit.js';
import type { PrepareOptions } from './prepare.js';

type AppliedOptions = Pick<DropInFacts, 'policy' | 'permissive' | 'gaps'>;

/** Whether a file is found for a unit without being named. */
export const isSearched = (context: Context, unit: string, policy: string): boolean =>
  policyPlaces(context, serviceName(unit)).includes(policy);

/** The options by which a unit's policy would be applied again as it was, by what its drop-in says. */
export function optionsAgain(
  context: Context,
  unit: string,
  { policy, permissive, gaps }: AppliedOptions,
): Pick<PrepareOptions, 'policy' | 'template' | 'permissive' | 'allowGaps'> {
  const as = { permissive, allowGaps: gaps };
  if (policy === undefined || isSearched(context, unit, policy)) return as;
  const template = templateAt(context, policy);
  return template === undefined ? { policy, ...as } : { template, ...as };
}

/** The command line that does it; in a folder of another system there is none that could be typed as it stands. */
export const againHint = (context: Context, unit: string, applied: AppliedOptions): string | undefined =>
  context.offline ? undefined : againCommand(context, unit, applied);

/**
 * The command line that does it, as permissive, with gaps and for as long as it was.
 * @param context where the drop-in is: for good, or until the next boot
 * @param more options besides
 */
export function againCommand(
  context: Context,
  unit: string,
  applied: AppliedOptions,
  more: readonly string[] = [],
): string {
  const { placement } = context;
  const runtime = placement.lifetime === 'runtime' ? ['--runtime'] : [];
  const { policy, template, permissive } = optionsAgain(context, unit, applied);
  const mode = [
    ...(permissive ? ['--permissive'] : []),
    ...(applied.gaps.length > 0 ? ['--allow-gaps'] : []),
  ];
  const named = [
    ...(template === undefined ? [] : [`--template ${template}`]),
    ...(policy === undefined ? [] : [`--policy ${shellWord(policy)}`]),
  ];
  return ownCommand(placement.scope, ['apply', ...more, ...mode, ...runtime, ...named].join(' '), unit);
}
