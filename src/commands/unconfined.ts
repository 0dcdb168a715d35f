import { type Diagnostic, error } from '../diagnostic.js';
import { ownCommand } from '../plan/own-command.js';
import type { Context } from '../system/context.js';

/** What puts a unit right; in a folder of another system there is nothing that could be typed as it stands. */
export const applyHint = ({ offline, placement }: Context, unit: string): string | undefined =>
  offline ? undefined : ownCommand(placement.scope, 'apply', unit);

export const unconfined = (context: Context, unit: string): Diagnostic =>
  error('unconfined', `${unit} is not confined by sandbox-unit`, { hint: applyHint(context, unit) });
