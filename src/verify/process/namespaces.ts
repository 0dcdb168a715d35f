/** Namespaces of a process, held against the manager's. */

import type { Get } from '../../directives/directive.js';
import { mountAt } from '../../formats/mount-tree.js';
import { EQUAL, type Finding, looser, unseen } from './finding.js';
import { word } from './loaded-lines.js';
import type { SeenProcess, View } from './seen-process.js';

/** Directives that put a unit into a namespace, by the name of that below /proc/PID/ns. */
export const NAMESPACES: ReadonlyMap<string, string> = new Map([
  ['PrivateIPC', 'ipc'],
  ['PrivateMounts', 'mnt'],
  ['PrivateNetwork', 'net'],
  ['PrivatePIDs', 'pid'],
  ['PrivateUsers', 'user'],
  ['ProtectHostname', 'uts'],
]);

/** Directives that name the namespace by a path, in the same way. */
export const JOINED: ReadonlyMap<string, string> = new Map([
  ['IPCNamespacePath', 'ipc'],
  ['NetworkNamespacePath', 'net'],
  ['UserNamespacePath', 'user'],
]);

/** The path of a directive that names a namespace by one. */
export const pathsOfJoined = (get: Get, directive: string): string[] =>
  JOINED.has(directive) ? [word(get, directive)].filter((path) => path !== '') : [];

/**
 * Whether a process is in the namespace that a path leads to, which is known of a path that the namespace is mounted on.
 * @param host the manager's view
 */
export function inJoined(
  get: Get,
  directive: string,
  of: SeenProcess,
  { namespaces, host }: { readonly namespaces: ReadonlyMap<string, string>; readonly host: View | undefined },
): Finding {
  const name = JOINED.get(directive)!;
  const from = apart(name, of, namespaces);
  if (from !== EQUAL) return from;
  const path = word(get, directive);
  const real = host?.paths.get(path);
  const mount = host && real !== undefined ? mountAt(host.tree, real) : undefined;
  if (mount?.type !== 'nsfs' || mount.path !== real) return unseen(`which namespace ${path} is isn't shown`);
  if (mount.root === of.namespaces.get(name)) return EQUAL;
  return unseen(`it is in another ${name} namespace than that of ${path}`);
}

/** @param managers the manager's namespaces by their names */
export function apart(
  name: string,
  { namespaces }: SeenProcess,
  managers: ReadonlyMap<string, string>,
): Finding {
  const [own, its] = [namespaces.get(name), managers.get(name)];
  if (own === undefined || its === undefined) return unseen('its namespaces are not shown');
  return own === its ? looser(`it is in the manager's ${name} namespace`) : EQUAL;
}
