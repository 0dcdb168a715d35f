import type { Context } from '../../machine/context.js';
import { decodePolicy, MAX_POLICY_SIZE } from '../../policy/policy-size.js';
import type { PolicyPlace } from './find-template.js';

/** The word for standard input in the place of a policy's file. */
export const INPUT = '-';

/** The name that diagnostics show for it. */
export const INPUT_NAME = 'standard input';

/**
 * The policy that comes by standard input, which is read once however many units it is for. Absolute paths in it are those of
 * the system that it is for, as they will be when the text is kept there.
 * @throws UserError `usage` at a terminal; `unreadable`, `policy-syntax`
 */
export async function inputPolicy({ policies, caller }: Context): Promise<PolicyPlace> {
  const bytes = await caller.readInput(MAX_POLICY_SIZE);
  return { system: policies, path: INPUT_NAME, text: decodePolicy(bytes, INPUT_NAME), isInput: true };
}

/**
 * Reads standard input where a policy comes by it: before a lock is taken, since others would wait for the input's end.
 * @throws UserError as inputPolicy()
 */
export async function readInputFirst(
  context: Context,
  { policy }: { readonly policy?: string },
): Promise<void> {
  if (policy === INPUT) await inputPolicy(context);
}
