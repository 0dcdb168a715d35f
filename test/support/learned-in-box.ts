/** What learn has seen of services in a box. */
import type { Recording } from '../../src/observe/recording/recording.js';
import type { Box } from './box.js';

const FOLDER = '/var/lib/sandbox-unit/recordings';

/** All recordings of a unit, the oldest first. */
export async function recordingsOf(box: Box, unit: string): Promise<Recording[]> {
  const names = (await box.succeed(['ls', `${FOLDER}/${unit}`])).trim().split('\n');
  return Promise.all(
    names.map(async (name) => JSON.parse(await box.readFile(`${FOLDER}/${unit}/${name}`)) as Recording),
  );
}

const ENOSYS = 38;

/**
 * Calls that were refused in a watch, and not in an earlier one: by the policy that was applied in between. Those that get
 * ENOSYS are left out: libraries make another call in their place.
 */
export function newlyRefused(earlier: Recording, later: Recording): string[] {
  const known = new Set(earlier.refused.map(({ name }) => name));
  return later.refused
    .filter(({ name, answer }) => !known.has(name) && answer !== ENOSYS)
    .map(({ name, number, answer }) => `${name ?? number} (${answer})`);
}
