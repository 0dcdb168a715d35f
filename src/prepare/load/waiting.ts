import type { Context } from '../../machine/context.js';
import { orElse } from '../../machine/state/failures.js';
import type { DirectiveEntry } from '../../policy/policy.js';
import { MAX_POLICY_SIZE } from '../../policy/policy-size.js';
import { waitingLines } from '../../policy/waiting-lines.js';

/** The lines of a policy's file that wait; none of one that isn't there or can't be read. */
export async function waitingIn(
  { system, program }: Context,
  path: string | undefined,
): Promise<readonly DirectiveEntry[]> {
  if (path === undefined) return [];
  const read = (from: typeof system) => orElse(() => from.read(path, { limit: MAX_POLICY_SIZE }), undefined);
  // A policy that was named for another root is on this machine.
  const file = (await read(system)) ?? (await read(program));
  return file ? waitingLines(new TextDecoder().decode(file.bytes)) : [];
}
