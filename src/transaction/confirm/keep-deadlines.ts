/** The work of the deadline keeper. */

import { type Diagnostic, EXIT, error, renderDiagnostic, UserError } from '../../diagnostic.js';
import { unitDirectories } from '../../paths/placement.js';
import { confinedFolder, lockPath, undoFolder } from '../../paths/records.js';
import type { Context } from '../../system/context.js';
import { recoverIfFree } from '../lock.js';
import { disarm } from './keeper.js';
import { readStock, untilNext } from './stock.js';

/**
 * Undoes changes that nobody confirms in time, and those that a killed run has left half done, until no record is left.
 * Tells the manager when it has begun.
 * @throws UserError where it can't write, a unit can't be undone, or its record can't be read: the manager starts the keeper
 *   again
 */
export async function keepDeadlines(context: Context): Promise<void> {
  await assertMayWrite(context);
  for (let isReady = false; ; isReady = true) {
    const { waiting, unfinished, unreadable } = await readStock(context);
    if (!isReady) await tellReady(context);
    // One that can't be read is told at the end: others have their deadlines.
    if (unfinished.length > 0 || (waiting.length === 0 && unreadable.length > 0)) await undoThose(context);
    else if (waiting.length === 0 && (await hasEnded(context))) return;
    await context.system.wait(untilNext(context, waiting));
  }
}

/** A drop-in for all services may have taken that from the keeper: whoever starts it then writes nothing either. */
async function assertMayWrite({ system, placement }: Context): Promise<void> {
  for (const folder of [confinedFolder(placement), undoFolder(placement), ...unitDirectories(placement)])
    await system.assertWritable(folder, { make: true });
}

/** Where the service manager waits for the start, it is told (sd_notify(3)). */
async function tellReady({ system, caller }: Context): Promise<void> {
  if (caller.environment.NOTIFY_SOCKET === undefined) return;
  const { status, stderr } = await system.run(['systemd-notify', '--ready']);
  if (status === 0) return;
  const message = `the service manager can't be told of the start: systemd-notify: ${stderr.trim()}`;
  throw new UserError(error('not-told', message), EXIT.failure);
}

/** Undoes what is due, unless another run has the lock: that may be the one that is at work on it. */
async function undoThose(context: Context): Promise<void> {
  const { exit, diagnostics } = await recoverIfFree(context);
  if (exit !== EXIT.ok) throw new UserError(diagnostics, exit);
  for (const one of diagnostics) if (!isBusy(one)) context.caller.tell(renderDiagnostic(one));
}

const isBusy = ({ code }: Diagnostic): boolean => code === 'busy';

/** Ends the keeper's work, unless another run is about to give it some. */
async function hasEnded(context: Context): Promise<boolean> {
  const letGo = await context.system.lock(lockPath(context.placement), 0);
  if (!letGo) return false;
  try {
    return await disarm(context, { stop: false });
  } finally {
    letGo();
  }
}
