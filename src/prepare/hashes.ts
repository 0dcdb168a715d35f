import { toHex } from '../collections.js';
import { directivesText, type EmittedFile } from '../emit/files.js';
import type { Surroundings } from '../plan/request.js';
import { type EffectiveUnit, effectiveUnit } from '../unit/effective.js';
import type { Assignment } from '../unit/unit-file.js';
import type { OwnInstance } from './load/instances.js';
import { surroundingsText } from './load/surroundings.js';

/** SHA-256 over texts, in hex; each counts with its length, so that none runs into the next. */
async function sha256(texts: Iterable<string>): Promise<string> {
  const text = [...texts].map((one) => `${one.length}:${one}`).join('');
  return toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))));
}

/** Of the texts of a policy and of all that it extends. */
export const policyHash = (sources: ReadonlyMap<string, string>): Promise<string> => sha256(sources.values());

/**
 * Of what a unit says of its service, without ours: names and values of settings, wherever they are. Of a template what
 * its instances say besides counts, too, and what holds for it by other units' files.
 */
export const unitHash = (
  { assignments }: EffectiveUnit,
  instances: readonly OwnInstance[],
  surroundings: Surroundings | undefined,
): Promise<string> =>
  sha256([
    ...settingsOf(assignments),
    ...(surroundings ? surroundingsText(surroundings) : []),
    ...instances.flatMap(({ name, files }) => [name.full, ...settingsOf(effectiveUnit(files).assignments)]),
  ]);

const settingsOf = (assignments: readonly Assignment[]): string[] =>
  assignments.filter(({ section }) => section === 'Service').flatMap(({ key, value }) => [key, value]);

/**
 * Of files of a unit of ours, the launcher not among them, by what systemd and the launcher read of them. It must stay as
 * it is: runs and drop-ins of older versions are held against it.
 */
export const filesHash = (files: readonly EmittedFile[]): Promise<string> =>
  sha256(
    [...files]
      .sort((a, b) => (a.path < b.path ? -1 : 1))
      .flatMap(({ path, content }) => [
        path,
        path.endsWith('.conf') ? directivesText(content) : toHex(content),
      ]),
  );
