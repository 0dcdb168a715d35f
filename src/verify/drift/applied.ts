import type { Diagnostic } from '../../diagnostic.js';
import type { Context } from '../../machine/context.js';
import type { Service } from '../../machine/state/service.js';
import type { ExistingFile } from '../../plan/emit/changes.js';
import type { DropInFacts } from '../../plan/emit/drop-in-facts.js';
import type { EmittedFile } from '../../plan/emit/files.js';
import type { OwnFiles } from '../../plan/launcher/launch-paths.js';
import { filterPath, readyFilterPath } from '../../systemd/paths/own-files.js';
import type { Placement } from '../../systemd/paths/placement.js';
import { type InstalledProgram, installedProgram, packagedProgram } from '../../systemd/paths/programs.js';
import { parseUnitName } from '../../systemd/unit/name.js';
import type { ServiceState } from './service-state.js';

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

/** A unit with files of ours. */
export interface InstalledUnit {
  readonly unit: string;
  readonly facts: DropInFacts;
  /** All of the unit's own that there are, the drop-in among them. */
  readonly files: readonly ExistingFile[];
  /** The services that the drop-in is for, and their state; undefined offline. */
  readonly services: readonly Service[] | undefined;
  readonly state: ServiceState | undefined;
  /** The programs of ours that its files name. */
  readonly programs: readonly NamedProgram[];
}

/** A change since a policy was applied, which may make other files now. */
export interface Suspect {
  readonly code: 'drift-policy' | 'drift-unit' | 'drift-systemd';
  readonly why: string;
}

/** Whether root, whose units they are, can read more than who asks. */
export const isDenied = ({ superuser, placement }: Context, diagnostics: readonly Diagnostic[]): boolean =>
  !superuser && placement.scope === 'system' && diagnostics.some(({ code }) => code === 'unreadable');

/** The template of an instance; undefined for other names, and for what is no name. */
export function templateOf(text: string): string | undefined {
  const name = parseUnitName(text);
  return 'full' in name ? name.template : undefined;
}
