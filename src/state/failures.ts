import { type Diagnostic, defect, UserError } from '../diagnostic.js';

/** What goes wrong in a step after which something is put back, as diagnostics; a defect of the program, too. */
export async function failuresOf(step: () => Promise<readonly Diagnostic[]>): Promise<readonly Diagnostic[]> {
  try {
    return await step();
  } catch (cause) {
    return cause instanceof UserError ? cause.diagnostics : [defect(cause)];
  }
}

/** The same for a step that finds nothing by itself. */
export const failureOf = (step: () => Promise<void>): Promise<readonly Diagnostic[]> =>
  failuresOf(async () => {
    await step();
    return [];
  });
