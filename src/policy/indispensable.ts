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

/** Calls that the dynamic linker makes, one of each group (ld.so(8)). */
const BY_LINKERS: readonly (readonly string[])[] = [
  ['open', 'openat'],
  ['read'],
  ['mmap', 'mmap2'],
  ['close'],
];

/**
 * Warnings about calls that `[syscalls]` refuses whatever their arguments, and that every program needs in order to exit, or
 * every program with shared libraries in order to start.
 * @param machines the machines that the policy will get a filter for
 */
export function takenFromAll(
  { syscalls }: Policy,
  sets: SyscallSets,
  machines: readonly Machine[],
): Diagnostic[] {
  if (!syscalls) return [];
  const named = resolveCalls(syscalls, sets);
  const denied = entriesByCall(syscalls.deny, sets);
  const natives = machines.map((machine) => abisOf(machine)[0]!);
  const refusedOf = (groups: readonly (readonly string[])[]) =>
    groups
      .map((group) => group.filter((call) => !isAbsent(call, natives, sets)))
      .filter((group) => group.length > 0 && group.every((call) => !mayPass(verdictOn(named, call))))
      .map((group) => group.at(-1)!);
  const found = (calls: readonly string[], effect: string) => {
    const [first] = calls;
    if (first === undefined) return [];
    const entry = denied.get(first);
    const others = entry?.name.startsWith('@') ? ', and name its other calls one by one' : '';
    const hint = entry
      ? `remove '${entry.name}' from deny${others}`
      : `add ${calls.map((call) => `"${call}"`).join(', ')} to allow`;
    const message = `[syscalls] refuses ${calls.join(', ')}: ${effect} without ${calls.length > 1 ? 'them' : 'it'}`;
    return [
      warning('indispensable', message, { at: entry?.at ?? syscalls.allow?.[0]?.at ?? syscalls.at, hint }),
    ];
  };
  const isAtStart = syscalls.stage?.value !== 'entry';
  return [
    ...found(refusedOf([['exit_group']]), 'no program can exit'),
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
