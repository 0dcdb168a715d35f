/**
 * An action is the value that a seccomp program returns for a call (seccomp(2), linux/seccomp.h), an unsigned 32-bit
 * number. Policies, the compiler and the kernel's reports share this type.
 */
export type Action = number;

export const ALLOW: Action = 0x7fff0000;
/** SECCOMP_RET_LOG: the kernel lets the call through, and records it. */
export const LOG: Action = 0x7ffc0000;
/** SECCOMP_RET_KILL_PROCESS. */
export const KILL: Action = 0x80000000;
/** SECCOMP_RET_KILL_THREAD, with which systemd's filters answer calls of other ABIs. */
export const KILL_THREAD: Action = 0;
const ERRNO = 0x00050000;

/** The action by which a call fails with an errno, from 1 to 4095. */
export const errnoAction = (errno: number): Action => ERRNO + errno;

/** The action by which a call fails as if the kernel didn't have it. */
export const ENOSYS: Action = errnoAction(38);

/** The errno of an errno action; undefined for other actions. */
export const errnoOf = (action: Action): number | undefined =>
  action >= ERRNO && action <= ERRNO + 0xffff ? action - ERRNO : undefined;

/** Whether an action lets the call take place. */
export const permits = (action: Action): boolean => action === ALLOW || action === LOG;

const precedence = (action: Action) => (action & 0xffff0000) | 0;

/**
 * The action that the kernel takes when two filters return different ones: the lower as a signed number, and the first
 * if both are of one kind (kernel/seccomp.c, seccomp_run_filters).
 */
export const stricter = (a: Action, b: Action): Action => (precedence(b) < precedence(a) ? b : a);
