/** Calls that newer systemds have in a set, and the sets that a policy is read with lack. */
import type { Abi } from '../seccomp/syscalls/abi.js';
import { permits } from '../seccomp/syscalls/action.js';
import { mayPass, type NamedPolicy } from '../seccomp/syscalls/named-policy.js';
import { isAbsent } from '../seccomp/syscalls/numbers.js';
import { verdictOn } from '../seccomp/syscalls/resolve.js';
import type { CallEntry, SyscallsSection } from '../seccomp/syscalls/section.js';
import { bundledSets, callsInSets, expandSet, type SyscallSets } from '../seccomp/syscalls/sets.js';

export interface NewerCalls {
  /** The set in `deny`. */
  readonly entry: CallEntry;
  readonly calls: readonly string[];
}

/**
 * The sets that a policy denies, each with its newer calls: those that are in none of the given sets, and that the
 * policy lets through.
 * @param abis the ABIs that the policy will get a filter for
 */
export function newerCalls(
  section: SyscallsSection,
  policy: NamedPolicy,
  sets: SyscallSets,
  abis: readonly Abi[],
): NewerCalls[] {
  const known = callsInSets(sets);
  const passes = (call: string) =>
    !known.has(call) && !isAbsent(call, abis, sets) && mayPass(verdictOn(policy, call));
  const bySet = new Map(section.deny.map((entry) => [entry.name, entry]));
  return [...bySet.values()]
    .filter(({ name, action }) => sets.members.has(name) && !(action !== undefined && permits(action)))
    .map((entry) => ({ entry, calls: (expandSet(bundledSets(), entry.name) ?? []).filter(passes) }))
    .filter(({ calls }) => calls.length > 0);
}
