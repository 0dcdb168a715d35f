import type { Recording } from '../../../observe/recording/recording.js';

/** The programs of a service, as it sees them. */
export interface ServicePrograms {
  /** Absolute paths of what it executes. */
  readonly programs: readonly string[];
  /** Absolute paths of files that it was seen to map as code: libraries, also those that no program names. */
  readonly mapped: readonly string[];
}

/** The programs of a service by its profile; paths that weren't recorded whole are left out. */
export function servicePrograms({
  programs,
  paths,
}: Pick<Recording, 'paths'> & {
  readonly programs: readonly { readonly path: string }[];
}): ServicePrograms {
  const mapped = paths.filter(({ use, cut }) => use === 'map-executable' && cut !== true);
  return { programs: sorted(programs), mapped: sorted(mapped) };
}

const sorted = (files: readonly { readonly path: string }[]) =>
  [...new Set(files.map(({ path }) => path))].filter((path) => path.startsWith('/')).sort();
