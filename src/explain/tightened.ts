import { withOwnSets } from '../syscalls/own-sets.js';
import { callsOf } from '../syscalls/resolve.js';
import type { SyscallSets } from '../syscalls/sets.js';
import type { Cause, NamedCall } from './refused-call.js';

/**
 * The cause of a call that `sandbox-unit tighten` refuses to what runs; undefined if it doesn't.
 * @param entries the calls and sets that it refuses, each with its answer: `@mount:EPERM`
 */
export function byTighten(
  { name, known }: NamedCall,
  entries: readonly string[],
  sets: SyscallSets,
): Cause | undefined {
  const names = entries.map((entry) => entry.replace(/:.*/, ''));
  const all = withOwnSets(sets);
  const found = known ? names.find((one) => callsOf({ name: one }, all).includes(name)) : undefined;
  if (found === undefined) return undefined;
  return { kind: 'tightened', what: `refused by sandbox-unit tighten (${found}), until the next start` };
}
