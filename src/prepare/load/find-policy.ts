/** Where the policy of a unit is. */

import { failure } from '../../diagnostic.js';
import type { Context } from '../../machine/context.js';
import { readFiles } from '../../machine/state/own-files.js';
import { headerOf } from '../../plan/emit/drop-in-facts.js';
import { ownCommand } from '../../systemd/command-lines.js';
import { dropInPath, isKeptPolicy } from '../../systemd/paths/own-files.js';
import { policySearchPath } from '../../systemd/paths/policies.js';
import { parseUnitName, type UnitName } from '../../systemd/unit/name.js';
import { exists } from './exists.js';
import { hasNameOfDefaults } from './find-defaults.js';
import { type PolicyPlace, templateAt, templateNames } from './find-template.js';

/** A policy that is named for a unit by its path. What is kept beside its drop-in is in the unit's system. */
export const namedPolicy = (
  { system, program, placement }: Context,
  unit: UnitName,
  path: string,
): PolicyPlace => ({ system: isKeptPolicy(placement, unit.full, path) ? system : program, path });

/**
 * The file of a unit's policy.
 * @param asked the name that was given for the unit, which may be an alias
 * @throws UserError `no-policy`
 */
export async function findPolicy(
  context: Context,
  unit: UnitName,
  asked: UnitName = unit,
): Promise<PolicyPlace> {
  const path = await ownPolicy(context, unit);
  if (path !== undefined) return { system: context.policies, path };
  const first = policyPlaces(context, unit)[0]!;
  const place = context.offline ? `${first} below the folder of --root` : first;
  const hint = await wayToPolicy(context, { unit, asked, place, first });
  const alias = asked.full === unit.full ? '' : ` (${asked.full} is an alias of it)`;
  throw failure('no-policy', `no policy for ${unit.full}${alias}`, { hint });
}

interface Lacking {
  readonly unit: UnitName;
  readonly asked: UnitName;
  /** The first path of the search, and the text that names it in a hint. */
  readonly first: string;
  readonly place: string;
}

/** A hint on how the unit comes to a policy, by the files that there are. */
async function wayToPolicy(context: Context, { unit, asked, first, place }: Lacking): Promise<string> {
  const used = await policyInUse(context, unit);
  if (used) return `it is confined by ${used}, or write ${place}`;
  // A policy's file may be named without `.service`, as users type the unit's name.
  const near = first.replace(/\.service\.toml$/, '.toml');
  if (!hasNameOfDefaults(near) && (await exists(context.policies, near)))
    return `${near} exists: move it to ${place}, or give --policy ${near}`;
  // The search doesn't look for a policy under an alias.
  const other = asked.full === unit.full ? undefined : await ownPolicy(context, asked);
  if (other) return `${other} is named after the alias: move it to ${place}, or give --policy ${other}`;
  return `write ${place}, or name one with --policy or --template ('sandbox-unit template list')`;
}

/** The policy in a unit's drop-in, and how to name it, since no file in the search path is found. */
async function policyInUse(context: Context, unit: UnitName): Promise<string | undefined> {
  const [dropIn] = await readFiles(context, [dropInPath(context.placement, unit.full)]);
  const path = dropIn && headerOf(dropIn.content).policy;
  const template = path && templateAt(context, path);
  if (template) return `the template ${template}: give --template ${template} again`;
  if (path === undefined) return undefined;
  const revert = ownCommand(context.placement.scope, 'revert', unit.full);
  return (await exists(context.policies, path))
    ? `the policy ${path}: give --policy ${path} again`
    : `the policy ${path}, which is gone: '${revert}' frees it`;
}

/** A hint on a word that was given for a file: the template or the unit's policy that it may name. */
export async function otherMeaning(context: Context, word: string): Promise<string | undefined> {
  if (word.includes('/')) return undefined;
  if ((await templateNames(context)).includes(word)) {
    return `${word} is a template: '--template ${word}' takes it, 'sandbox-unit template show ${word}' prints it`;
  }
  const unit = parseUnitName(word);
  const own = 'full' in unit ? await ownPolicy(context, unit) : undefined;
  return own && `the policy of ${word} is ${own}`;
}

/** The paths where a unit's policy may be, by precedence. */
export function policyPlaces({ placement }: Context, unit: UnitName): string[] {
  const names = [unit.full, ...(unit.template && unit.template !== unit.full ? [unit.template] : [])];
  return policySearchPath(names, placement.scope, placement.home);
}

/** The file of a unit's policy if none is named; undefined if there is none. */
export async function ownPolicy(context: Context, unit: UnitName): Promise<string | undefined> {
  for (const path of policyPlaces(context, unit)) {
    if (await exists(context.policies, path)) return path;
  }
  return undefined;
}
