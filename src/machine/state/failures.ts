import { type Diagnostic, defect, UserError } from '../../diagnostic.js';

/**
 * Runs a step that a roll-back may follow.
 * @returns its diagnostics, or those of its exception; a defect of the program is one, too
 */
export async function failuresOf(step: () => Promise<readonly Diagnostic[]>): Promise<readonly Diagnostic[]> {
  try {
    return await step();
  } catch (cause) {
    return failuresIn(cause);
  }
}

/** The diagnostics of an exception; a defect of the program is one, too. */
export const failuresIn = (cause: unknown): readonly Diagnostic[] =>
  cause instanceof UserError ? cause.diagnostics : [defect(cause)];

/** Runs a step whose failure means a certain result. A defect of the program is thrown on. */
export async function orElse<T>(step: () => Promise<T>, otherwise: T): Promise<T> {
  try {
    return await step();
  } catch (cause) {
    if (cause instanceof UserError) return otherwise;
    throw cause;
  }
}

/**
 * Runs a step that finds nothing by itself.
 * @returns the diagnostics of its exception
 */
export const failureOf = (step: () => Promise<void>): Promise<readonly Diagnostic[]> =>
  failuresOf(async () => {
    await step();
    return [];
  });
