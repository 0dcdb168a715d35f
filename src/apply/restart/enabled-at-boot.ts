/** Units that the generator of an earlier version put into force at boot, and that aren't converted yet. */

import { type Diagnostic, error } from '../../diagnostic.js';
import type { Context } from '../../machine/context.js';
import { orElse } from '../../machine/state/failures.js';
import { MAX_SIZE, withLifetime } from '../../machine/state/own-files.js';
import { dropInFacts } from '../../plan/emit/drop-in-facts.js';
import { againCommand } from '../../prepare/apply-again.js';
import { exists } from '../../prepare/load/exists.js';
import { shellWord } from '../../systemd/command-lines.js';
import { dropInPath } from '../../systemd/paths/own-files.js';
import { isServiceName } from '../../systemd/unit/name.js';

/** The generator's folder. */
const ENABLED = '/etc/sandbox-unit/enabled';

/** The manifest of a unit. */
export const enabledManifest = (unit: string): string => `${ENABLED}/activate.d/${unit}`;

/** A unit's drop-in as the generator found it. */
export const enabledDropIn = (unit: string): string =>
  `${ENABLED}${dropInPath({ scope: 'system', lifetime: 'runtime' }, unit)}`;

/**
 * An error for each unit that still has a manifest of the generator. Nothing puts it into force at boot any more. Where a
 * copy of the generator is left, that one would undo a change of the unit, or keep it from starting.
 * @param units full names; all units by default
 */
export async function enabledAtBoot(context: Context, units?: readonly string[]): Promise<Diagnostic[]> {
  const { system, placement } = context;
  if (placement.scope === 'user') return [];
  const all = units ?? (await orElse(() => system.list(`${ENABLED}/activate.d`), []));
  const names = all.filter(isServiceName).sort();
  const are = await Promise.all(
    names.map((unit) => orElse(() => exists(system, enabledManifest(unit)), false)),
  );
  const found = names.filter((_, i) => are[i]);
  return Promise.all(found.map((unit) => leftOf(context, unit)));
}

async function leftOf(context: Context, unit: string): Promise<Diagnostic> {
  const manifest = enabledManifest(unit);
  const message = `${unit} is enabled by the boot generator of an earlier version, which is gone: ${manifest} is left`;
  const isHere = !context.offline && !context.isRecorded;
  const confines = isHere ? `, then '${await applyCommand(context, unit)}' confines it for good` : ' there';
  const hint = `'rm ${shellWord(manifest)}'${confines}`;
  return error('enabled-at-boot', message, { hint });
}

/** The command line that applies the policy for good that was enabled. */
async function applyCommand(context: Context, unit: string): Promise<string> {
  const file = await orElse(() => context.system.read(enabledDropIn(unit), { limit: MAX_SIZE }), undefined);
  const facts = dropInFacts(file?.bytes ?? new Uint8Array());
  return againCommand(withLifetime(context, 'always'), unit, facts);
}
