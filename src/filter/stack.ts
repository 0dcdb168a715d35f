/** Several programs that are loaded one after the other, as the kernel takes them together. */
import { type Action, ALLOW, stricter } from '../syscalls/action.js';
import type { Call } from '../syscalls/policy.js';
import type { Instruction } from './bpf.js';
import { simulate } from './simulate.js';

/** Programs of a thread, the newest first. */
export type Stack = readonly (readonly Instruction[])[];

/**
 * What the kernel answers to a call: the strictest answer of all, and among those of one kind the newest's
 * (seccomp_run_filters in kernel/seccomp.c).
 * @throws ProgramError as simulate() does
 */
export const stackAction = (stack: Stack, call: Call): Action =>
  stack.reduce((strictest, program) => stricter(strictest, simulate(program, call).action), ALLOW);
