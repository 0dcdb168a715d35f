import { callsOf } from '../../../syscalls/resolve.js';
import { bundledSets, type SyscallSets } from '../../../syscalls/sets.js';
import { NEVER_LOGGED } from './tables.js';

/** The calls that an attacker wants first: those of the target's sets, and of newer ones, which have more. */
export const dangerousCalls = (sets: SyscallSets): ReadonlySet<string> =>
  new Set(NEVER_LOGGED.flatMap((name) => [...callsOf({ name }, sets), ...callsOf({ name }, bundledSets())]));

/** Those that are allowed all the same, since they were seen. */
export function dangerousSeen(
  calls: readonly { readonly name: string; readonly tier: string }[],
  sets: SyscallSets,
): string[] {
  const dangerous = dangerousCalls(sets);
  return calls.filter(({ name, tier }) => tier === 'allow' && dangerous.has(name)).map(({ name }) => name);
}
