import { ownCommand } from '../command-lines.js';
import { type Diagnostic, error, note } from '../diagnostic.js';
import { ownDropInPaths } from '../paths/own-files.js';
import { exists } from '../prepare/load/exists.js';
import { ownPolicy } from '../prepare/load/find-policy.js';
import { serviceName } from '../prepare/load/load-unit.js';
import type { Context } from '../system/context.js';

/** In a folder of another system there is no command that could be typed as it stands. */
export async function unconfined(context: Context, unit: string): Promise<Diagnostic> {
  const { offline, placement } = context;
  const apply = ownCommand(placement.scope, 'apply', unit);
  const hint = (await ownPolicy(context, serviceName(unit)))
    ? apply
    : `write a policy for it, or name one with --policy or --template: '${apply}' says where`;
  return error('unconfined', `${unit} is not confined by sandbox-unit`, { hint: offline ? undefined : hint });
}

/**
 * Of an instance without a drop-in of ours of its own, that it has its template's.
 * @param loaded the drop-ins that it has; without them, whether it will have it when its own is gone
 */
export async function confinedByTemplate(
  { placement, system }: Context,
  unit: string,
  loaded?: readonly string[],
): Promise<readonly Diagnostic[]> {
  const { template } = serviceName(unit);
  const own = template === undefined || template === unit ? [] : ownDropInPaths(placement, template);
  const are = loaded
    ? own.map((path) => loaded.includes(path))
    : await Promise.all(own.map((path) => exists(system, path)));
  if (template === undefined || !are.includes(true)) return [];
  const hint = `'${ownCommand(placement.scope, 'revert', template)}' is for all its instances`;
  return [note('by-template', `${unit} is confined as all instances of ${template} are`, { hint })];
}
