/** Namespaces of a process, held against the manager's. */

import { EQUAL, type Finding, hidden, looser } from './finding.js';
import type { SeenProcess } from './seen-process.js';

/** Directives that put a unit into a namespace, by the name of that below /proc/PID/ns. */
export const NAMESPACES: ReadonlyMap<string, string> = new Map([
  ['IPCNamespacePath', 'ipc'],
  ['NetworkNamespacePath', 'net'],
  ['PrivateIPC', 'ipc'],
  ['PrivateMounts', 'mnt'],
  ['PrivateNetwork', 'net'],
  ['PrivatePIDs', 'pid'],
  ['PrivateUsers', 'user'],
  ['ProtectHostname', 'uts'],
  ['UserNamespacePath', 'user'],
]);

/** @param managers the manager's namespaces by their names */
export function apart(
  name: string,
  { namespaces }: SeenProcess,
  managers: ReadonlyMap<string, string>,
): Finding {
  const [own, its] = [namespaces.get(name), managers.get(name)];
  if (own === undefined || its === undefined) return hidden('its namespaces are not shown');
  return own === its ? looser(`it is in the manager's ${name} namespace`) : EQUAL;
}
