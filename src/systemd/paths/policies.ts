/** Policies, where they are looked for. */

import { isServiceName } from '../unit/name.js';
import type { Scope } from '../unit/search.js';

/** The folder of packages' policies, and of the program in a package. */
export const PACKAGED_HOME = '/usr/lib/sandbox-unit';

/** The folders of policies that are named after units; the first that has one wins. */
export const policyFolders = (scope: Scope, home?: string): string[] =>
  scope === 'user'
    ? [`${home}/.config/sandbox-unit`, '/etc/sandbox-unit/user', `${PACKAGED_HOME}/user`]
    : ['/etc/sandbox-unit', '/run/sandbox-unit/policies', PACKAGED_HOME];

/** The name of the file with the defaults of a host. */
export const DEFAULTS = 'defaults.toml';

/** The paths where the defaults of a host's policies may be; the first that exists wins. They are no package's. */
export const defaultsPaths = (scope: Scope, home?: string): string[] =>
  policyFolders(scope, home)
    .filter((folder) => !/^\/(?:run|usr)\//.test(folder))
    .map((folder) => `${folder}/${DEFAULTS}`);

/** Whether a policy is a package's: it is changed by a file in another folder. */
export const isPackagedPolicy = (path: string): boolean => path.startsWith(`${PACKAGED_HOME}/`);

const POLICY = '.toml';

/** The paths of a unit's policy; the first that exists wins. An instance falls back to its template. */
export function policySearchPath(names: readonly string[], scope: Scope, home?: string): string[] {
  const folders = policyFolders(scope, home);
  return names.flatMap((name) => folders.map((folder) => `${folder}/${name}${POLICY}`));
}

/** The service whose policy a file in a folder of policies is, by its name; undefined if it is no service's. */
export function serviceOfPolicy(file: string): string | undefined {
  const unit = file.slice(0, -POLICY.length);
  return file.endsWith(POLICY) && isServiceName(unit) ? unit : undefined;
}
