import { inBatches } from '../collections.js';
import { ASKED_AT_ONCE, type Service } from '../state/service.js';
import { hasJob } from '../state/service-run.js';
import type { Context } from '../system/context.js';
import type { System } from '../system/system.js';
import { isDown, type UnitLink, type UnitState } from '../system/unit-state.js';

/** Links to units that stop or fail with a unit, or start it (systemd.unit(5), org.freedesktop.systemd1(5)). */
const LINKS: readonly UnitLink[] = [
  'requiredBy',
  'requisiteOf',
  'boundBy',
  'consistsOf',
  'propagatesStopTo',
  'triggeredBy',
];

/** Links to units that are stopped when a unit is started. */
const OPPONENTS: readonly UnitLink[] = ['conflicts', 'conflictedBy'];

/** Links to units with which a unit is stopped. */
export const NEEDS: readonly UnitLink[] = [
  'bindsTo',
  'partOf',
  'requires',
  'requisite',
  'stopPropagatedFrom',
];

/** A unit of any type, with the properties that all types have; a slice or a socket has its own, too. */
export interface AffectedUnit {
  readonly name: string;
  readonly state: UnitState;
}

/** Asks the manager about a unit of any type. */
export const askUnit = async (system: System, name: string): Promise<AffectedUnit> => ({
  name,
  state: await system.anyUnit(name),
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
  const found = new Map<string, UnitState | undefined>(services.map(({ name }) => [name, undefined]));
  const links = starts ? [...LINKS, ...OPPONENTS] : LINKS;
  let named = services.flatMap(({ state }) => namesIn(state, links));
  while (named.length > 0) {
    const fresh = [...new Set(named)].filter((name) => !found.has(name));
    const asked = await inBatches(fresh, ASKED_AT_ONCE, (name) => context.system.anyUnit(name));
    fresh.forEach((name, i) => void found.set(name, isWanted(asked[i]!) ? asked[i] : undefined));
    named = asked.filter(isWanted).flatMap((state) => namesIn(state, LINKS));
  }
  return [...found].flatMap(([name, state]) => (state ? [{ name, state }] : []));
}

/** The units among some that aren't down for good. */
export async function wantedOf(system: System, names: readonly string[]): Promise<string[]> {
  const found = await inBatches(names, ASKED_AT_ONCE, (name) => system.anyUnit(name));
  return names.filter((_, i) => isWanted(found[i]!));
}

/** Whether a unit is up, or may be again: a unit that is being stopped may be in the middle of a restart. */
const isWanted = (state: UnitState): boolean => !isDown(state) || hasJob(state);

export const namesIn = (state: UnitState, links: readonly UnitLink[]): string[] =>
  links.flatMap((link) => state[link]);

/** Whether a unit starts services when something happens: it has to be there before them. */
export const isTrigger = (unit: string): boolean => /\.(?:socket|path|timer|automount)$/.test(unit);
