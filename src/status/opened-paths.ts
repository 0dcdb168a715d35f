/** Paths that a drop-in closes, and that are open where a service runs. */

import type { Diagnostic } from '../diagnostic.js';
import { claimsOf, pathsOfClaim } from '../directives/values/mount-claims.js';
import { keptAsMounted } from '../directives/values/mount-entries.js';
import { userFolders } from '../paths/placement.js';
import { majorVersion } from '../prepare/probe/target.js';
import { orElse } from '../state/failures.js';
import { PROGRAM_WITHIN, readStatus } from '../state/process-status.js';
import type { Service } from '../state/service.js';
import type { Context } from '../system/context.js';
import { commandsOf } from '../system/unit-state.js';
import { looserDirective } from '../verify/process/about-directives.js';
import type { Finding } from '../verify/process/finding.js';
import { judgeClaim } from '../verify/process/judge-claim.js';
import { isSet, loadedLines } from '../verify/process/loaded-lines.js';
import { readView } from '../verify/process/read-view.js';
import { UNHELD } from '../verify/process/unit-processes.js';

/** Lists of paths that a mount closes: it goes with a file that is replaced. */
const LISTS = ['InaccessiblePaths', 'NoExecPaths', 'ReadOnlyPaths'];

/**
 * Errors about paths of a drop-in's lists that the main process of a service can reach. A process is looked at again, since
 * systemd may be about to confine it.
 * @param dropIn its text, and the version of systemd that it was made for
 */
export async function openedPaths(
  context: Context,
  services: readonly Service[],
  dropIn: { readonly text: string; readonly systemd: string | undefined },
): Promise<Diagnostic[]> {
  const lists = LISTS.filter((name) => new RegExp(`^${name}=`, 'm').test(dropIn.text));
  const isUser = context.placement.scope === 'user';
  if (lists.length === 0 || context.offline || !(isUser || context.superuser)) return [];
  if (dropIn.systemd === undefined) return [];
  const systemd = majorVersion(dropIn.systemd);
  const found = await Promise.all(
    services.map(async (service) => {
      // In a container without privileges nothing of processes can be read, as verify says.
      const look = () => orElse(() => openedIn(context, service, lists, systemd), []);
      if ((await look()).length === 0) return [];
      await context.system.wait(PROGRAM_WITHIN);
      return look();
    }),
  );
  return found.flat();
}

async function openedIn(
  { system, placement }: Context,
  { state }: Service,
  lists: readonly string[],
  systemd: number,
): Promise<Diagnostic[]> {
  const pid = state.mainPid;
  const isFree = commandsOf(state, 'ExecStart').some(({ flags }) =>
    UNHELD.some((flag) => flags.includes(flag)),
  );
  if (pid === 0 || isFree) return [];
  const manager = placement.scope === 'user' ? 'self' : 1;
  const get = (property: string) => state.properties.get(property);
  const lines = loadedLines(get, userFolders(placement, systemd));
  const claims = lists.flatMap((directive) =>
    claimsOf(lines, directive).map((claim) => ({ directive, claim })),
  );
  const paths = claims.flatMap(({ claim }) => pathsOfClaim(claim));
  const isOwn = await isInOwnUsers(system, pid, manager);
  const hasUsers = placement.scope === 'user' || isSet(get, 'PrivateUsers');
  if ((await system.links(`/proc/${pid}`)).get('root') !== '/' || (isOwn && !hasUsers)) return [];
  const view = await readView(system, pid, paths);
  const host = view?.isGuessed ? await readView(system, manager, paths) : view;
  if (!view || !host) return [];
  const kept = keptAsMounted(lines, systemd).map(({ path }) => path);
  const name = (await readStatus(system, `${pid}`))?.get('Name') ?? '';
  const looser = claims
    .map(({ directive, claim }) => ({ directive, finding: judgeClaim(claim, view, host, kept) }))
    .filter(({ finding }) => finding.relation === 'looser');
  return looser.flatMap(({ directive, finding }) =>
    looserDirective(heldIn(directive, finding, { pid, name })),
  );
}

/** Whether a process is in another user namespace than the manager, where it may mount what it likes. */
async function isInOwnUsers(system: Context['system'], pid: number, manager: number | 'self') {
  const [its, managers] = await Promise.all(
    [pid, manager].map(async (one) => (await system.links(`/proc/${one}/ns`)).get('user')),
  );
  return its !== managers;
}

const heldIn = (
  directive: string,
  finding: Finding,
  process: { readonly pid: number; readonly name: string },
) => ({
  directive,
  at: undefined,
  relation: finding.relation,
  findings: [{ ...finding, processes: [process] }],
});
