import { EXIT, error, UserError } from '../../diagnostic.js';

export const fileError = (code: string, message: string, hint?: string) =>
  new UserError(error(code, message, { hint }), EXIT.failure);

/** Whether an error says that a file or folder doesn't exist. */
export const isAbsent = (cause: unknown): boolean =>
  ['ENOENT', 'ENOTDIR'].includes((cause as NodeJS.ErrnoException).code ?? '');

/** The reason of an error about a path, for messages. */
export const reasonOf = (cause: unknown): string =>
  (cause as NodeJS.ErrnoException).code === 'ERR_INVALID_ARG_VALUE'
    ? 'no path has a NUL'
    : (cause as Error).message;
