import { observedCalls } from '../explain/records/observed.js';
import type { UnitCall } from '../explain/records/record.js';
import type { Context } from '../system/context.js';
import type { UnitName } from '../unit/name.js';
import { recordedHost } from './recordings/host.js';
import { storedRecordings } from './recordings/store.js';

/**
 * Calls that the observer saw refused on this host since a time: with no log, and no limit on its rate. A watch that
 * began before may have calls of before, and doesn't count.
 * @param since milliseconds since 1970
 */
export async function observedRefusals(context: Context, unit: UnitName, since: number): Promise<UnitCall[]> {
  const { recordings } = await storedRecordings(context, unit, since);
  if (recordings.length === 0) return [];
  const { id } = await recordedHost(context);
  return recordings.flatMap(({ recording }) =>
    recording.host.id === id ? observedCalls(recording, Date.parse(recording.end)) : [],
  );
}
