/**
 * An action is the value that a seccomp program returns for a call (seccomp(2), linux/seccomp.h), as an
 * unsigned 32-bit number: what the policy means, what the compiler emits and what the kernel reports are one thing.
 */
export type Action = number;

export const ALLOW: Action = 0x7fff0000;
/** Let through, and recorded by the kernel. */
export const LOG: Action = 0x7ffc0000;
/** SECCOMP_RET_KILL_PROCESS. */
export const KILL: Action = 0x80000000;
/** SECCOMP_RET_KILL_THREAD, which systemd has for calls of other conventions. */
export const KILL_THREAD: Action = 0;
const ERRNO = 0x00050000;

/** The call fails with this errno (1 to 4095). */
export const errnoAction = (errno: number): Action => ERRNO + errno;

/** The call fails as one that the kernel doesn't have. */
export const ENOSYS: Action = errnoAction(38);

/** The errno of an errno action, else undefined. */
export const errnoOf = (action: Action): number | undefined =>
  action >= ERRNO && action <= ERRNO + 0xffff ? action - ERRNO : undefined;

/** Whether the call takes place. */
export const permits = (action: Action): boolean => action === ALLOW || action === LOG;

const precedence = (action: Action) => (action & 0xffff0000) | 0;

/**
 * Of two actions the one that the kernel takes when two filters return them: the lower as a signed number,
 * the first where both are of one kind (kernel/seccomp.c, seccomp_run_filters).
 */
export const stricter = (a: Action, b: Action): Action => (precedence(b) < precedence(a) ? b : a);
