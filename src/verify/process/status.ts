/** The user, privileges and limits of a process, held against what it was given. */

import type { Get } from '../../systemd/directives/directive.js';
import { CAPABILITIES, TAKEN } from '../../systemd/directives/kinds/names/capabilities.js';
import { INFINITY } from '../../systemd/directives/values/bus.js';
import { EQUAL, type Finding, hidden, looser, stricter, unseen } from './finding.js';
import { capabilities, type SeenProcess } from './processes.js';

/** The manager's number for an unknown user or group (UID_INVALID). */
const NOBODYS = 0xffffffff;

/** A set of capabilities by their names (capabilities(7)). */
const setOf = (names: readonly string[]): bigint =>
  names.reduce((set, name) => set | (1n << BigInt(CAPABILITIES.indexOf(name))), 0n);

const GAINING = setOf(['CAP_SETGID', 'CAP_SETUID', 'CAP_SYS_RESOURCE']);

/** A set of capabilities among a unit's properties; all of them where there is none. */
const capabilitySet = (get: Get, property: string, otherwise: bigint): bigint => {
  const value = get(property);
  return typeof value === 'bigint' || typeof value === 'number' ? BigInt(value) : otherwise;
};

const boundingSet = (get: Get): bigint => capabilitySet(get, 'CapabilityBoundingSet', INFINITY);
const ambientSet = (get: Get): bigint => capabilitySet(get, 'AmbientCapabilities', 0n);

/** The number of the user or the group that the manager has found for a unit; undefined where it has none. */
function numberOf(get: Get, property: 'UID' | 'GID'): number | undefined {
  const value = get(property);
  return typeof value === 'number' && value !== NOBODYS ? value : undefined;
}

/**
 * Whether a process of the unit may change its user, limits and ambient capabilities by itself: by a program with set-ID
 * bits, by a capability, or since PAM does so for it (pam_limits(8)).
 */
function mayGain(get: Get): boolean {
  const isRoot = (numberOf(get, 'UID') ?? 0) === 0;
  const given = ambientSet(get) | (isRoot ? boundingSet(get) : 0n);
  const hasPam = !['', undefined].includes(get('PAMName') as string | undefined);
  return get('NoNewPrivileges') !== true || (given & GAINING) !== 0n || hasPam;
}

/** The finding for a process that differs from what it was given: nothing tells of one that may have done so by itself. */
const differing = (get: Get, seen: string): Finding =>
  mayGain(get) ? unseen(`${seen}; the process may have changed that itself`) : looser(seen);

/** Sets that a program may use, or may come to use by an exec. */
const USABLE = ['CapBnd', 'CapPrm', 'CapEff', 'CapInh', 'CapAmb'];

const ownsMore = ({ threads }: SeenProcess, sets: readonly string[], allowed: bigint): string | undefined =>
  sets.find((set) => threads.some((thread) => (capabilities(thread, set) & ~allowed) !== 0n));

const without = (get: Get, it: SeenProcess, taken: bigint): Finding => {
  const more = ownsMore(it, USABLE, ~taken | ambientSet(get));
  return more ? looser(`${more} has capabilities that the directive removes`) : EQUAL;
};

/**
 * The bounding set, and the sets that a process may use: an exec adds only ambient capabilities to what it bounds.
 * @param known the capabilities that the kernel has, and the manager itself may have
 */
export function boundedCapabilities(get: Get, it: SeenProcess, known: bigint): Finding {
  const bounding = boundingSet(get);
  const found = without(get, it, ~bounding);
  const isAll = it.threads.every((thread) => capabilities(thread, 'CapBnd') === (bounding & known));
  return found === EQUAL && !isAll ? stricter('it has given up more capabilities') : found;
}

export const ambientCapabilities = (get: Get, it: SeenProcess): Finding =>
  ownsMore(it, ['CapAmb'], ambientSet(get)) === undefined
    ? EQUAL
    : differing(get, 'CapAmb has capabilities that it was not given');

/** Whether a process lacks the capabilities that a directive takes; ambient ones are given back. */
export const withoutTaken = (get: Get, it: SeenProcess, directive: string): Finding =>
  without(get, it, setOf(TAKEN.get(directive)!));

export const noNewPrivileges = ({ threads }: SeenProcess): Finding =>
  threads.every((thread) => thread.get('NoNewPrivs') === '1') ? EQUAL : looser("NoNewPrivs isn't set");

/** The IDs of a user or group, real, effective, saved and of files. */
export function runsAs(get: Get, { threads }: SeenProcess, property: 'UID' | 'GID'): Finding {
  const field = property === 'UID' ? 'Uid' : 'Gid';
  const given = numberOf(get, property);
  if (given === undefined) return unseen('systemd reports no numeric ID for it');
  const ids = threads.flatMap((thread) => thread.get(field)?.split('\t') ?? []);
  const other = ids.find((id) => id !== `${given}`);
  if (other === undefined) return EQUAL;
  const seen = `${field} is ${other}, not ${given}`;
  return given === 0 ? stricter(seen) : differing(get, seen);
}

const SEEING = setOf(['CAP_SYS_PTRACE']);
const UNLIMITED = setOf(['CAP_SYS_ADMIN', 'CAP_SYS_RESOURCE']);

/**
 * The finding for a process that the kernel exempts from a directive, though it is in force (proc(5), setrlimit(2)): none for
 * others.
 * @param isApart whether it is in a user namespace in which its capabilities count for nothing outside
 */
export function exempt(get: Get, { threads }: SeenProcess, directive: string, isApart: boolean): Finding[] {
  const may = (set: bigint) =>
    !isApart && threads.some((thread) => (capabilities(thread, 'CapEff') & set) !== 0n);
  const isRoots = (...fields: readonly string[]) =>
    threads.some((thread) => fields.some((field) => thread.get(field)?.split(/\s/).includes('0')));
  if (directive === 'LimitNPROC')
    return get(directive) !== INFINITY && (isRoots('Uid') || may(UNLIMITED))
      ? [unseen("root's processes, and those with CAP_SYS_ADMIN or CAP_SYS_RESOURCE, are not limited by it")]
      : [];
  if (get('PrivatePIDs') === 'yes') return [];
  if (may(SEEING)) return [unseen('it has CAP_SYS_PTRACE, and sees all processes')];
  return get('ProtectProc') !== 'ptraceable' && isRoots('Gid', 'Groups')
    ? [unseen('it is in group root (gid 0), and sees all processes')]
    : [];
}

/** The names of limits in proc_pid_limits(5), by directive. */
export const LIMITS: ReadonlyMap<string, string> = new Map([
  ['LimitAS', 'Max address space'],
  ['LimitCORE', 'Max core file size'],
  ['LimitCPU', 'Max cpu time'],
  ['LimitDATA', 'Max data size'],
  ['LimitFSIZE', 'Max file size'],
  ['LimitMEMLOCK', 'Max locked memory'],
  ['LimitMSGQUEUE', 'Max msgqueue size'],
  ['LimitNICE', 'Max nice priority'],
  ['LimitNOFILE', 'Max open files'],
  ['LimitNPROC', 'Max processes'],
  ['LimitRTPRIO', 'Max realtime priority'],
  ['LimitRTTIME', 'Max realtime timeout'],
  ['LimitSIGPENDING', 'Max pending signals'],
  ['LimitSTACK', 'Max stack size'],
]);

const shown = (limit: bigint): string => (limit === INFINITY ? 'unlimited' : `${limit}`);

/** A hard limit. The soft one below it is the process's own to set. */
export function limited(get: Get, { limits }: SeenProcess, directive: string): Finding {
  const value = get(directive);
  const name = LIMITS.get(directive)!;
  if (typeof value !== 'bigint' || !limits.has(name)) return hidden('the limit is not shown');
  const hard = limits.get(name) ?? INFINITY;
  if (hard === value) return EQUAL;
  const seen = `the hard limit is ${shown(hard)}, not ${shown(value)}`;
  return hard < value ? stricter(seen) : differing(get, seen);
}
