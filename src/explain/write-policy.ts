import { ownCommand } from '../command-lines.js';
import { EXIT, error, hasErrors, UserError } from '../diagnostic.js';
import { isPackagedPolicy, policyFolders } from '../paths.js';
import { MAX_POLICY_SIZE } from '../policy/policy-size.js';
import { decodePolicy } from '../policy/toml.js';
import { templateAt } from '../prepare/load/find-template.js';
import { type LoadedPolicy, loadPolicy } from '../prepare/load/load-policy.js';
import type { Prepared } from '../prepare/prepare.js';
import type { Context } from '../system/context.js';
import type { FileContent } from '../system/system.js';
import type { Explanation } from './explanation.js';
import { editsOf, isProved, patchedText } from './patch.js';

/** A policy's text before and after it was written. */
export interface WrittenPolicy {
  readonly before: string;
  readonly after: string;
}

/**
 * Writes the changes that explanations propose into the policy's file, if the new text is proved to let just these calls
 * through.
 * @returns undefined if no edit of the file is proposed
 * @throws UserError `not-written`, and as System.replace()
 */
export async function writePolicy(
  context: Context,
  { plan, policy }: Prepared,
  explanations: readonly Explanation[],
): Promise<WrittenPolicy | undefined> {
  if (editsOf(explanations).length === 0) return undefined;
  const { policyFile: path, target } = plan;
  const refused = (why: string, hint: string) =>
    new UserError(error('not-written', `${path} is not changed: ${why}`, { hint }), EXIT.failure);
  const byHand = `'${ownCommand(target.scope, 'explain', plan.unit)}' says what to write`;
  if (isOthers(context, path))
    throw refused("it is a template, or a package's", copyHint(context, plan.unit));
  const real = (await context.program.walk(path)).real ?? path;
  const file = await context.program.read(real, { limit: MAX_POLICY_SIZE });
  const before = policy.sources.get(path)!;
  if (!file || decodePolicy(file.bytes, path) !== before)
    throw refused('it has changed meanwhile', 'try again');
  const after = patchedText(before, explanations);
  const edited = after !== undefined && (await reread(context, path, after));
  const ruled = { policy: policy.policy, sets: target.sets, machine: target.machine };
  if (!edited || hasErrors(edited.diagnostics) || !isProved(ruled, edited.policy, explanations))
    throw refused('its text is laid out in a way that is not edited here', byHand);
  await context.program.replace(real, encoded(after, file), { mode: file.mode });
  return { before, after };
}

const BYTE_ORDER_MARK = '\ufeff';

/** The bytes of a text, with a byte order mark where the file has one. */
function encoded(text: string, { bytes }: FileContent): Uint8Array {
  const hasMark =
    new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes.subarray(0, 3)) === BYTE_ORDER_MARK;
  return new TextEncoder().encode(hasMark ? BYTE_ORDER_MARK + text : text);
}

/** A policy with another text of its own; undefined if it can't be read. */
async function reread(context: Context, path: string, text: string): Promise<LoadedPolicy | undefined> {
  try {
    return await loadPolicy(
      context,
      { system: context.program, path, text },
      { trusted: true, confines: true },
    );
  } catch (cause) {
    if (cause instanceof UserError) return undefined;
    throw cause;
  }
}

/** Whether a policy is for others to change: a template, or one of a package. */
const isOthers = (context: Context, path: string): boolean =>
  templateAt(context, path) !== undefined || isPackagedPolicy(path);

function copyHint(context: Context, unit: string): string {
  const [own] = policyFolders(context.placement.scope, context.placement.home);
  return `write ${own}/${unit}.toml with an 'extends' of it, which is then changed in its place`;
}
