import { type Diagnostic, error, note } from '../diagnostic.js';
import type { System } from '../system/system.js';
import { isDown, type UnitState } from '../system/unit-state.js';
import type { Scope } from '../unit/search.js';

/**
 * IDs of the manager's messages when it begins to start a unit, has or hasn't started it, begins to stop it, and has
 * stopped it. Some types of units have the last alone (sd-messages.h).
 */
const STARTING = '7d4958e842da4a758f6c1cdc7b36dcc5';
const STARTED = '39f53479d3a045ac8e11786248231fbf';
const NOT_STARTED = 'be02cf6855d2428ba40df7e9d022f03d';
const STOPPED = '9d1aaa27d60140bd96365438aad20286';
const STOPPING = 'de5b426a63be47a7b6ac3eaac82e2f6f';

/** The number of looks into the journal, which takes a moment, and the pause between them in milliseconds. */
const LOOKS = 3;
const PAUSE = 200;

interface One {
  readonly unit: string;
  readonly scope: Scope;
}

/**
 * Whether a service is down by a stop that somebody has asked for: of it, or of a unit that it depends on. A service
 * that ends by itself, be it with success, was not stopped. Nor was one that systemd stops since a unit that it is
 * bound to has ended.
 */
export async function wasStopped(system: System, one: One, state: UnitState): Promise<boolean> {
  const heard = await system.heard(one.unit);
  if (!heard) return wasStoppedByJournal(system, one, state);
  return isDown(state) && heard.stopped && !(await hasLostWhatItIsBoundTo(system, state));
}

/** Whether a unit that a service is bound to (BindsTo=) has ended without having been stopped. */
async function hasLostWhatItIsBoundTo(system: System, state: UnitState): Promise<boolean> {
  const ended = state.bindsTo.map(async (unit) => {
    const [heard, other] = await Promise.all([system.heard(unit), system.anyUnit(unit)]);
    return isDown(other) && !heard?.stopped;
  });
  return (await Promise.all(ended)).includes(true);
}

/** Arguments of journalctl(1) for the manager's own messages about a unit. */
export const journalMatches = ({ unit, scope }: One): string[] =>
  scope === 'user' ? ['--user', `USER_UNIT=${unit}`] : [`UNIT=${unit}`, '_PID=1'];

/**
 * Whether a service was stopped, for a unit whose signals nobody has heard. The manager's log has each job that stops a
 * unit, unless it is kept from logging.
 */
async function wasStoppedByJournal(system: System, { unit, scope }: One, state: UnitState): Promise<boolean> {
  if (!isDown(state)) return false;
  // A failed service mostly did so by itself: one look is enough.
  const looks = state.activeState === 'failed' ? 1 : LOOKS;
  for (let look = 1; look <= looks; look++) {
    if (look > 1) await system.wait(PAUSE);
    const { stdout } = await system.run([
      ...['journalctl', '--quiet', '--no-pager', '--lines=1', '--output=json', '--output-fields=MESSAGE_ID'],
      ...journalMatches({ unit, scope }),
      ...[STARTING, STARTED, NOT_STARTED, STOPPING, STOPPED].map((id) => `MESSAGE_ID=${id}`),
    ]);
    if ([STOPPING, STOPPED].some((id) => stdout.includes(`"${id}"`))) return true;
  }
  return false;
}

export const STOPPED_MEANWHILE = 'stopped-meanwhile';

export const stoppedMeanwhile = (unit: string): Diagnostic =>
  error(STOPPED_MEANWHILE, `${unit} was stopped by somebody else meanwhile`, {
    hint: 'start it, then apply it again',
  });

export const STAYS_STOPPED = 'stays-stopped';

export const staysStopped = (unit: string): Diagnostic =>
  note(STAYS_STOPPED, `${unit} was stopped by somebody else, and stays so`);
