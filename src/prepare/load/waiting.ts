import type { Context } from '../../machine/context.js';
import { orElse } from '../../machine/state/failures.js';
import type { DirectiveEntry } from '../../policy/policy.js';
import { MAX_POLICY_SIZE } from '../../policy/policy-size.js';
import { waitingLines } from '../../policy/waiting-lines.js';

/** The lines of a policy's file that wait; none of one that isn't there or can't be read. */
export async function waitingIn(
  { program }: Context,
  path: string | undefined,
): Promise<readonly DirectiveEntry[]> {
  const read = () => program.read(path!, { limit: MAX_POLICY_SIZE });
  const file = path === undefined ? undefined : await orElse(read, undefined);
  return file ? waitingLines(new TextDecoder().decode(file.bytes)) : [];
}
