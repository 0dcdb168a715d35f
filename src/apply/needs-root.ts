import { EXIT, error, UserError } from '../diagnostic.js';
import type { Context } from '../machine/context.js';

/**
 * Refuses a change of the system's units to others than root, before half of it fails.
 * @param hint the way out, where the usual one isn't there
 * @throws UserError `needs-root`
 */
export function assertMayChange(
  { placement, offline, superuser }: Context,
  { check }: { readonly check?: boolean },
  hint = 'run it with sudo; --check changes nothing, and --user is for your own services',
): void {
  if (check || offline || superuser || placement.scope === 'user') return;
  throw new UserError(error('needs-root', "only root may change the system's units", { hint }), EXIT.failure);
}
