import { EXIT, error, UserError } from '../diagnostic.js';
import type { Context } from '../system/context.js';

/**
 * Refuses a change of the system's units to others than root, before half of it fails.
 * @throws UserError `needs-root`
 */
export function assertMayChange(
  { placement, offline, superuser }: Context,
  { check }: { readonly check?: boolean },
): void {
  if (check || offline || superuser || placement.scope === 'user') return;
  const hint = 'run it with sudo; --check changes nothing, and --user is for your own services';
  throw new UserError(error('needs-root', "only root may change the system's units", { hint }), EXIT.failure);
}
