/** Files of the generator (sandbox-unit-generator(8)). */

import { dropInPath, hasNameOfDropIn } from './own-files.js';
import type { Placement } from './placement.js';

/** The place of what the generator writes. */
export const AT_BOOT: Placement = { scope: 'system', lifetime: 'runtime' };

/** The folder of the files that the generator puts into force at boot (sandbox-unit-generator(8)). */
export const ENABLED = '/etc/sandbox-unit/enabled';

/** The folder of their manifests. */
export const enabledManifests = `${ENABLED}/activate.d`;

/** The manifest of a unit. */
export const enabledManifest = (unit: string): string => `${enabledManifests}/${unit}`;

/** A unit's drop-in as the generator finds it, which it copies to the folder of those until the next boot. */
export const enabledDropIn = (unit: string): string => `${ENABLED}${dropInPath(AT_BOOT, unit)}`;

const REFUSAL = 'zz-sandbox-unit-refused.conf';

/** The generator's drop-in by which a unit fails to start. @param unit the full name, checked */
export const refusalPath = (unit: string): string => `/run/systemd/generator.early/${unit}.d/${REFUSAL}`;

/** The file beside such a drop-in that has the reason. */
export const reasonOfRefusal = (dropIn: string): string => dropIn.replace(/\.conf$/, '.reason');

/** The service that tells the reason where a service is to start. */
export const refusalService = (service: string): string => `sandbox-unit-refused@${service}.service`;

/** Whether a drop-in, of whatever unit, is such a one. */
export const isRefusal = (path: string): boolean => path.endsWith(`/${REFUSAL}`);

/** Whether a drop-in is the generator's: by it a unit fails to start, or goes without its template's policy. */
export const isDropInOfGenerator = (path: string): boolean =>
  path.startsWith('/run/systemd/generator.early/') && (isRefusal(path) || hasNameOfDropIn(path));
