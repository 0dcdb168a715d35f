/** Programs of the native helper, as packages or `apply` install them. */

import type { Placement } from './placement.js';

/** The path of a program of the native helper that a package installs. */
export const packagedProgram = (name: string): string => `/usr/libexec/sandbox-unit/${name}`;

/** The path of the launcher that a package installs. */
export const PACKAGED_LAUNCHER = packagedProgram('launcher');

/** The path of the launcher that `apply` installs if no package has. */
export const installedLauncher = ({ scope, home }: Placement): string =>
  `${scope === 'system' ? '/usr/local' : `${home}/.local`}/libexec/sandbox-unit/launcher`;

/** The path of the program that loads the filter of `[ready]`, which only packages install. */
export const INJECTOR = packagedProgram('tighten');

/** Whether a program is a launcher of ours, a package's or an installed one, of whatever user. */
export const isLauncher = (path: string): boolean => path.endsWith('/libexec/sandbox-unit/launcher');

/** The generator as a package installs it. */
export const GENERATOR = packagedProgram('generator');

/** The folders in which systemd looks for generators of the system, the first one first (systemd.generator(7)). */
export const GENERATOR_FOLDERS: readonly string[] = ['/run', '/etc', '/usr/local/lib', '/usr/lib'].map(
  (folder) => `${folder}/systemd/system-generators`,
);

/** Where an administrator has systemd find the generator. */
export const LOCAL_GENERATOR = '/etc/systemd/system-generators/sandbox-unit-generator';

/** Whether a path, or the target of a link, is the generator. */
export const isGenerator = (path: string): boolean => /(?:^|\/)sandbox-unit[/-]generator$/.test(path);
