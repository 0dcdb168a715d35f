/** Every path that the program writes, and none besides. */

/** Names sort after those of other tools, so that no drop-in of theirs comes later. */
const DROP_IN = 'zz-sandbox-unit.conf';
const FILTER = 'zz-sandbox-unit.filter';
const PROGRAMS = 'zz-sandbox-unit.programs';

/** Where a package puts the launcher. */
export const PACKAGED_LAUNCHER = '/usr/libexec/sandbox-unit/launcher';

/** Where a package puts another program of the native helper. */
export const packagedProgram = (name: string): string => `/usr/libexec/sandbox-unit/${name}`;

/** Where `apply` puts the launcher if no package has. */
export const installedLauncher = ({ scope, home }: Placement): string =>
  `${scope === 'system' ? '/usr/local' : `${home}/.local`}/libexec/sandbox-unit/launcher`;

export interface Placement {
  readonly scope: 'system' | 'user';
  /** Until the next boot only: under /run. */
  readonly runtime: boolean;
  /** The user's home and runtime directory; for scope `user`. */
  readonly home?: string;
  readonly runtimeDirectory?: string;
}

function unitDirectory({ scope, runtime, home, runtimeDirectory }: Placement): string {
  if (scope === 'system') return runtime ? '/run/systemd/system' : '/etc/systemd/system';
  return runtime ? `${runtimeDirectory}/systemd/user` : `${home}/.config/systemd/user`;
}

/** Where drop-ins may be that use the installed launcher. */
export const unitDirectories = (placement: Placement): string[] =>
  [false, true].map((runtime) => unitDirectory({ ...placement, runtime }));

/** @param unit the full name, checked */
export const dropInPath = (placement: Placement, unit: string): string =>
  `${unitDirectory(placement)}/${unit}.d/${DROP_IN}`;

/** @param unit the full name, checked */
export const filterPath = (placement: Placement, unit: string): string =>
  `${unitDirectory(placement)}/${unit}.d/${FILTER}`;

/** Folder of the mount points of `[exec] programs`. */
export const programsFolder = (placement: Placement, unit: string): string =>
  `${unitDirectory(placement)}/${unit}.d/${PROGRAMS}`;

/** Where our drop-in of a unit may be: for good, and until the next boot. */
export const ownDropInPaths = (placement: Placement, unit: string): string[] =>
  [false, true].map((runtime) => dropInPath({ ...placement, runtime }, unit));

/** Whether a drop-in, of whatever unit and directory, has the name of ours. */
export const hasNameOfDropIn = (path: string): boolean => path.endsWith(`/${DROP_IN}`);

/** Whether a line names a filter of ours. */
export const namesFilter = (line: string): boolean => line.includes(`/${FILTER}`);

/** The files of `[exec] programs` that a line names, without their folder. */
export const programNamesIn = (line: string): string[] =>
  [...line.matchAll(new RegExp(`/${PROGRAMS}/([A-Za-z0-9_+.@-]+)`, 'g'))].map(([, name]) => name!);

/** Where a unit's policy is looked for, the first that exists wins; an instance falls back to its template. */
export function policySearchPath(
  names: readonly string[],
  scope: 'system' | 'user',
  home?: string,
): string[] {
  const directories =
    scope === 'user'
      ? [`${home}/.config/sandbox-unit`, '/etc/sandbox-unit/user', '/usr/lib/sandbox-unit/user']
      : ['/etc/sandbox-unit', '/run/sandbox-unit/policies', '/usr/lib/sandbox-unit'];
  return names.flatMap((name) => directories.map((directory) => `${directory}/${name}.toml`));
}
