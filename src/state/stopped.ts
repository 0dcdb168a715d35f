import { type Diagnostic, note } from '../diagnostic.js';
import type { System } from '../system/system.js';
import { isDown, type UnitState } from '../system/unit-state.js';
import { awaitJournal, type FailedUnit, journalMatches } from './failure.js';

/**
 * IDs of the manager's messages when it begins to stop a unit, and has stopped it. Some types of units have the second alone
 * (sd-messages.h).
 */
const STOPPED = '9d1aaa27d60140bd96365438aad20286';
const STOPPING = 'de5b426a63be47a7b6ac3eaac82e2f6f';

/**
 * Whether a unit is down by a stop, of itself or of a unit that it needs, and hasn't ended by itself. The manager logs each job that
 * stops a unit, unless LogLevelMax= keeps it from that. Only messages about its last run count: a log that lacks some has a
 * service started that was stopped, and leaves none down that wasn't.
 */
export async function wasStopped(
  system: System,
  one: Pick<FailedUnit, 'unit' | 'scope'>,
  state: UnitState,
): Promise<boolean> {
  if (!isDown(state)) return false;
  await awaitJournal(system);
  const { stdout } = await system.run([
    ...['journalctl', '--quiet', '--no-pager', '--lines=1', '--output=json', '--output-fields=MESSAGE_ID'],
    ...journalMatches(one),
    ...[STOPPING, STOPPED].map((id) => `MESSAGE_ID=${id}`),
    `${one.scope === 'user' ? 'USER_' : ''}INVOCATION_ID=${state.invocationId}`,
  ]);
  return [STOPPING, STOPPED].some((id) => stdout.includes(`"${id}"`));
}

export const STAYS_STOPPED = 'stays-stopped';

export const staysStopped = (unit: string): Diagnostic =>
  note(STAYS_STOPPED, `${unit} was stopped meanwhile, and stays stopped`);
