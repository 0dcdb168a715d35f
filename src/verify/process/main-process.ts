/** Directives of a drop-in that don't hold in the main process of a service. */

import { userFolders } from '../../paths/placement.js';
import { orElse } from '../../state/failures.js';
import type { Service } from '../../state/service.js';
import type { Context } from '../../system/context.js';
import type { HeldDirective } from './finding.js';
import { type Asked, heldDirectives, isLooser, lastingLook } from './look.js';

/**
 * Directives that don't hold in the main process of a service, by the values that the manager has loaded. None where it
 * can't be looked at, as in a container without privileges: `verify` says so.
 * @param systemd the major version that the drop-in was made for
 */
export async function looserInMain(
  { system, machine, placement }: Pick<Context, 'system' | 'machine' | 'placement'>,
  { state }: Service,
  { systemd, ...asked }: Pick<Asked, 'directives'> & { readonly systemd: number },
): Promise<HeldDirective[]> {
  // One of type idle may wait for others before it is confined.
  if (machine === undefined || state.type === 'idle') return [];
  const subject = { plan: { target: { scope: placement.scope, machine } }, unit: state };
  const bases = userFolders(placement, systemd);
  const look = () => lastingLook(system, subject, { ...asked, pids: 'main', bases });
  const loose = (await orElse(async () => (await look()).seen, [])).filter(isLooser);
  const names = asked.directives.filter((name) => loose.some(({ directive }) => directive === name));
  return heldDirectives(names, loose);
}
