import { failure, hasErrors, UserError } from '../diagnostic.js';
import type { Context } from '../machine/context.js';
import type { FileContent } from '../machine/system.js';
import { editPolicy, type TextEdit } from '../policy/edit.js';
import type { Policy } from '../policy/policy.js';
import { decodePolicy, MAX_POLICY_SIZE } from '../policy/policy-size.js';
import { isPackagedPolicy, policyFolders } from '../systemd/paths/policies.js';
import { templateAt } from './load/find-template.js';
import { type LoadedPolicy, loadPolicy } from './load/load-policy.js';
import type { Prepared } from './prepare.js';

/** A policy's text before and after it was written. */
export interface RewrittenPolicy {
  readonly before: string;
  readonly after: string;
}

/** A change of a policy's file. */
export interface Rewrite {
  readonly edits: readonly TextEdit[];
  /** Whether an edited policy means just what the edits are for. */
  readonly isProved: (policy: Policy) => boolean;
  /** The hint where the text can't be edited. */
  readonly byHand: string;
}

/**
 * Edits the file of a policy, if the new text is proved to mean what it shall.
 * @param write false: nothing is written
 * @throws UserError `not-written`, and as System.replace()
 */
export async function rewritePolicy(
  context: Context,
  { plan, policy }: Prepared,
  { edits, isProved, byHand }: Rewrite,
  write = true,
): Promise<RewrittenPolicy> {
  const { policyFile: path } = plan;
  const refused = (why: string, hint: string) =>
    failure('not-written', `${path} was not changed: ${why}`, { hint });
  if (isOthers(context, path))
    throw refused('it is a template, or belongs to a package', copyHint(context, plan.unit));
  const real = (await context.program.walk(path)).real ?? path;
  const file = await context.program.read(real, { limit: MAX_POLICY_SIZE });
  const before = policy.sources.get(path)!;
  if (!file || decodePolicy(file.bytes, path) !== before)
    throw refused('it was edited during this run', 'run the command again');
  const after = editPolicy(before, edits);
  const edited = after !== undefined && (await reread(context, path, after));
  if (!edited || hasErrors(edited.diagnostics) || !isProved(edited.policy))
    throw refused("this command can't edit its layout", byHand);
  if (write) await context.program.replace(real, encoded(after, file), { mode: file.mode });
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
  return `write ${own}/${unit}.toml that extends it: such a file can be changed`;
}
