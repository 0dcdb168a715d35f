/** The rotation of a service's logs, where it reloads the service. */

import { orElse } from '../machine/state/failures.js';
import type { System } from '../machine/system.js';
import { reloadBy } from '../systemd/formats/logrotate.js';

const FOLDER = '/etc/logrotate.d';

export interface RotationReload {
  readonly file: string;
  /** As `invoke-rc.d apache2 reload`. */
  readonly command: string;
}

/**
 * Finds a file of logrotate(8) that reloads a service when it rotates logs; undefined where none does.
 * @param unit `apache2.service`
 */
export async function rotationReload(system: System, unit: string): Promise<RotationReload | undefined> {
  for (const name of await orElse(() => system.list(FOLDER), [])) {
    const file = `${FOLDER}/${name}`;
    const read = await orElse(() => system.read(file), undefined);
    const command = read && reloadBy(new TextDecoder().decode(read.bytes), unit.replace(/\.service$/, ''));
    if (command !== undefined) return { file, command };
  }
  return undefined;
}
