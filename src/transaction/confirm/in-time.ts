/** A word in time counts, to keep a change that waits or to undo it, however long another run keeps it from being done. */

import { confirmingPath } from '../../paths/records.js';
import { orElse } from '../../state/failures.js';
import type { Context } from '../../system/context.js';
import type { System } from '../../system/system.js';

/** Whether another run has a lock; false where that can't be asked. */
export const isLocked = (system: System, path: string): Promise<boolean> =>
  orElse(async () => {
    const letGo = await system.lock(path, 0);
    letGo?.();
    return letGo === undefined;
  }, false);

/** How long somebody who only asks may have a lock, in seconds. */
const LOOK = 1;

/**
 * Takes a step that keeps or undoes changes that wait: from here to its end they don't go back by themselves. Where another
 * run is about to do so already, it is that run which holds them.
 * @throws UserError `no-lock`
 */
export async function whileInTime<T>(
  { system, placement }: Context,
  units: readonly string[],
  step: () => Promise<T>,
): Promise<T> {
  const held: (() => void)[] = [];
  try {
    for (const unit of units) {
      const letGo = await system.lock(confirmingPath(placement, unit), LOOK);
      if (letGo) held.push(letGo);
    }
    return await step();
  } finally {
    for (const letGo of held) letGo();
  }
}

/** Whether somebody is about to keep a unit's change, or to undo it, who began in time. */
export const isInTime = ({ system, placement }: Context, unit: string): Promise<boolean> =>
  isLocked(system, confirmingPath(placement, unit));
