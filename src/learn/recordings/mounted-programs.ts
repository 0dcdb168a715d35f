import type { ObservedUnit } from '../../observer/observed.js';
import { programsFolders } from '../../paths/own-files.js';
import type { Placement } from '../../paths/placement.js';
import type { UnitState } from '../../system/unit-state.js';

/** `[exec] programs` of a service, each by the mount point from which it runs. */
export type MountedPrograms = ReadonlyMap<string, string>;

/** The programs that a loaded service mounts: BindReadOnlyPaths is a(ssbt), of source, destination, may be missing, flags. */
export function mountedPrograms(
  placement: Placement,
  unit: string,
  { properties }: Pick<UnitState, 'properties'>,
): MountedPrograms {
  const folders = programsFolders(placement, unit).map((folder) => `${folder}/`);
  const binds = (properties.get('BindReadOnlyPaths') ?? []) as readonly (readonly unknown[])[];
  const pairs = binds.map(([source, destination]) => [`${destination}`, `${source}`] as const);
  return new Map(pairs.filter(([destination]) => folders.some((folder) => destination.startsWith(folder))));
}

/** A dump in which programs have their own paths: without the policy a service runs them from there. */
export function atOwnPaths(observed: ObservedUnit, mounted: MountedPrograms): ObservedUnit {
  if (mounted.size === 0) return observed;
  const own = new Map([...mounted].map(([place, path]) => [bytesOf(place), bytesOf(path)]));
  const moved = <T extends { readonly path: string }>(one: T): T => ({
    ...one,
    path: own.get(one.path) ?? one.path,
  });
  return { ...observed, programs: observed.programs.map(moved), paths: observed.paths.map(moved) };
}

/** Text of one byte a character, as dumps have it. */
const bytesOf = (text: string): string => String.fromCharCode(...new TextEncoder().encode(text));
