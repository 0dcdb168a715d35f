import type { Diagnostic } from '../../diagnostic.js';
import type { Context } from '../../machine/context.js';
import { orElse } from '../../machine/state/failures.js';
import type { Service } from '../../machine/state/service.js';
import { userFolders } from '../../systemd/paths/placement.js';

/** Lists of paths that a mount closes: it goes with a file that is replaced. */
const LISTS = ['InaccessiblePaths', 'NoExecPaths', 'ReadOnlyPaths'];

/**
 * Errors about paths of a drop-in's lists that the main process of a service can reach, by the values that the manager has
 * loaded.
 * @param dropIn its text, and the version of systemd that it was made for
 */
export async function openedPaths(
  context: Context,
  services: readonly Service[],
  dropIn: { readonly text: string; readonly systemd: string | undefined },
): Promise<Diagnostic[]> {
  const directives = LISTS.filter((name) => new RegExp(`^${name}=`, 'm').test(dropIn.text));
  const { system, machine, placement, offline, superuser } = context;
  const mayLook = !offline && (placement.scope === 'user' || superuser);
  if (!mayLook || machine === undefined || dropIn.systemd === undefined || directives.length === 0) return [];
  const { checkedDirectives, lastingProbe } = await import('../process/probe.js');
  const { looserDirective } = await import('../process/about-directives.js');
  const { majorVersion } = await import('../../prepare/probe/target.js');
  const bases = userFolders(placement, majorVersion(dropIn.systemd));
  const target = { scope: placement.scope, machine };
  const plan = { target, directives: directives.map((name) => ({ name })) };
  // One of type idle may wait for others before it is confined.
  const looked = services.filter(({ state }) => state.type !== 'idle');
  const found = await Promise.all(
    looked.map(({ state: unit }) => {
      const look = () => lastingProbe(system, { plan, unit }, { directives, bases, pids: 'main' });
      // Where it can't be looked at, as in a container without privileges, `verify` says so.
      return orElse(async () => (await look()).seen, []);
    }),
  );
  return found.flatMap((seen) => checkedDirectives(directives, seen)).flatMap(looserDirective);
}
