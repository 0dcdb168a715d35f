/** Units that were confined, and that something else than `revert` has taken all files of ours from: `systemctl revert`, say. */
import { inBatches } from '../collections.js';
import { ownCommand } from '../command-lines.js';
import { type Diagnostic, error } from '../diagnostic.js';
import { confinedFolder, confinedPath } from '../paths/records.js';
import { exists } from '../prepare/load/exists.js';
import { ownPolicy } from '../prepare/load/find-policy.js';
import { serviceName } from '../prepare/load/load-unit.js';
import { namedUnit } from '../prepare/load/named-unit.js';
import { orElse } from '../state/failures.js';
import { ASKED_AT_ONCE } from '../state/service.js';
import type { Context } from '../system/context.js';
import { isServiceName } from '../unit/name.js';

/**
 * Those that were confined since the boot, and still are there, or can't be asked for.
 * @param confined units with files of ours
 */
export async function takenAway(context: Context, confined: ReadonlyMap<string, unknown>): Promise<string[]> {
  const { system, placement, offline } = context;
  if (offline) return [];
  const names = await orElse(() => system.list(confinedFolder(placement)), []);
  const candidates = names.filter((unit) => isServiceName(unit) && !confined.has(unit)).sort();
  const isThere = async (unit: string) => {
    const { name, exists } = await namedUnit(context, unit);
    return exists && name === unit;
  };
  const are = await inBatches(candidates, ASKED_AT_ONCE, (unit) => orElse(() => isThere(unit), true));
  return candidates.filter((_, i) => are[i]);
}

/** Whether a unit without files of ours is one of those. */
export const wasTakenAway = ({ system, placement, offline }: Context, unit: string): Promise<boolean> =>
  offline ? Promise.resolve(false) : exists(system, confinedPath(placement, unit));

export async function confinesNoMore(context: Context, unit: string): Promise<Diagnostic> {
  const ours = (verb: string) => `'${ownCommand(context.placement.scope, verb, unit)}'`;
  const apply = (await ownPolicy(context, serviceName(unit))) ? `${ours('apply')} confines it again; ` : '';
  return error('drift-files', `${unit} was confined, and its drop-in is gone`, {
    hint: `${apply}${ours('revert')} leaves it as it is`,
  });
}

/** Keeps until the next boot that a unit is confined. Where that can't be kept, nothing tells later that its drop-in is gone. */
export async function markConfined(context: Context, unit: string): Promise<void> {
  const path = confinedPath(context.placement, unit);
  const mark = async () => {
    if (!(await exists(context.system, path)))
      await context.system.replace(path, new Uint8Array(), { mode: 0o644 });
  };
  await orElse(mark, undefined);
}

/** @throws UserError where that can't be removed */
export const forgetConfined = ({ system, placement }: Context, unit: string): Promise<void> =>
  system.remove(confinedPath(placement, unit));

/** It is to be as it is. */
export async function forgetTakenAway(context: Context, unit: string): Promise<void> {
  if (!context.offline) await orElse(() => forgetConfined(context, unit), undefined);
}
