import type { Recording } from '../../../observe/recording/recording.js';

/** The programs of a service, as it sees them. */
export interface ServicePrograms {
  /** Absolute paths of what it executes. */
  readonly programs: readonly string[];
  /** Absolute paths of files that it was seen to map as code: libraries, also those that no program names. */
  readonly mapped: readonly string[];
}

/** The programs of a service by all its recordings; paths that weren't recorded whole are left out. */
export function servicePrograms(
  recordings: readonly (Pick<Recording, 'paths'> & {
    readonly programs: readonly { readonly path: string }[];
  })[],
): ServicePrograms {
  const programs = recordings.flatMap((recording) => recording.programs.map(({ path }) => path));
  const mapped = recordings
    .flatMap(({ paths }) => paths)
    .filter(({ use, cut }) => use === 'map-executable' && cut !== true)
    .map(({ path }) => path);
  return { programs: sorted(programs), mapped: sorted(mapped) };
}

const sorted = (paths: readonly string[]) =>
  [...new Set(paths)].filter((path) => path.startsWith('/')).sort();
