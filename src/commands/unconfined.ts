import { type Diagnostic, error } from '../diagnostic.js';
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
