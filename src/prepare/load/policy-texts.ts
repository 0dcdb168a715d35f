/** The texts that a policy is made of. */

import { error, failure, type Location, UserError } from '../../diagnostic.js';
import type { Context } from '../../machine/context.js';
import { decodePolicy, MAX_POLICY_SIZE } from '../../policy/policy-size.js';
import type { Located } from '../../seccomp/syscalls/section.js';
import { normalize } from '../../systemd/unit/path.js';
import { otherMeaning } from './find-policy.js';
import { findTemplate, type PolicyPlace } from './find-template.js';
import { INPUT, INPUT_NAME } from './input-policy.js';

/**
 * The texts of a policy and of all that it extends, by path, in the order of loadPolicy(). They are for a comparison by hash
 * with texts that were applied: nothing is parsed, and an `extends` that isn't in one line makes other texts.
 * @throws UserError as readText() and placeOfBase()
 */
export async function policyTexts(context: Context, place: PolicyPlace): Promise<Map<string, string>> {
  const texts = new Map<string, string>();
  const visit = async (from: PolicyPlace): Promise<void> => {
    if (texts.has(from.path)) return;
    const text = await readText(context, from, { at: undefined, trusted: true });
    texts.set(from.path, text);
    const at = { file: from.path, line: 1, column: 1 };
    for (const value of basesIn(text)) await visit(await placeOfBase(context, { value, at }, from));
  };
  await visit(place);
  return texts;
}

/** The policies that a text extends, where it says so in one line. */
function basesIn(text: string): string[] {
  const [, list = ''] = /^extends *= *\[(.*)\]$/m.exec(text) ?? [];
  return [...list.matchAll(/"([^"\\]*)"/g)].map(([, name]) => name!);
}

/**
 * Reads a policy's file.
 * @param at the place that names it
 * @throws UserError `no-policy`, `policy-syntax`, and as System.read()
 */
export async function readText(
  context: Context,
  { system, path, written = path }: PolicyPlace,
  { at, trusted }: { readonly at: Location | undefined; readonly trusted: boolean },
): Promise<string> {
  const isProgramFile = path.startsWith(`${context.home}/`) && system === context.program;
  const file = await system.read(path, { limit: MAX_POLICY_SIZE, trusted: trusted && !isProgramFile });
  if (file) return decodePolicy(file.bytes, path);
  const message = `there is no policy file '${at ? written : path}'`;
  if (at) {
    const hint = normalize(written) === path ? undefined : `it should be at '${path}'`;
    throw new UserError(error('no-policy', message, { at, hint }));
  }
  const hint = await otherMeaning(context, written);
  throw failure('no-policy', message, { hint });
}

/**
 * The place of a base: by a template's name, or by a path, absolute or relative to the policy that names it.
 * @throws UserError `unknown-template`, `policy-value`
 */
export async function placeOfBase(
  context: Context,
  { value, at }: Located<string>,
  from: PolicyPlace,
): Promise<PolicyPlace> {
  if (value === INPUT && from.input) return from.input;
  if (!value.includes('/') && !value.endsWith('.toml')) return findTemplate(context, value, at);
  if (from.isInput && !value.startsWith('/')) throw relativeToNothing(value, at);
  const folder = from.path.slice(0, from.path.lastIndexOf('/') + 1);
  const path = normalize(value.startsWith('/') ? value : `${folder}${value}`);
  return { system: from.system, path, written: value };
}

function relativeToNothing(path: string, at: Location): UserError {
  const hint = "write an absolute path, or a template's name";
  return new UserError(
    error('policy-value', `'${path}' is a relative path, and ${INPUT_NAME} has no folder`, {
      at,
      hint,
    }),
  );
}
