import { inBatches } from '../collections.js';
import { ASKED_AT_ONCE, type Service } from '../state/service.js';
import { hasJob } from '../state/service-run.js';
import { isDead } from '../state/stopped.js';
import type { Context } from '../system/context.js';
import type { System, UnitProperties } from '../system/system.js';

/**
 * Properties of a unit that name others which stop or fail with it, or start it (systemd.unit(5),
 * org.freedesktop.systemd1(5)).
 */
const LINKS = ['RequiredBy', 'RequisiteOf', 'BoundBy', 'ConsistsOf', 'PropagatesStopTo', 'TriggeredBy'];

/** Properties of a unit that name others which are stopped when it is started. */
const OPPONENTS = ['Conflicts', 'ConflictedBy'];

/** Properties of a unit that name others with which it is stopped. */
export const NEEDS = ['BindsTo', 'PartOf', 'Requires', 'Requisite', 'StopPropagatedFrom'];

/** A unit of any type, with the properties that all types have. */
export interface AffectedUnit {
  readonly name: string;
  readonly properties: UnitProperties;
}

/** Asks the manager about a unit of any type. */
export const askUnit = async (system: System, name: string): Promise<AffectedUnit> => ({
  name,
  properties: await system.anyUnit(name),
});

/**
 * Other units that are up, or are being started, and that a restart of services may take down, directly or not.
 * @param starts whether services that don't run are to be started: units that conflict with them count, too
 */
export async function affectedUnits(
  context: Context,
  services: readonly Service[],
  { starts = false } = {},
): Promise<AffectedUnit[]> {
  const found = new Map<string, UnitProperties | undefined>(services.map(({ name }) => [name, undefined]));
  const links = starts ? [...LINKS, ...OPPONENTS] : LINKS;
  let named = services.flatMap(({ properties }) => namesIn(properties, links));
  while (named.length > 0) {
    const fresh = [...new Set(named)].filter((name) => !found.has(name));
    const asked = await inBatches(fresh, ASKED_AT_ONCE, (name) => context.system.anyUnit(name));
    fresh.forEach((name, i) => void found.set(name, isWanted(asked[i]!) ? asked[i] : undefined));
    named = asked.filter(isWanted).flatMap((properties) => namesIn(properties, LINKS));
  }
  return [...found].flatMap(([name, properties]) => (properties ? [{ name, properties }] : []));
}

/** The units among some that aren't down for good. */
export async function wantedOf(system: System, names: readonly string[]): Promise<string[]> {
  const found = await inBatches(names, ASKED_AT_ONCE, (name) => system.anyUnit(name));
  return names.filter((_, i) => isWanted(found[i]!));
}

/** Whether a unit is up, or may be again: a unit that is being stopped may be in the middle of a restart. */
const isWanted = (properties: UnitProperties): boolean => !isDead(properties) || hasJob(properties);

export const namesIn = (properties: UnitProperties, links: readonly string[]): string[] =>
  links.flatMap((link) => (properties.get(link) ?? []) as readonly string[]);

/** Whether a unit starts services when something happens: it has to be there before them. */
export const isTrigger = (unit: string): boolean => /\.(?:socket|path|timer|automount)$/.test(unit);
