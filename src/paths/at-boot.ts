/** Files that the generator of earlier versions put into force at boot. */

import { dropInPath } from './own-files.js';

const ENABLED = '/etc/sandbox-unit/enabled';

/** The folder of the generator's manifests, one a unit. */
export const enabledManifests = `${ENABLED}/activate.d`;

/** The manifest of a unit. */
export const enabledManifest = (unit: string): string => `${enabledManifests}/${unit}`;

/** A unit's drop-in as the generator found it. */
export const enabledDropIn = (unit: string): string =>
  `${ENABLED}${dropInPath({ scope: 'system', lifetime: 'runtime' }, unit)}`;
