import type { ChangedUnit } from './changed-unit.js';
import { NEEDS, namesIn } from './restart/affected-units.js';

/** How many units, and how many services of a unit, are changed or rolled back at a time. */
export const CHANGED_AT_ONCE = 8;

type Restarted = Pick<ChangedUnit, 'unit' | 'services'>;

/**
 * Orders units into turns. A unit that needs another one comes in a later turn, so that no trial is ended by another unit's restart,
 * or fails for another unit's policy.
 * @param most how many at a time
 */
export function restartOrder<T extends Restarted>(units: readonly T[], most = CHANGED_AT_ONCE): T[][] {
  const turns: T[][] = [];
  for (let left = [...units]; left.length > 0; ) {
    const owners = new Map(left.flatMap((one) => namesOf(one).map((name) => [name, one])));
    const isOthers = (name: string, one: T) => owners.has(name) && owners.get(name) !== one;
    const needs = ({ services }: T) => services.flatMap(({ state }) => namesIn(state, NEEDS));
    const free = left.filter((one) => !needs(one).some((name) => isOthers(name, one)));
    // Units that need each other have no order.
    const turn = free.length > 0 ? free.slice(0, most) : [left[0]!];
    turns.push(turn);
    left = left.filter((one) => !turn.includes(one));
  }
  return turns;
}

const namesOf = ({ unit, services }: Restarted): string[] => [unit, ...services.map(({ name }) => name)];

/** Parts services into rounds. @param first how many of them the first round has */
export const roundsOf = (services: readonly string[], first = CHANGED_AT_ONCE): (readonly string[])[] =>
  services.length === 0 ? [] : [services.slice(0, first), ...roundsOf(services.slice(first))];
