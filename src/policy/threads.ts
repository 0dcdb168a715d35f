import { type Diagnostic, warning } from '../diagnostic.js';
import { permits } from '../seccomp/syscalls/action.js';
import { mayPass, type NamedPolicy } from '../seccomp/syscalls/named-policy.js';
import { entriesByCall, limitBy, resolveCalls, verdictOn } from '../seccomp/syscalls/resolve.js';
import type { SyscallsSection } from '../seccomp/syscalls/section.js';
import type { SyscallSets } from '../seccomp/syscalls/sets.js';

/** Calls by which C libraries and runtimes start a thread and give it memory, and the arguments that threads need. */
const BY_THREADS: readonly (readonly [call: string, condition: string])[] = [
  ['clone', '{ arg = 0, bits-any = "CLONE_THREAD" }'],
  ['mprotect', '{ arg = 2, bits-clear = "PROT_EXEC" }'],
];

/**
 * The warning that `[ready]` denies a call whatever its arguments that a service with threads makes under load. Threads
 * that run already need mprotect, too: malloc(3) grows their memory by it.
 * @param section the lists of `[ready]`
 * @param before what is refused from the start
 */
export function takenThreads(
  section: SyscallsSection,
  sets: SyscallSets,
  before?: NamedPolicy,
): Diagnostic[] {
  const named = resolveCalls(section, sets);
  const denied = entriesByCall(section.deny, sets);
  const isTaken = (call: string) =>
    denied.has(call) && !mayPass(verdictOn(named, call)) && permits(limitBy(before, call));
  return BY_THREADS.filter(([call]) => isTaken(call)).map(([call, condition]) => {
    const { name, at } = denied.get(call)!;
    const has = name === call ? `'${name}' is refused` : `'${name}' has '${call}', which is refused`;
    const message = `${has} to threads, too: a service that starts one under load fails`;
    const hint = `a rule in [ready] keeps them: syscall = "${call}", when = [${condition}], action = "allow"`;
    return warning('indispensable', message, { at, hint });
  });
}
