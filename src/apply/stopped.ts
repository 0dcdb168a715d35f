import { type Diagnostic, error, note } from '../diagnostic.js';
import type { Plan } from '../plan/plan.js';
import type { System, UnitProperties } from '../system/system.js';

type Scope = Plan['target']['scope'];

/** What the manager records when it begins to start a unit, has started it, and begins to stop it (sd-messages.h). */
const STARTING = '7d4958e842da4a758f6c1cdc7b36dcc5';
const STARTED = '39f53479d3a045ac8e11786248231fbf';
const STOPPING = 'de5b426a63be47a7b6ac3eaac82e2f6f';

/** The journal takes a moment: how often, and how far apart in milliseconds, is looked. */
const LOOKS = 3;
const PAUSE = 200;

/**
 * Whether a service is down since somebody asked the manager to stop it. One that ends by itself, be it with success, was
 * not stopped: the journal has no stop of it.
 */
export async function wasStopped(
  system: System,
  { unit, scope }: { readonly unit: string; readonly scope: Scope },
  properties: UnitProperties,
): Promise<boolean> {
  if (properties.get('ActiveState') !== 'inactive' || properties.get('Result') !== 'success') return false;
  for (let look = 1; look <= LOOKS; look++) {
    if (look > 1) await system.wait(PAUSE);
    const { stdout } = await system.run([
      ...['journalctl', '--quiet', '--no-pager', '--lines=1', '--output=json', '--output-fields=MESSAGE_ID'],
      ...(scope === 'user' ? ['--user', `USER_UNIT=${unit}`] : [`UNIT=${unit}`, '_PID=1']),
      ...[STARTING, STARTED, STOPPING].map((id) => `MESSAGE_ID=${id}`),
    ]);
    if (stdout.includes(`"${STOPPING}"`)) return true;
  }
  return false;
}

export const stoppedMeanwhile = (unit: string): Diagnostic =>
  error('stopped-meanwhile', `${unit} was stopped by somebody else while it was tried`, {
    hint: 'apply it again',
  });

export const STAYS_STOPPED = 'stays-stopped';

export const staysStopped = (unit: string): Diagnostic =>
  note(STAYS_STOPPED, `${unit} was stopped by somebody else, and stays so`);
