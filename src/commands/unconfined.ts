import { type Diagnostic, error } from '../diagnostic.js';
import { ownCommand } from '../plan/own-command.js';
import type { Context } from '../system/context.js';

/** In a folder of another system there is no command that could be typed as it stands. */
export const unconfined = ({ offline, placement }: Context, unit: string): Diagnostic =>
  error('unconfined', `${unit} is not confined by sandbox-unit`, {
    hint: offline ? undefined : ownCommand(placement.scope, 'apply', unit),
  });
