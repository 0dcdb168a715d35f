/** Units that were confined, and that something else than `revert` has taken all files of ours from: `systemctl revert`, say. */
import { inBatches } from '../../collections.js';
import { type Diagnostic, error, note } from '../../diagnostic.js';
import type { Context } from '../../machine/context.js';
import { orElse } from '../../machine/state/failures.js';
import { ASKED_AT_ONCE } from '../../machine/state/service.js';
import { exists } from '../../prepare/load/exists.js';
import { ownPolicy } from '../../prepare/load/find-policy.js';
import { serviceName } from '../../prepare/load/load-unit.js';
import { namedUnit } from '../../prepare/load/named-unit.js';
import { ownCommand } from '../../systemd/command-lines.js';
import { ownDropInPaths } from '../../systemd/paths/own-files.js';
import { confinedFolder, confinedPath } from '../../systemd/paths/records.js';
import { isServiceName } from '../../systemd/unit/name.js';

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
  return error('drift-files', `${unit} was confined, but its drop-in is gone`, {
    hint: `${apply}${ours('revert')} leaves it unconfined`,
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

/** In a folder of another system there is no command that could be typed as it stands. */
export async function unconfined(context: Context, unit: string): Promise<Diagnostic> {
  const { offline, placement } = context;
  const apply = ownCommand(placement.scope, 'apply', unit);
  const hint = (await ownPolicy(context, serviceName(unit)))
    ? apply
    : `write a policy for it, or name one with --policy or --template: '${apply}' shows where`;
  return error('unconfined', `${unit} is not confined by sandbox-unit`, { hint: offline ? undefined : hint });
}

/**
 * Of an instance without a drop-in of ours of its own, that it has its template's.
 * @param loaded the drop-ins that it has; without them, whether it will have it when its own is gone
 */
export async function confinedByTemplate(
  { placement, system }: Context,
  unit: string,
  loaded?: readonly string[],
): Promise<readonly Diagnostic[]> {
  const { template } = serviceName(unit);
  const own = template === undefined || template === unit ? [] : ownDropInPaths(placement, template);
  const are = loaded
    ? own.map((path) => loaded.includes(path))
    : await Promise.all(own.map((path) => exists(system, path)));
  if (template === undefined || !are.includes(true)) return [];
  const hint = `'${ownCommand(placement.scope, 'revert', template)}' reverts all its instances`;
  return [note('by-template', `${unit} is confined by the drop-in of ${template}`, { hint })];
}
