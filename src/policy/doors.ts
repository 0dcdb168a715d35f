import { type Diagnostic, type Location, warning } from '../diagnostic.js';
import type { Abi } from '../syscalls/abi.js';
import { ENOSYS } from '../syscalls/action.js';
import { isAbsent } from '../syscalls/numbers.js';
import { entriesByCall, mayPass, type NamedPolicy, resolveCalls, verdictOn } from '../syscalls/resolve.js';
import { sameCalls } from '../syscalls/same-calls.js';
import type { SyscallSets } from '../syscalls/sets.js';
import type { RuleEntry, SyscallsSection } from './policy.js';

/** Calls that do the same, so that who refuses one means all. */
const ALIKE: readonly (readonly string[])[] = [
  ['execve', 'execveat'],
  ['open', 'openat', 'openat2'],
  ['fork', 'vfork', 'clone', 'clone3'],
];

/** Calls that do the same for a rule on arguments: `clone3` and `openat2` have theirs in memory. */
const ALIKE_FOR_RULES: readonly (readonly string[])[] = [
  ['execve', 'execveat'],
  ['open', 'openat', 'openat2'],
  ['clone', 'clone3'],
];

/** Calls that make memory writable or executable, each by its third argument: PROT_EXEC, SHM_EXEC (shmat(2)). */
const PROTECTING: readonly string[] = ['mmap', 'mmap2', 'mprotect', 'pkey_mprotect', 'shmat'];
const PROTECTION = 2;

/** What io_uring does for a process that never makes the call (io_uring_enter(2), "Opcodes"). */
const BY_IO_URING: ReadonlySet<string> = new Set(
  (
    'accept accept4 bind connect fallocate fgetxattr fsetxattr ftruncate getxattr linkat listen mkdirat open ' +
    'openat openat2 read readv recv recvfrom recvmsg renameat renameat2 send sendmsg sendto setxattr shutdown socket ' +
    'splice statx symlinkat tee unlinkat write writev'
  ).split(' '),
);

interface Closed {
  readonly call: string;
  readonly at: Location;
}

/**
 * What a policy refuses, while another call that does the same passes.
 * @param abis those that it will get a filter for: a call that none of them has is no door
 */
export function openDoors(section: SyscallsSection, sets: SyscallSets, abis: readonly Abi[]): Diagnostic[] {
  const exists = (call: string) => !isAbsent(call, abis, sets);
  const policy = resolveCalls(section, sets);
  // With ENOSYS programs are meant to do without the call, in another way.
  const denied = [...entriesByCall(section.deny, sets)]
    .filter(([call, { action }]) => !mayPass(verdictOn(policy, call)) && action !== ENOSYS)
    .filter(([call]) => exists(call))
    .map(([call, { at }]): Closed => ({ call, at }));
  const ruled = section.rules.filter(({ syscall }) => exists(syscall.value));
  const present = (groups: readonly (readonly string[])[]) => groups.map((group) => group.filter(exists));
  const [protecting, others] = [ruled.filter(isOnProtection), ruled.filter((rule) => !isOnProtection(rule))];
  return [
    ...present([...ALIKE, ...sameCalls()]).flatMap((group) => othersOf(group, denied, policy, deny)),
    ...present(ALIKE_FOR_RULES).flatMap((group) => othersOf(group, ruled.map(closedBy), policy, deny)),
    ...present([PROTECTING]).flatMap((group) => othersOf(group, protecting.map(closedBy), policy, rule)),
    ...present(sameCalls()).flatMap((group) => othersOf(group, others.map(closedBy), policy, rule)),
    ...throughIoUring(policy, [...denied, ...ruled.map(closedBy)]),
  ];
}

const closedBy = ({ syscall, at }: RuleEntry): Closed => ({ call: syscall.value, at });

/** Whether a rule is about what memory may be used for. */
const isOnProtection = ({ syscall, when }: RuleEntry): boolean =>
  PROTECTING.includes(syscall.value) && when.some(({ arg }) => arg === PROTECTION);

type WayOut = (names: string) => string;

const deny: WayOut = (names) => `deny '${names}' too`;
const rule: WayOut = (names) => `deny '${names}' too, or write such a rule for each`;

function othersOf(
  group: readonly string[],
  closed: readonly Closed[],
  policy: NamedPolicy,
  wayOut: WayOut,
): Diagnostic[] {
  const first = closed.find(({ call }) => group.includes(call));
  const open = group.filter((call) => isOpen(policy, call));
  if (!first || open.length === 0) return [];
  const names = open.join("' and '");
  const message = `'${first.call}' is refused, but '${names}' ${open.length > 1 ? 'do' : 'does'} the same`;
  return [warning('open-door', message, { at: first.at, hint: wayOut(names) })];
}

/** Whether a call passes whatever its arguments. */
function isOpen(policy: NamedPolicy, call: string): boolean {
  const verdict = verdictOn(policy, call);
  return verdict.rules.length === 0 && mayPass(verdict);
}

function throughIoUring(policy: NamedPolicy, closed: readonly Closed[]): Diagnostic[] {
  const first = closed.find(({ call }) => BY_IO_URING.has(call));
  if (!first || !isOpen(policy, 'io_uring_setup')) return [];
  return [
    warning('open-door', `'${first.call}' is refused, but io_uring does the same without the call`, {
      at: first.at,
      hint: 'deny "io_uring_setup:ENOSYS" too: programs then do without it',
    }),
  ];
}
