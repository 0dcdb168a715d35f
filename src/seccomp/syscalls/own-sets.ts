/** Sets of our own. Only `[ready]` knows them: systemd, which enforces most of `[syscalls]`, has no such names. */

import { callsOf } from './resolve.js';
import { expandSet, type SyscallSets } from './sets.js';

/**
 * The calls of programs that can do nothing but go on with what they have open: systemd's sets, and `madvise`, which
 * memory allocators make. `execve` is in systemd's `@default`, since a service can't be started without it.
 */
const HARMLESS: readonly string[] = ['@default', '@basic-io', '@io-event', '@signal', 'madvise'];
const NOT_HARMLESS: readonly string[] = ['execve'];

/**
 * The calls that exploits make most, by which research counts what a service keeps: Ghavamnia, Palit, Mishra and
 * Polychronakis, "Temporal System Call Specialization for Attack Surface Reduction", USENIX Security 2020, table 3.
 * The list is the one of the paper's programs. It has no newer call that does the same, such as `clone3`.
 */
const CRITICAL: readonly string[] = (
  'accept accept4 bind chmod clone connect execve execveat fork listen mprotect ptrace recvfrom sendto setgid ' +
  'setreuid setuid socket'
).split(' ');

const known = new WeakMap<SyscallSets, SyscallSets>();

/** systemd's sets and our own, which come first where a systemd has the same name. */
export function withOwnSets(sets: SyscallSets): SyscallSets {
  const all = known.get(sets) ?? {
    ...sets,
    members: new Map([...sets.members, ['@harmless', harmless(sets)], ['@critical', CRITICAL]]),
  };
  known.set(sets, all);
  return all;
}

const harmless = (sets: SyscallSets): string[] =>
  HARMLESS.flatMap((name) => (name.startsWith('@') ? (expandSet(sets, name) ?? []) : [name])).filter(
    (call) => !NOT_HARMLESS.includes(call),
  );

/** A call, the call or set that names it, and its answer. */
export interface AnsweredCall {
  readonly name: string;
  readonly call: string;
  readonly answer: string;
}

/**
 * The calls of calls and sets that have their answers with them, in their order.
 * @param entries `@swap:EPERM`
 */
export function answeredCalls(entries: readonly string[], sets: SyscallSets): AnsweredCall[] {
  const all = withOwnSets(sets);
  return entries.flatMap((entry) => {
    const [name = '', answer = ''] = entry.split(':');
    return callsOf({ name }, all).map((call) => ({ name, call, answer }));
  });
}
