import { answeredCalls } from '../syscalls/own-sets.js';
import type { SyscallSets } from '../syscalls/sets.js';
import type { Cause } from './refused-call.js';
import type { NamedCall } from './tally.js';

/**
 * The cause of a call that `sandbox-unit tighten` refuses to what runs; undefined if it doesn't.
 * @param entries the calls and sets that it refuses, each with its answer: `@mount:EPERM`
 */
export function byTighten(
  { name, known }: NamedCall,
  entries: readonly string[],
  sets: SyscallSets,
): Cause | undefined {
  const found = known ? answeredCalls(entries, sets).find(({ call }) => call === name) : undefined;
  if (found === undefined) return undefined;
  return { kind: 'tightened', what: `refused by sandbox-unit tighten (${found.name}), until the next start` };
}
