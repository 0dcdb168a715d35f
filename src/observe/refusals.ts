/** Refusals of the kernel to a unit's processes, by filters, mounts, capabilities, control groups and files' modes. */

import type { Machine } from '../seccomp/syscalls/abi.js';
import { CAPABILITIES } from '../systemd/directives/kinds/names/capabilities.js';
import { callNamed, decoded, programPaths } from './named.js';
import type { ObservedUnit } from './observed.js';
import { watchedOn } from './watch-list.js';

/** The purpose for which a path was given. */
export type Wish = 'read' | 'write' | 'execute' | 'make or remove' | 'change' | 'enter' | 'look at';

interface Counted {
  readonly count: number;
  /** Paths of the programs, a few of them; empty where the kernel doesn't tell. */
  readonly programs: readonly string[];
}

/** A call that a filter refused, or the kernel by its arguments. */
export interface RefusedCallEvent extends Counted {
  readonly kind: 'call';
  readonly call: string;
  readonly abi: string;
  readonly number: number;
  /** The errno; 0 for a call that ended its process. */
  readonly errno: number;
  /** Whether a filter refused it, before it began. */
  readonly byFilter: boolean;
  /** Values of an argument that is watched, of all refusals of the call; empty where none is. */
  readonly values: readonly number[];
}

/** A path that a process could not use as it wished. */
export interface RefusedPath extends Counted {
  readonly kind: 'path';
  /** As the process named it, from its root; links aren't followed. Of a file to be made or removed its folder. */
  readonly path: string;
  readonly wish: Wish;
  /** 0 where the path was found, and something empty stands in its place. */
  readonly errno: number;
  /** The capability that would have let root in. */
  readonly capability?: string;
  /** Whether the process opens files as root. */
  readonly isRoot: boolean;
}

export interface RefusedAddress extends Counted {
  readonly kind: 'address';
  readonly use: 'bind' | 'connect' | 'send';
  readonly family: number;
  readonly address: string;
  readonly port: number | null;
  readonly errno: number;
}

/** A capability that root lacked for calls that then failed. */
export interface RefusedCapability extends Counted {
  readonly kind: 'capability';
  readonly capability: string;
  readonly calls: readonly string[];
}

export type Refusal = RefusedCallEvent | RefusedPath | RefusedAddress | RefusedCapability;

/** Errnos with which the kernel refuses: errno(3). */
export const ERRNO = { EPERM: 1, ENOENT: 2, ENXIO: 6, EACCES: 13, EROFS: 30, ENETUNREACH: 101 } as const;

const WISHES: ReadonlyMap<string, Wish> = new Map([
  ['read', 'read'],
  ['write', 'write'],
  ['execute', 'execute'],
  ['change-directory', 'make or remove'],
  ['change-attribute', 'change'],
  ['enter', 'enter'],
  ['stat', 'look at'],
]);

/** All refusals in a dump of an observer that watches no more than refusals. */
export const refusalsIn = (observed: ObservedUnit, machine: Machine): Refusal[] => [
  ...refusedCalls(observed, machine),
  ...refusedPaths(observed),
  ...refusedAddresses(observed),
  ...refusedCapabilities(observed, machine),
];

/** Calls that a path or an address tells more of are left to these. */
function refusedCalls(observed: ObservedUnit, machine: Machine): RefusedCallEvent[] {
  const values = valuesByCall(observed, machine);
  return observed.refused
    .filter(({ count }) => count > 0)
    .map(({ errno, count, programs, failed = false, ...of }) => {
      const { architecture, number, name } = callNamed(machine, of);
      const call = name ?? `call ${number}`;
      return {
        ...{ kind: 'call' as const, call, abi: architecture, number, errno, byFilter: !failed, count },
        ...{ values: values.get(call) ?? [], programs: programPaths(observed, programs) },
      };
    });
}

/** The values of each call's first watched argument: of a pair the first. */
function valuesByCall({ arguments: seen }: ObservedUnit, machine: Machine): ReadonlyMap<string, number[]> {
  const watched = watchedOn(machine);
  const found = new Map<string, number[]>();
  for (const { watch, values } of seen) {
    const call = watched[watch]?.watched.call;
    if (call === undefined || found.has(call)) continue;
    found.set(call, [...new Set(values.map(([first]) => Number(first)))]);
  }
  return found;
}

const refusedPaths = (observed: ObservedUnit): RefusedPath[] =>
  observed.paths.flatMap(({ use, path, count, errno = 0, cut, programs = 0, lacked, root = false }) => {
    const wish = WISHES.get(use);
    if (count === 0 || cut || wish === undefined || !path.startsWith('/')) return [];
    const capability = lacked === undefined ? {} : { capability: capabilityName(lacked) };
    const who = programPaths(observed, programs);
    return [
      { kind: 'path', path: decoded(path), wish, errno, ...capability, isRoot: root, count, programs: who },
    ];
  });

const refusedAddresses = ({ peers }: ObservedUnit): RefusedAddress[] =>
  peers.flatMap(({ use, family, address, port, count, errno = 0 }) =>
    count > 0 && REFUSING.includes(errno) && (use === 'bind' || use === 'connect' || use === 'send')
      ? [{ kind: 'address', use, family, address: decoded(address), port, errno, count, programs: [] }]
      : [],
  );

const REFUSING: readonly number[] = [ERRNO.EPERM, ERRNO.EACCES, ERRNO.ENETUNREACH];

const refusedCapabilities = ({ capabilities }: ObservedUnit, machine: Machine): RefusedCapability[] =>
  capabilities
    .filter(({ granted, count, capability }) => !granted && count > 0 && !OF_PATHS.includes(capability))
    .map(({ capability, count, calls }) => ({
      ...{ kind: 'capability', capability: capabilityName(capability), count, programs: [] },
      calls: [...new Set(calls.flatMap((one) => callNamed(machine, one).name ?? []))],
    }));

/** CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH, of which the refused paths tell more. */
const OF_PATHS: readonly number[] = [1, 2];

const capabilityName = (number: number): string => CAPABILITIES[number] ?? `CAP_${number}`;
