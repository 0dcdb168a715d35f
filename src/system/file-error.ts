import { EXIT, error, UserError } from '../diagnostic.js';

/** What is wrong with a file of the machine. */
export const fileError = (code: string, message: string, hint?: string) =>
  new UserError(error(code, message, { hint }), EXIT.failure);
