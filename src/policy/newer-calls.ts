/** Calls that belong to a set of systemd's, and came after the systemd whose sets a policy is read with. */
import type { Abi } from '../syscalls/abi.js';
import { permits } from '../syscalls/action.js';
import type { NamedPolicy } from '../syscalls/named-policy.js';
import { isAbsent } from '../syscalls/numbers.js';
import { mayPass, verdictOn } from '../syscalls/resolve.js';
import type { CallEntry, SyscallsSection } from '../syscalls/section.js';
import { bundledSets, callsInSets, expandSet, type SyscallSets } from '../syscalls/sets.js';

/** Members of sets that the bundled sets lack (systemd-analyze syscall-filter of systemd 262). */
const LATER: ReadonlyMap<string, readonly string[]> = new Map([['@mount', ['open_tree_attr']]]);

export interface NewerCalls {
  /** The set in `deny`. */
  readonly entry: CallEntry;
  readonly calls: readonly string[];
}

/**
 * Sets that a policy denies, each with the calls that newer systemds have in it, that this one's sets don't know, and that
 * the policy lets through.
 * @param abis those that it will get a filter for
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
    .map((entry) => ({ entry, calls: membersOf(entry.name).filter(passes) }))
    .filter(({ calls }) => calls.length > 0);
}

/** The members of a set by all that is known of it here. */
const membersOf = (set: string): readonly string[] => [
  ...(expandSet(bundledSets(), set) ?? []),
  ...(LATER.get(set) ?? []),
];
