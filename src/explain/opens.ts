/** Gains of a service by a call that policies refuse for a reason. */
import type { Phase } from '../policy/policy.js';
import { callsOf } from '../seccomp/syscalls/resolve.js';
import type { SyscallSets } from '../seccomp/syscalls/sets.js';

/** Gains by a call's name, or by a set that holds it. */
const OPENS: ReadonlyMap<string, string> = new Map([
  ['execve', 'it can then start any program that it can reach'],
  ['execveat', 'it can then start any program, even one that is only in memory'],
  ['bpf', 'it can then load programs into the kernel'],
  ['io_uring_setup', 'it can then use files and sockets without the calls that the policy refuses'],
  ['userfaultfd', 'it can then pause the kernel in the middle of a call, as many exploits do'],
  ['open_by_handle_at', 'with CAP_DAC_READ_SEARCH it can then open files outside of its root'],
  ['keyctl', "namespaces do not separate the kernel's keys"],
  ['add_key', "namespaces do not separate the kernel's keys"],
  ['request_key', "namespaces do not separate the kernel's keys"],
  ['unshare', 'it can then create a user namespace, and reach much more of the kernel there'],
  ['setns', 'it can then enter namespaces of other processes'],
  ['clone3', 'its flags are in memory, where no rule can check them: it can then create namespaces'],
  ['@module', 'with CAP_SYS_MODULE it can then change the kernel'],
  ['@debug', 'it can then read and control other processes of its user'],
  ['@mount', 'with CAP_SYS_ADMIN it can then change which files it sees'],
  ['@raw-io', 'with CAP_SYS_RAWIO it can then access devices and memory directly'],
  ['@reboot', 'with CAP_SYS_BOOT it can then stop the machine, or start another kernel'],
  ['@swap', 'with CAP_SYS_ADMIN it can then change where memory is swapped to'],
  ['@clock', "with CAP_SYS_TIME it can then change the machine's clock"],
  ['@setuid', 'with CAP_SETUID it can then become another user'],
]);

/**
 * The gain by a call; undefined if the call is one of many that are harmless by themselves.
 * @param phase in which the policy refuses it
 */
export function opens(call: string, sets: SyscallSets, phase: Phase = 'start'): string | undefined {
  const own = OPENS.get(call);
  if (call === 'execve' && phase === 'start') return `${own}; deny it in [ready] if only its start needs it`;
  if (own !== undefined) return own;
  const [, text] =
    [...OPENS].find(([name]) => name.startsWith('@') && callsOf({ name }, sets).includes(call)) ?? [];
  return text;
}
