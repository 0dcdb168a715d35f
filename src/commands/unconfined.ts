import { type Diagnostic, error, note } from '../diagnostic.js';
import { ownDropInPaths } from '../emit/paths.js';
import { ownCommand } from '../plan/own-command.js';
import type { Context } from '../system/context.js';
import { ownPolicy } from './load-policy.js';
import { serviceName } from './load-unit.js';

/** In a folder of another system there is no command that could be typed as it stands. */
export async function unconfined(context: Context, unit: string): Promise<Diagnostic> {
  const { offline, placement } = context;
  const apply = ownCommand(placement.scope, 'apply', unit);
  const hint = (await ownPolicy(context, serviceName(unit)))
    ? apply
    : `write a policy for it, or name one with --policy or --template: '${apply}' says where`;
  return error('unconfined', `${unit} is not confined by sandbox-unit`, { hint: offline ? undefined : hint });
}

/** Of an instance without a drop-in of ours of its own, that it has its template's. */
export function confinedByTemplate(
  { placement }: Context,
  unit: string,
  loaded: readonly string[],
): readonly Diagnostic[] {
  const { template } = serviceName(unit);
  const own = template === undefined ? [] : ownDropInPaths(placement, template);
  if (template === undefined || !own.some((path) => loaded.includes(path))) return [];
  const hint = `'${ownCommand(placement.scope, 'revert', template)}' is for all its instances`;
  return [note('template', `${unit} is confined as all instances of ${template} are`, { hint })];
}
