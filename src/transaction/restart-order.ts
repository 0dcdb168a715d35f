import type { UndoRecord } from './undo-record-format.js';

/** How many units, and how many services of a unit, are changed or rolled back at a time. */
export const CHANGED_AT_ONCE = 8;

/** A unit whose services are to be restarted. */
interface Restarted {
  readonly unit: string;
  readonly record: Pick<UndoRecord, 'runs' | 'affected'>;
}

/**
 * Orders units into turns. A unit that another one's restart stops comes in a later turn, so that no trial is ended by
 * another unit's restart.
 * @param most how many at a time
 */
export function restartOrder<T extends Restarted>(units: readonly T[], most = CHANGED_AT_ONCE): T[][] {
  const turns: T[][] = [];
  for (let left = [...units]; left.length > 0; ) {
    const taken = new Set(left.flatMap((one) => withoutOwn(one)));
    const free = left.filter((one) => servicesOf(one).every((name) => !taken.has(name)));
    // Units that stop each other have no order.
    const turn = free.length > 0 ? free.slice(0, most) : [left[0]!];
    turns.push(turn);
    left = left.filter((one) => !turn.includes(one));
  }
  return turns;
}

const servicesOf = ({ unit, record }: Restarted): string[] => [unit, ...record.runs.map((run) => run.unit)];

/** Units that a restart of one may stop, without its own services. */
function withoutOwn(one: Restarted): string[] {
  const own = servicesOf(one);
  return one.record.affected.filter((name) => !own.includes(name));
}
