import { type Diagnostic, error } from '../diagnostic.js';
import type { Context } from '../machine/context.js';
import { readFiles } from '../machine/state/own-files.js';
import { ownCommand } from '../systemd/command-lines.js';
import { dropInPath } from '../systemd/paths/own-files.js';
import type { UnitName } from '../systemd/unit/name.js';

/**
 * An error about a permanent drop-in: systemd reads it in the place of one with its name below /run, and a template's
 * in the place of an instance's, too.
 */
export async function keptForGood(context: Context, { full, template }: UnitName): Promise<Diagnostic[]> {
  const names = [...new Set([full, template ?? full])];
  const paths = names.map((name) => dropInPath({ ...context.placement, lifetime: 'always' }, name));
  const [kept] = await readFiles(context, paths);
  if (!kept) return [];
  const holder = names[paths.indexOf(kept.path)]!;
  const revert = ownCommand(context.placement.scope, 'revert', holder);
  const message = `${full} is confined by ${kept.path}, which files below /run can't replace`;
  return [error('left-as-it-is', message, { hint: `run '${revert}' first, or leave out --runtime` })];
}
