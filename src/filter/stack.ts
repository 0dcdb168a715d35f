/** Several programs of one thread, as the kernel runs them together. */
import { type Action, ALLOW, stricter } from '../syscalls/action.js';
import type { Call } from '../syscalls/policy.js';
import type { Instruction } from './bpf.js';
import { simulate } from './simulate.js';

/** The programs of a thread; the newest is first. */
export type Stack = readonly (readonly Instruction[])[];

/**
 * The kernel's answer to a call: the strictest of all programs' answers, and among those of one kind the newest
 * program's (seccomp_run_filters in kernel/seccomp.c).
 * @throws ProgramError as simulate() does
 */
export const stackAction = (stack: Stack, call: Call): Action =>
  stack.reduce((strictest, program) => stricter(strictest, simulate(program, call).action), ALLOW);
