/** Tells which directives of a unit make systemd refuse a call, by its source code (seccomp-util.c). */

import { type Abi, abisOf } from '../../syscalls/abi.js';
import { expandSet } from '../../syscalls/sets.js';
import type { UnitState } from '../../system/unit-state.js';
import type { Target } from '../../target/target.js';

interface Refuser {
  readonly directive: string;
  /** Calls, and sets of them. */
  readonly calls: readonly string[];
  /** Whether systemd loads a filter for the directive; by default, its property must be true. */
  readonly holds?: (unit: UnitState) => boolean;
}

const REFUSERS: readonly Refuser[] = [
  {
    directive: 'RestrictAddressFamilies',
    calls: ['socket'],
    holds: ({ restrictAddressFamilies: [isAllowList, families] }) => isAllowList || families.length > 0,
  },
  {
    directive: 'RestrictNamespaces',
    calls: ['clone', 'clone3', 'setns', 'unshare'],
    holds: ({ restrictNamespaces }) => restrictNamespaces !== undefined,
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
export function createRefusers(unit: UnitState, { machine, sets }: Pick<Target, 'machine' | 'sets'>) {
  const isTrue = (directive: string) => unit.properties.get(directive) === true;
  const present = REFUSERS.filter(({ directive, holds }) => holds?.(unit) ?? isTrue(directive)).map(
    ({ directive, calls }) => ({
      directive,
      calls: new Set(calls.flatMap((name) => [...(expandSet(sets, name) ?? [name])])),
    }),
  );
  const [allows, listed] = unit.systemCallFilter;
  const plain = new Set(listed.map((entry) => entry.split(':')[0]!));
  const architectures = unit.systemCallArchitectures;
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
