import { EXIT, error, UserError } from '../diagnostic.js';
import type { Context } from './context.js';

/** A lock, and what is said of a run that has it. */
export interface Lock {
  readonly path: string;
  /** How long another run may take, in seconds. */
  readonly wait: number;
  /** The beginning of a sentence: who has it. */
  readonly holder: string;
}

/**
 * Takes a step while no other run has a lock.
 * @throws UserError `busy`, and `unwritable` where it can't be taken at all
 */
export async function holdingLock<T>(context: Context, lock: Lock, step: () => Promise<T>): Promise<T> {
  const letGo = await take(context, lock);
  try {
    return await step();
  } finally {
    letGo();
  }
}

async function take({ system, caller }: Context, { path, wait, holder }: Lock): Promise<() => void> {
  const letGo = await system.lock(path, 0);
  if (letGo) return letGo;
  caller.tell(`${holder[0]!.toUpperCase()}${holder.slice(1)}: waiting for it to finish …`);
  const later = await system.lock(path, wait);
  if (later) return later;
  const hint = `'fuser ${path}' shows its process`;
  const minutes = wait / 60;
  const message = `${holder}, and did not finish within ${minutes} minute${minutes === 1 ? '' : 's'}`;
  throw new UserError(error('busy', message, { hint }), EXIT.failure);
}
