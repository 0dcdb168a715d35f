import { findDirective } from '../../../directives/table.js';
import { callsOf } from '../../../syscalls/resolve.js';
import type { SyscallSets } from '../../../syscalls/sets.js';
import type { LearnedDirectives } from './directives.js';

/** Directives whose own filter refuses calls whatever their arguments are (seccomp-util.c). */
const REFUSE_WHOLLY: readonly string[] = [
  ...['PrivateDevices', 'ProtectClock', 'ProtectHostname', 'ProtectKernelLogs', 'ProtectKernelModules'],
];

/** The calls that proved directives refuse: no policy can let them through. */
export function refusedByDirectives({ proved }: LearnedDirectives, sets: SyscallSets): ReadonlySet<string> {
  const on = proved.filter(({ name, value }) => value === true && REFUSE_WHOLLY.includes(name));
  const refused = on.flatMap(({ name }) => findDirective(name)!.refuses ?? []);
  return new Set(refused.flatMap((name) => callsOf({ name }, sets)));
}
