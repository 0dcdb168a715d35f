/** The rotation of a service's logs, where it reloads the service. */

import { orElse } from '../machine/state/failures.js';
import type { System } from '../machine/system.js';
import { reloadBy } from '../systemd/formats/logrotate.js';

const FOLDER = '/etc/logrotate.d';

/** The most files that are read, and the bytes of the largest. */
const MOST_FILES = 500;
const MOST_BYTES = 64 << 10;

export interface RotationReload {
  readonly file: string;
  /** As `invoke-rc.d apache2 reload`. */
  readonly command: string;
}

/**
 * Finds a file of logrotate(8) by which logs are rotated with a reload of a service; undefined where none is seen to.
 * @param unit `apache2.service`
 */
export async function rotationReload(system: System, unit: string): Promise<RotationReload | undefined> {
  const names = await orElse(() => system.list(FOLDER), []);
  for (const name of names.slice(0, MOST_FILES)) {
    const file = `${FOLDER}/${name}`;
    const read = await orElse(() => system.read(file, { limit: MOST_BYTES }), undefined);
    const command = read && reloadBy(new TextDecoder().decode(read.bytes), unit.replace(/\.service$/, ''));
    if (command !== undefined) return { file, command };
  }
  return undefined;
}
