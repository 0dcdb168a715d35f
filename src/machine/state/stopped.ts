import { type Diagnostic, note } from '../../diagnostic.js';
import type { System } from '../system.js';
import { isDown, type UnitState } from '../unit-state.js';
import { awaitJournal, type FailedUnit, journalMatches } from './failure.js';

/**
 * IDs of the manager's messages when it begins to start a unit, has or hasn't started it, begins to stop it, and has
 * stopped it. Some types of units have the last alone (sd-messages.h).
 */
const STARTING = '7d4958e842da4a758f6c1cdc7b36dcc5';
const STARTED = '39f53479d3a045ac8e11786248231fbf';
const NOT_STARTED = 'be02cf6855d2428ba40df7e9d022f03d';
const STOPPED = '9d1aaa27d60140bd96365438aad20286';
const STOPPING = 'de5b426a63be47a7b6ac3eaac82e2f6f';

/**
 * Whether a unit is down by a stop, of itself or of a unit that it needs, and hasn't ended by itself. The manager logs each job that
 * stops a unit, unless LogLevelMax= keeps it from that. Only messages about its last run count, so that a log that lacks some
 * leaves no failed service down. The manager forgets the ID of that run with a unit that it unloads, which never failed.
 */
export async function wasStopped(
  system: System,
  one: Pick<FailedUnit, 'unit' | 'scope'>,
  state: UnitState,
): Promise<boolean> {
  if (!isDown(state)) return false;
  const run = state.invocationId;
  await awaitJournal(system);
  const { stdout } = await system.run([
    ...['journalctl', '--quiet', '--no-pager', '--lines=1', '--output=json', '--output-fields=MESSAGE_ID'],
    ...journalMatches(one),
    ...[STARTING, STARTED, NOT_STARTED, STOPPING, STOPPED].map((id) => `MESSAGE_ID=${id}`),
    ...(run === '' ? [] : [`${one.scope === 'user' ? 'USER_' : ''}INVOCATION_ID=${run}`]),
  ]);
  return [STOPPING, STOPPED].some((id) => stdout.includes(`"${id}"`));
}

export const STAYS_STOPPED = 'stays-stopped';

export const staysStopped = (unit: string): Diagnostic =>
  note(STAYS_STOPPED, `${unit} was stopped during the run, and stays stopped`);
