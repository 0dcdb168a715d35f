import { type Diagnostic, type Location, warning } from '../diagnostic.js';
import { errnoAction } from '../syscalls/action.js';
import { mayPass, type NamedPolicy, resolveCalls, verdictOn } from '../syscalls/resolve.js';
import type { SyscallSets } from '../syscalls/sets.js';
import type { SyscallsSection } from './policy.js';

const ENOSYS = 38;

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

/** What io_uring does for a process that never makes the call (io_uring_enter(2), "Opcodes"). */
const BY_IO_URING: ReadonlySet<string> = new Set(
  (
    'accept accept4 bind connect fallocate fgetxattr fsetxattr ftruncate getxattr linkat listen madvise mkdirat open ' +
    'openat openat2 read readv recv recvfrom recvmsg renameat renameat2 send sendmsg sendto setxattr shutdown socket ' +
    'splice statx symlinkat tee unlinkat waitid write writev'
  ).split(' '),
);

/** What a policy refuses by name, while another call that does the same passes. */
export function openDoors(section: SyscallsSection, sets: SyscallSets): Diagnostic[] {
  const policy = resolveCalls(section, sets);
  const isClosed = (call: string) => !mayPass(verdictOn(policy, call));
  // With ENOSYS programs are meant to do without the call, in another way.
  const denied = section.deny
    .filter(({ name, action }) => isClosed(name) && action !== errnoAction(ENOSYS))
    .map(({ name, at }) => ({ call: name, at }));
  const ruled = section.rules.map(({ syscall, at }) => ({ call: syscall.value, at }));
  return [
    ...denied.flatMap(({ call, at }) => others(policy, ALIKE, call, at)),
    ...ruled.flatMap(({ call, at }) => others(policy, ALIKE_FOR_RULES, call, at)),
    ...throughIoUring(policy, [...denied, ...ruled]),
  ];
}

function others(
  policy: NamedPolicy,
  groups: readonly (readonly string[])[],
  call: string,
  at: Location,
): Diagnostic[] {
  const group = groups.find((names) => names.includes(call)) ?? [];
  const open = group.filter((name) => name !== call && isOpen(policy, name));
  if (open.length === 0) return [];
  const [verb, all] = open.length > 1 ? ['do', open.join("', '")] : ['does', open[0]];
  const hint = `deny '${all}' too`;
  return [warning('open-door', `'${call}' is refused, but '${all}' ${verb} the same`, { at, hint })];
}

/** Whether a call passes whatever its arguments. */
function isOpen(policy: NamedPolicy, call: string): boolean {
  const verdict = verdictOn(policy, call);
  return verdict.rules.length === 0 && mayPass(verdict);
}

function throughIoUring(
  policy: NamedPolicy,
  refused: readonly { readonly call: string; readonly at: Location }[],
): Diagnostic[] {
  const first = refused.find(({ call }) => BY_IO_URING.has(call));
  if (!first || !isOpen(policy, 'io_uring_setup')) return [];
  return [
    warning('open-door', `'${first.call}' is refused, but io_uring does the same without the call`, {
      at: first.at,
      hint: 'deny "io_uring_setup:ENOSYS" too: programs then do without it',
    }),
  ];
}
