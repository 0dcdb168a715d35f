/** Programs of the native helper, as packages or `apply` install them. */

import type { Machine } from '../../seccomp/syscalls/abi.js';
import type { Placement } from './placement.js';

/** The path of a program of the native helper that a package installs. */
export const packagedProgram = (name: string): string => `/usr/libexec/sandbox-unit/${name}`;

/** The path of a program of the native helper that was built for a machine in the program's own folder. */
export const builtProgram = (home: string, machine: Machine | undefined, name: string): string =>
  `${home}/native-helper/build/${machine}/${name}`;

/** The path of the launcher that a package installs. */
export const PACKAGED_LAUNCHER = packagedProgram('launcher');

/** The path of the program that loads the filter of `[ready]`, as a package installs it. */
export const PACKAGED_INJECTOR = packagedProgram('tighten');

/** Programs that drop-ins name: `apply` installs those that a policy needs and no package has. */
const INSTALLED = ['launcher', 'tighten'] as const;

export type InstalledProgram = (typeof INSTALLED)[number];

/** The path of a program that `apply` installs if no package has. */
export const installedProgram = ({ scope, home }: Placement, name: InstalledProgram): string =>
  `${scope === 'system' ? '/usr/local' : `${home}/.local`}/libexec/sandbox-unit/${name}`;

/** The paths of all programs that `apply` installs, those of one folder. */
export const installedPrograms = (placement: Placement): string[] =>
  INSTALLED.map((name) => installedProgram(placement, name));

export const isInstalledProgram = (placement: Placement, path: string): boolean =>
  installedPrograms(placement).includes(path);

/** The path of the launcher that `apply` installs if no package has. */
export const installedLauncher = (placement: Placement): string => installedProgram(placement, 'launcher');
