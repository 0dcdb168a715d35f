import { hasErrors, UserError } from '../../diagnostic.js';
import type { Context } from '../../machine/context.js';
import { readFiles, readOwnFiles, withLifetime } from '../../machine/state/own-files.js';
import { isRunning } from '../../machine/state/service-run.js';
import { changes, isPending } from '../../plan/emit/changes.js';
import { unusedPrograms } from '../../prepare/load/installed-programs.js';
import { fullName, noUnit, serviceName } from '../../prepare/load/load-unit.js';
import { namedUnit } from '../../prepare/load/named-unit.js';
import { ownDropInPaths } from '../../systemd/paths/own-files.js';
import { LIFETIMES } from '../../systemd/paths/placement.js';
import { untilRestartOf } from '../../verify/drift/injected.js';
import { confinedByTemplate, forgetTakenAway } from '../../verify/drift/taken-away.js';
import { enabledAtBoot } from '../restart/enabled-at-boot.js';
import { preflightRestarts } from '../restart/outlook.js';
import type { NotChanged, Pending } from '../unit-result.js';

export interface RevertOptions {
  readonly check?: boolean;
  /** False leaves the service as it runs. */
  readonly restart?: boolean;
}

/** Plans the revert of one unit. A unit that can't be reverted is refused, and doesn't stop the others. */
export async function planRevert(
  context: Context,
  text: string,
  options: RevertOptions,
): Promise<NotChanged | Pending> {
  try {
    return await planOne(context, text, options);
  } catch (cause) {
    if (!(cause instanceof UserError)) throw cause;
    const { diagnostics, exit } = cause;
    return { unit: fullName(text), state: 'refused', changes: [], diagnostics, exit };
  }
}

async function planOne(
  context: Context,
  text: string,
  { restart: wanted, check }: RevertOptions,
): Promise<NotChanged | Pending> {
  const { name, exists, services } = await namedUnit(context, text);
  const places = LIFETIMES.map((lifetime) => readOwnFiles(withLifetime(context, lifetime), name));
  const files = (await Promise.all(places)).flat();
  if (files.length === 0 && !exists) {
    throw await noUnit(context, serviceName(name), ', and it has no files to remove');
  }
  // systemd still has a drop-in that is gone where an earlier reload failed.
  const loaded = services.flatMap(({ state }) => state.dropInPaths);
  const isDue =
    files.length > 0 || ownDropInPaths(context.placement, name).some((path) => loaded.includes(path));
  const due = isDue && wanted !== false ? services.filter(({ state }) => isRunning(state)) : [];
  const diagnostics = [
    ...(await enabledAtBoot(context, [name])),
    ...(await preflightRestarts(context, 'revert', due)),
  ];
  if (hasErrors(diagnostics)) return { unit: name, state: 'refused', changes: [], diagnostics };
  diagnostics.push(...(await confinedByTemplate(context, name, isDue ? undefined : loaded)));
  if (due.length === 0) diagnostics.push(...(await untilRestartOf(context, services)));
  if (!isDue && !check) await forgetTakenAway(context, name);
  const state = isDue ? 'pending' : 'unchanged';
  return { unit: name, state, changes: changes([], files), diagnostics, services };
}

/** Installed programs go with the last drop-in of ours. */
export async function addPrograms(context: Context, planned: (NotChanged | Pending)[]): Promise<void> {
  const leaving = planned.flatMap((result) => result.changes.map(({ path }) => path));
  const unused = leaving.length > 0 ? await unusedPrograms(context, leaving) : [];
  const files = await readFiles(context, unused);
  const last = planned.findLastIndex((result) => isPending(result.changes));
  if (last < 0) return;
  planned[last] = { ...planned[last]!, changes: [...planned[last]!.changes, ...changes([], files)] };
}
