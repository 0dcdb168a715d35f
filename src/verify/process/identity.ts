/** Who a process is, and with which privileges, held against what it was given. */

import type { Get } from '../../directives/directive.js';
import { CAPABILITIES } from '../../directives/kinds/names/capabilities.js';
import { EQUAL, type Finding, looser, stricter, unseen } from './finding.js';
import { ambientSet, boundingSet, mayAddAmbient, mayChangeUser, numberOf } from './given.js';
import { capabilities, type SeenProcess } from './seen-process.js';

/** Sets that a program may use, or may come to use by an exec. */
const USABLE = ['CapBnd', 'CapPrm', 'CapEff', 'CapInh', 'CapAmb'];

const ownsMore = ({ threads }: SeenProcess, sets: readonly string[], allowed: bigint): string | undefined =>
  sets.find((set) => threads.some((thread) => (capabilities(thread, set) & ~allowed) !== 0n));

/**
 * The bounding set, and the sets that a process may use: an exec adds only ambient capabilities to what it bounds.
 * @param known the capabilities that the kernel has, and the manager itself may have
 */
export function boundedCapabilities(get: Get, it: SeenProcess, known: bigint): Finding {
  const bounding = boundingSet(get);
  const more = ownsMore(it, USABLE, bounding | ambientSet(get));
  if (more) return looser(`${more} has capabilities that are taken away`);
  const isEqual = it.threads.every((thread) => capabilities(thread, 'CapBnd') === (bounding & known));
  return isEqual ? EQUAL : stricter('it has given up more capabilities');
}

export function ambientCapabilities(get: Get, process: SeenProcess): Finding {
  if (ownsMore(process, ['CapAmb'], ambientSet(get)) === undefined) return EQUAL;
  return mayAddAmbient(get)
    ? unseen('it may have added ambient capabilities by itself')
    : looser('CapAmb has capabilities that it was not given');
}

/** Whether a process lacks the capabilities that a directive takes, by their names; ambient ones are given back. */
export function withoutCapabilities(get: Get, process: SeenProcess, names: readonly string[]): Finding {
  const taken = names.reduce((set, name) => set | (1n << BigInt(CAPABILITIES.indexOf(name))), 0n);
  const more = ownsMore(process, USABLE, ~taken | ambientSet(get));
  return more ? looser(`${more} has capabilities that are taken away`) : EQUAL;
}

export const noNewPrivileges = ({ threads }: SeenProcess): Finding =>
  threads.every((thread) => thread.get('NoNewPrivs') === '1') ? EQUAL : looser("NoNewPrivs isn't set");

/** Whether each thread has some filter. */
export const isFiltered = ({ threads }: SeenProcess): boolean =>
  threads.every((thread) => thread.get('Seccomp') !== '0');

/**
 * The IDs of a user or group, real, effective, saved and of files.
 * @param field of the status
 */
export const runsAs =
  (property: 'UID' | 'GID', field: 'Uid' | 'Gid') =>
  (get: Get, { threads }: SeenProcess): Finding => {
    const given = numberOf(get, property);
    if (given === undefined) return unseen('systemd has no number for it');
    const ids = threads.flatMap((thread) => thread.get(field)?.split('\t') ?? []);
    const other = ids.find((id) => id !== `${given}`);
    if (other === undefined) return EQUAL;
    const seen = `${field} is ${other}, not ${given}`;
    if (given === 0) return stricter(seen);
    return mayChangeUser(get) ? unseen(`${seen}; it may have changed that by itself`) : looser(seen);
  };
