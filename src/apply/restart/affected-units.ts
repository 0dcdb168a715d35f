import { inBatches } from '../../collections.js';
import type { Context } from '../../machine/context.js';
import { ASKED_AT_ONCE, type Service } from '../../machine/state/service.js';
import { isDown, type UnitLink, type UnitState } from '../../machine/unit-state.js';

/** Links to units that are restarted or stopped with a unit (systemd.unit(5), org.freedesktop.systemd1(5)). */
const LINKS: readonly UnitLink[] = ['requiredBy', 'requisiteOf', 'boundBy', 'consistsOf', 'propagatesStopTo'];

/** Links of these kinds from the other end: to units that a unit needs. */
export const NEEDS: readonly UnitLink[] = [
  'requires',
  'requisite',
  'bindsTo',
  'partOf',
  'stopPropagatedFrom',
];

/** A unit of any type, with the properties that all types have; a slice or a socket has its own, too. */
export interface AffectedUnit {
  readonly name: string;
  readonly state: UnitState;
}

/** Asks the manager about units of any type. */
export const askUnits = ({ system }: Context, names: readonly string[]): Promise<AffectedUnit[]> =>
  inBatches(names, ASKED_AT_ONCE, async (name) => ({ name, state: await system.anyUnit(name) }));

/** Other units that are up and that a restart of services would restart or stop, directly or not. */
export async function affectedUnits(context: Context, services: readonly Service[]): Promise<AffectedUnit[]> {
  const known = new Set(services.map(({ name }) => name));
  const found: AffectedUnit[] = [];
  let named = services.flatMap(({ state }) => namesIn(state, LINKS));
  while (named.length > 0) {
    const fresh = [...new Set(named)].filter((name) => !known.has(name));
    for (const name of fresh) known.add(name);
    const up = (await askUnits(context, fresh)).filter(({ state }) => !isDown(state));
    found.push(...up);
    named = up.flatMap(({ state }) => namesIn(state, LINKS));
  }
  return found;
}

export const namesIn = (state: UnitState, links: readonly UnitLink[]): string[] =>
  links.flatMap((link) => state[link]);

/** Whether a unit starts services when something happens: it has to be there before them. */
export const isTrigger = (unit: string): boolean => /\.(?:socket|path|timer|automount)$/.test(unit);
