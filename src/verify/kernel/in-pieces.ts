import type { Work } from '../../filter/budget.js';
import type { System } from '../../system/system.js';

/** Units of work after which signals and the bus have their turn: a hundredth of a second or so. */
const PIECE = 2 ** 19;

/**
 * Does work to its end, with pauses in which other events are handled.
 * @param spent the units of work that were spent until now
 */
export async function inPieces<T>(
  system: Pick<System, 'wait'>,
  work: Work<T>,
  spent: () => number,
): Promise<T> {
  for (let before = spent(); ; ) {
    const piece = work.next();
    if (piece.done) return piece.value;
    if (spent() - before < PIECE) continue;
    await system.wait(0);
    before = spent();
  }
}
