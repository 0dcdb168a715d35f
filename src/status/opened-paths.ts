import type { Diagnostic } from '../diagnostic.js';
import { majorVersion } from '../prepare/probe/target.js';
import type { Service } from '../state/service.js';
import type { Context } from '../system/context.js';
import { looserDirective } from '../verify/process/about-directives.js';
import { looserInMain } from '../verify/process/main-process.js';

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
  const asked = { directives, systemd: majorVersion(dropIn.systemd) };
  const found = await Promise.all(services.map((service) => looserInMain(context, service, asked)));
  return found.flat().flatMap(looserDirective);
}
