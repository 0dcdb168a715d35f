import { type Diagnostic, UserError } from '../diagnostic.js';

/** What goes wrong in a step, as diagnostics. */
export async function failuresOf(step: () => Promise<readonly Diagnostic[]>): Promise<readonly Diagnostic[]> {
  try {
    return await step();
  } catch (cause) {
    if (cause instanceof UserError) return cause.diagnostics;
    throw cause;
  }
}

/** The same for a step that finds nothing by itself. */
export const failureOf = (step: () => Promise<void>): Promise<readonly Diagnostic[]> =>
  failuresOf(async () => {
    await step();
    return [];
  });
