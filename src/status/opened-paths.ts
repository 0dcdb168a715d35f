import type { Diagnostic } from '../diagnostic.js';
import { userFolders } from '../paths/placement.js';
import { majorVersion } from '../prepare/probe/target.js';
import { orElse } from '../state/failures.js';
import type { Service } from '../state/service.js';
import type { Context } from '../system/context.js';
import { looserDirective } from '../verify/process/about-directives.js';
import type { HeldDirective } from '../verify/process/finding.js';
import { type Asked, heldDirectives, isLooser, lastingLook } from '../verify/process/look.js';

/** Lists of paths that a mount closes: it goes with a file that is replaced. */
const LISTS = ['InaccessiblePaths', 'NoExecPaths', 'ReadOnlyPaths'];

/**
 * Errors about paths of a drop-in's lists that the main process of a service can reach.
 * @param dropIn its text, and the version of systemd that it was made for
 */
export async function openedPaths(
  context: Context,
  services: readonly Service[],
  dropIn: { readonly text: string; readonly systemd: string | undefined },
): Promise<Diagnostic[]> {
  const directives = LISTS.filter((name) => new RegExp(`^${name}=`, 'm').test(dropIn.text));
  const mayLook = context.placement.scope === 'user' || context.superuser;
  if (context.offline || !mayLook || dropIn.systemd === undefined) return [];
  const bases = userFolders(context.placement, majorVersion(dropIn.systemd));
  const found = await Promise.all(services.map((one) => looserInMain(context, one, { directives, bases })));
  return found.flat().flatMap(looserDirective);
}

/**
 * Directives that don't hold in the main process of a service, by the values that the manager has loaded. None where it
 * can't be looked at, as in a container without privileges: `verify` says so.
 */
async function looserInMain(
  { system, machine, placement }: Context,
  { state }: Service,
  asked: Pick<Asked, 'directives' | 'bases'>,
): Promise<HeldDirective[]> {
  // One of type idle may wait for others before it is confined.
  if (machine === undefined || state.type === 'idle') return [];
  const subject = { plan: { target: { scope: placement.scope, machine } }, unit: state };
  const look = () => lastingLook(system, subject, { ...asked, pids: 'main' });
  const loose = (await orElse(async () => (await look()).seen, [])).filter(isLooser);
  const names = asked.directives.filter((name) => loose.some(({ directive }) => directive === name));
  return heldDirectives(names, loose);
}
