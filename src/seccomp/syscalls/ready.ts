/** The meaning of `[ready]`: the calls that a service keeps once it serves. */

import { ABIS } from './abi.js';
import { errnoAction } from './action.js';
import { type CallEntry, NO_SYSCALLS, type ReadySection, type SyscallsSection } from './section.js';

/** No filter of ours until the service serves: all ABIs are open that the unit itself leaves open. */
export const NO_FILTER: SyscallsSection = {
  ...NO_SYSCALLS,
  architectures: Object.keys(ABIS).map((value) => ({ value, at: NO_SYSCALLS.at })),
};

/** Calls without which no program ends, or comes back from the handler of a signal. */
export const INDISPENSABLE: readonly string[] = [
  'exit',
  'exit_group',
  'restart_syscall',
  'rt_sigreturn',
  'sigreturn',
];

/** EPERM: a service goes on where a reload makes an unexpected call. */
const USUAL = errnoAction(1);

/**
 * `[ready]` as a section that can be resolved. An allow list has `@harmless`, without which no program goes on or ends.
 * @param architectures the ABIs besides the native one through which calls come until then; by default all
 */
export function readyCalls(
  { at, allow, deny, log, rules, action, permissive }: ReadySection,
  architectures: readonly string[] = Object.keys(ABIS),
): SyscallsSection {
  const implicit: CallEntry = { name: '@harmless', at };
  return {
    ...NO_SYSCALLS,
    ...{ at, deny, log, rules },
    ...(permissive === undefined ? {} : { permissive }),
    allow: allow && [implicit, ...allow],
    action: action ?? { value: USUAL, at },
    implicit: { value: false, at },
    architectures: architectures.map((value) => ({ value, at })),
  };
}
