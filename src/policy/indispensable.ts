/** Calls that services can't do without. */

import { type Diagnostic, warning } from '../diagnostic.js';
import { abisOf, type Machine } from '../seccomp/syscalls/abi.js';
import { permits } from '../seccomp/syscalls/action.js';
import { mayPass, type NamedPolicy } from '../seccomp/syscalls/named-policy.js';
import { isAbsent } from '../seccomp/syscalls/numbers.js';
import { entriesByCall, limitBy, resolveCalls, verdictOn } from '../seccomp/syscalls/resolve.js';
import type { SyscallsSection } from '../seccomp/syscalls/section.js';
import type { SyscallSets } from '../seccomp/syscalls/sets.js';
import type { Policy } from './policy.js';

/** Calls that nearly every program makes, one of each group: the dynamic linker (ld.so(8)), and each at its exit. */
const BY_ALL: readonly (readonly string[])[] = [
  ...[['open', 'openat'], ['read'], ['mmap', 'mmap2'], ['close']],
  ['exit_group'],
];

/**
 * The warning that `[syscalls]` refuses such calls, whatever their arguments.
 * @param machines the machines that the policy will get a filter for
 */
export function takenFromAll(
  { syscalls }: Policy,
  sets: SyscallSets,
  machines: readonly Machine[],
): Diagnostic[] {
  if (!syscalls || syscalls.stage?.value === 'entry') return [];
  const named = resolveCalls(syscalls, sets);
  const natives = machines.map((machine) => abisOf(machine)[0]!);
  const taken = BY_ALL.map((group) => group.filter((call) => !isAbsent(call, natives, sets)))
    .filter((group) => group.every((call) => !mayPass(verdictOn(named, call))))
    .map((group) => group.at(-1)!);
  if (taken.length === 0) return [];
  const at = entriesByCall(syscalls.deny, sets).get(taken[0]!)?.at ?? syscalls.allow?.[0]?.at ?? syscalls.at;
  const message = `[syscalls] refuses ${taken.join(', ')}: hardly any program can start and exit without these calls`;
  return [
    warning('indispensable', message, { at, hint: "allow them; 'learn' finds all calls of a service" }),
  ];
}

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
    const has = name === call ? `'${name}' is refused` : `'${name}' includes '${call}', which is refused`;
    const message = `${has} for threads, too: a service that starts threads under load fails`;
    const hint = `allow it for threads by a rule in [ready]: syscall = "${call}", when = [${condition}], action = "allow"`;
    return warning('indispensable', message, { at, hint });
  });
}
