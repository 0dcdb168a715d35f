/** Directives of a drop-in that don't hold in the main process of a service. */

import { findDirective } from '../../directives/table.js';
import { hasNameOfDropIn } from '../../paths/own-files.js';
import { userFolders } from '../../paths/placement.js';
import type { AppliedRuns } from '../../state/applied-runs.js';
import { orElse } from '../../state/failures.js';
import type { Service } from '../../state/service.js';
import type { Context } from '../../system/context.js';
import { parseUnitFile } from '../../unit/unit-file.js';
import { GROUP_LIMITS } from './control-group.js';
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
  { systemd, ...asked }: Pick<Asked, 'directives' | 'withoutViews'> & { readonly systemd: number },
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

/**
 * The runs of a unit, with the look at main processes: the manager may have read a drop-in only after the start. Mounts
 * that are open don't count, which may have come or gone since.
 */
export function lookingAtMain({ placement, offline }: Context, runs: AppliedRuns): AppliedRuns {
  const dropIn = runs.files.find(({ path }) => hasNameOfDropIn(path));
  if (placement.scope === 'user' || offline || !dropIn) return runs;
  const keys = parseUnitFile(dropIn.path, dropIn.content).assignments.map(({ key }) => key);
  const isOfProcess = (name: string) => findDirective(name) !== undefined && !GROUP_LIMITS.has(name);
  const directives = [...new Set(keys)].filter(isOfProcess);
  const lacks = async (context: Context, service: Service): Promise<boolean> =>
    (await looserInMain(context, service, { directives, systemd: 0, withoutViews: true })).length > 0;
  return { ...runs, lacks };
}
