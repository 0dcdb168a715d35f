/** Units whose policies the generator puts into force at boot (sandbox-unit-generator(8)). */

import { type DropInFacts, dropInFacts } from '../emit/drop-in-facts.js';
import { enabledDropIn, enabledManifest, enabledManifests } from '../paths/at-boot.js';
import { orElse } from '../state/failures.js';
import { MAX_SIZE } from '../state/own-files.js';
import type { Context } from '../system/context.js';
import { isServiceName, parseUnitName } from '../unit/name.js';

/** A unit that has a manifest. */
export interface Enabled {
  readonly unit: string;
  /** Whether the generator lets it run without its policy where its own files have changed. */
  readonly runsIfChanged: boolean;
  /** Facts of the drop-in that the generator puts into force; undefined if it can't be read. */
  readonly facts: DropInFacts | undefined;
}

/** The names of all that have a manifest, sorted; none for a user's manager, which has no such generator. */
export async function enabledUnits({ system, placement, offline }: Context): Promise<string[]> {
  if (offline || placement.scope === 'user') return [];
  return (await orElse(() => system.list(enabledManifests), [])).filter(isServiceName).sort();
}

/** The files that are enabled for a unit, or for the template of an instance; undefined if none are. */
export async function enabledOf(context: Context, unit: string): Promise<Enabled | undefined> {
  const name = parseUnitName(unit);
  const template = 'full' in name ? name.template : undefined;
  const all = await enabledUnits(context);
  const found = [unit, template].find((one) => one !== undefined && all.includes(one));
  if (found === undefined) return undefined;
  const [manifest, dropIn] = await Promise.all([
    content(context, enabledManifest(found)),
    content(context, enabledDropIn(found)),
  ]);
  return {
    unit: found,
    runsIfChanged: new TextDecoder().decode(manifest).split('\n').includes('if-changed run'),
    facts: dropIn && dropInFacts(dropIn),
  };
}

/** The files of a unit as of enabledOf(); where none can be found, as of one of which nothing is known. */
export const anyEnabled = async (context: Context, unit: string): Promise<Enabled> =>
  (await enabledOf(context, unit)) ?? { unit, runsIfChanged: false, facts: undefined };

/** Enabled files as of enabledOf(), where the context is that of what the generator writes; else undefined. */
export const enabledHere = async (context: Context, unit: string): Promise<Enabled | undefined> =>
  context.placement.lifetime === 'runtime' ? enabledOf(context, unit) : undefined;

/** The files of a unit as they would be made with other options. */
export const madeAs = (enabled: Enabled, other: Partial<DropInFacts>): Enabled => ({
  ...enabled,
  facts: enabled.facts && { ...enabled.facts, ...other },
});

/** The content of a file; undefined where there is none, or where it can't be read. */
const content = ({ system }: Context, path: string): Promise<Uint8Array | undefined> =>
  orElse(async () => (await system.read(path, { limit: MAX_SIZE }))?.bytes, undefined);
