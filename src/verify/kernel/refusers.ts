/** Tells which directives of a unit make systemd refuse a call, by its source code (seccomp-util.c). */

import { type Abi, abisOf } from '../../syscalls/abi.js';
import { expandSet } from '../../syscalls/sets.js';
import type { UnitProperties } from '../../system/system.js';
import type { Target } from '../../target/target.js';

interface Refuser {
  readonly directive: string;
  /** Calls, and sets of them. */
  readonly calls: readonly string[];
  /** Whether a property's value makes systemd load a filter; by default, the value true does. */
  readonly holds?: (value: unknown) => boolean;
}

/** The value of RestrictNamespaces= on the bus if nothing is restricted: all bits. */
const EVERY_NAMESPACE = 2n ** 64n - 1n;

const REFUSERS: readonly Refuser[] = [
  {
    directive: 'RestrictAddressFamilies',
    calls: ['socket'],
    holds: (value) => {
      const [allows, families] = value as [boolean, string[]];
      return allows || families.length > 0;
    },
  },
  {
    directive: 'RestrictNamespaces',
    calls: ['clone', 'clone3', 'setns', 'unshare'],
    holds: (value) => value !== EVERY_NAMESPACE,
  },
  { directive: 'MemoryDenyWriteExecute', calls: ['mmap', 'mmap2', 'mprotect', 'pkey_mprotect', 'shmat'] },
  { directive: 'RestrictRealtime', calls: ['sched_setscheduler'] },
  {
    directive: 'RestrictSUIDSGID',
    calls: [
      ...['chmod', 'creat', 'fchmod', 'fchmodat', 'fchmodat2', 'mkdir', 'mkdirat', 'mknod', 'mknodat'],
      ...['open', 'openat', 'openat2'],
    ],
  },
  { directive: 'LockPersonality', calls: ['personality'] },
  { directive: 'ProtectKernelTunables', calls: ['_sysctl'] },
  { directive: 'ProtectKernelModules', calls: ['@module'] },
  { directive: 'ProtectKernelLogs', calls: ['syslog'] },
  { directive: 'ProtectClock', calls: ['@clock'] },
  { directive: 'PrivateDevices', calls: ['@raw-io'] },
  { directive: 'ProtectHostname', calls: ['sethostname', 'setdomainname'] },
];

/**
 * Makes a function that names the loaded directives which refuse a call, with some arguments at least. It names none if
 * another filter must be the cause.
 */
export function createRefusers(unit: UnitProperties, { machine, sets }: Pick<Target, 'machine' | 'sets'>) {
  const present = REFUSERS.filter(({ directive, holds = (value) => value === true }) => {
    const value = unit.get(directive);
    return value !== undefined && holds(value);
  }).map(({ directive, calls }) => ({
    directive,
    calls: new Set(calls.flatMap((name) => [...(expandSet(sets, name) ?? [name])])),
  }));
  const [allows, listed] = (unit.get('SystemCallFilter') ?? [false, []]) as [boolean, string[]];
  const plain = new Set(listed.map((entry) => entry.split(':')[0]!));
  const architectures = (unit.get('SystemCallArchitectures') ?? []) as string[];
  const isClosed = (abi: Abi) =>
    architectures.length > 0 && abi !== abisOf(machine)[0] && !architectures.includes(abi);
  const refusing = new Set(
    listed.filter((entry) => entry.includes(':')).map((entry) => entry.split(':')[0]!),
  );

  return (call: string, abi: Abi): string[] => {
    const inFilter = allows ? !plain.has(call) || refusing.has(call) : plain.has(call);
    return [
      ...present.filter(({ calls }) => calls.has(call)).map(({ directive }) => directive),
      ...(inFilter ? ['SystemCallFilter'] : []),
      ...(isClosed(abi) ? ['SystemCallArchitectures'] : []),
    ];
  };
}
