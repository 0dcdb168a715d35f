import { whollyRefused } from '../../../directives/refused-calls.js';
import { callsOf } from '../../../syscalls/resolve.js';
import type { SyscallSets } from '../../../syscalls/sets.js';
import type { LearnedDirectives } from './directives.js';

/** The calls that proved directives refuse: no policy can let them through. */
export function refusedByDirectives({ proved }: LearnedDirectives, sets: SyscallSets): ReadonlySet<string> {
  const on = proved.filter(({ value }) => value === true);
  const refused = on.flatMap(({ name }) => whollyRefused().get(name) ?? []);
  return new Set(refused.flatMap((name) => callsOf({ name }, sets)));
}
