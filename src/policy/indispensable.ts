/** Calls that services can't do without. */

import { type Diagnostic, warning } from '../diagnostic.js';
import type { Abi } from '../seccomp/syscalls/abi.js';
import { permits } from '../seccomp/syscalls/action.js';
import { mayPass, type NamedPolicy } from '../seccomp/syscalls/named-policy.js';
import { isAbsent } from '../seccomp/syscalls/numbers.js';
import { INDISPENSABLE } from '../seccomp/syscalls/ready.js';
import { entriesByCall, limitBy, resolveCalls, verdictOn } from '../seccomp/syscalls/resolve.js';
import type { SyscallsSection } from '../seccomp/syscalls/section.js';
import type { SyscallSets } from '../seccomp/syscalls/sets.js';

/** Calls that the dynamic linker makes, one of each group (ld.so(8)). */
const BY_LINKERS: readonly (readonly string[])[] = [
  ['open', 'openat'],
  ['read'],
  ['mmap', 'mmap2'],
  ['close'],
];

/**
 * Warnings about calls that `[syscalls]` refuses whatever their arguments, and that every program needs in order to end, or
 * every program with shared libraries in order to start.
 * @param abis the ABIs that the policy will get a filter for
 */
export function takenFromAll(
  section: SyscallsSection,
  sets: SyscallSets,
  abis: readonly Abi[],
): Diagnostic[] {
  const named = resolveCalls(section, sets);
  const denied = entriesByCall(section.deny, sets);
  const refusedOf = (groups: readonly (readonly string[])[]) =>
    groups
      .map((group) => group.filter((call) => !isAbsent(call, abis, sets)))
      .filter((group) => group.length > 0 && group.every((call) => !mayPass(verdictOn(named, call))))
      .map((group) => group.at(-1)!);
  const found = (calls: readonly string[], effect: string) => {
    const [first] = calls;
    if (first === undefined) return [];
    const entry = denied.get(first);
    const hint = entry
      ? `remove '${entry.name}' from deny${entry.name === first ? '' : ', and name its other calls one by one'}`
      : `add ${calls.map((call) => `"${call}"`).join(', ')} to allow`;
    const message = `[syscalls] refuses ${calls.join(', ')}: ${effect} without ${calls.length > 1 ? 'them' : 'it'}`;
    return [
      warning('indispensable', message, { at: entry?.at ?? section.allow?.[0]?.at ?? section.at, hint }),
    ];
  };
  const isAtStart = section.stage?.value !== 'entry';
  return [
    ...found(refusedOf(INDISPENSABLE.map((call) => [call])), 'no program can run'),
    ...found(isAtStart ? refusedOf(BY_LINKERS) : [], 'no program with shared libraries can start'),
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
