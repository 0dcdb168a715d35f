/** Programs of ours that a unit's files name. */

import type { DropInFacts } from '../../plan/emit/drop-in-facts.js';
import type { EmittedFile } from '../../plan/emit/files.js';
import type { OwnFiles } from '../../plan/launcher/launch-paths.js';
import { filterPath, readyFilterPath } from '../../systemd/paths/own-files.js';
import type { Placement } from '../../systemd/paths/placement.js';
import { type InstalledProgram, installedProgram, packagedProgram } from '../../systemd/paths/programs.js';

export interface NamedProgram {
  readonly name: InstalledProgram;
  /** Where a package has it, or where `apply` has installed it. */
  readonly path: string;
}

/** The programs that a unit's files name: a package's, or installed ones. */
export function namedPrograms(
  placement: Placement,
  files: readonly EmittedFile[],
  { launched, tightened }: DropInFacts,
): NamedProgram[] {
  const texts = files
    .filter(({ path }) => !path.endsWith('filter'))
    .map(({ content }) => new TextDecoder().decode(content));
  const named = (name: InstalledProgram): NamedProgram => {
    const packaged = packagedProgram(name);
    const isPackaged = texts.some((text) => text.includes(packaged));
    return { name, path: isPackaged ? packaged : installedProgram(placement, name) };
  };
  return [...(launched ? [named('launcher')] : []), ...(tightened ? [named('tighten')] : [])];
}

/** These programs, each with the filter that it loads. */
export function loadedBy(placement: Placement, unit: string, programs: readonly NamedProgram[]): OwnFiles {
  const pathOf = (name: InstalledProgram) => programs.find((one) => one.name === name)?.path;
  const [launcher, injector] = [pathOf('launcher'), pathOf('tighten')];
  return {
    launched: launcher === undefined ? undefined : { program: launcher, filter: filterPath(placement, unit) },
    loading:
      injector === undefined ? undefined : { program: injector, filter: readyFilterPath(placement, unit) },
  };
}
