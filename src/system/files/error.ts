import { EXIT, error, UserError } from '../../diagnostic.js';

/** What is wrong with a file of the machine. */
export const fileError = (code: string, message: string, hint?: string) =>
  new UserError(error(code, message, { hint }), EXIT.failure);

/** Whether there is no such file or folder. */
export const isAbsent = (cause: unknown): boolean =>
  ['ENOENT', 'ENOTDIR'].includes((cause as NodeJS.ErrnoException).code ?? '');

/** What went wrong with a path, for people. */
export const reasonOf = (cause: unknown): string =>
  (cause as NodeJS.ErrnoException).code === 'ERR_INVALID_ARG_VALUE'
    ? 'no path has a NUL'
    : (cause as Error).message;
