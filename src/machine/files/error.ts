import type { Code } from '../../codes/subjects.js';
import { EXIT, error, UserError } from '../../diagnostic.js';

export const fileError = (code: Code, message: string, hint?: string) =>
  new UserError(error(code, message, { hint }), EXIT.failure);

/** Whether an error says that a file or folder doesn't exist. */
export const isAbsent = (cause: unknown): boolean =>
  ['ENOENT', 'ENOTDIR'].includes((cause as NodeJS.ErrnoException).code ?? '');

/**
 * The reason of an error about a path, for messages that name the path: `read-only file system`. Node's own message,
 * `EROFS: read-only file system, unlink '/proc/self/fd/18/launcher'`, has the path of the system call.
 */
export function reasonOf(cause: unknown): string {
  const { code, message } = cause as NodeJS.ErrnoException;
  if (code === 'ERR_INVALID_ARG_VALUE') return "a path can't contain NUL";
  return /^[^:]+: (.+?), \w+(?: '|$)/.exec(message)?.[1] ?? message;
}
