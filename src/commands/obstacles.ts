import { type Diagnostic, error } from '../diagnostic.js';
import { dropInPath } from '../emit/paths.js';
import { ownCommand } from '../plan/own-command.js';
import type { Context } from '../system/context.js';
import { probeProblems } from './look-up-program.js';
import { readFiles } from './own-files.js';
import type { Prepared } from './prepare.js';

/**
 * What would be seen only when the files are written, and is an error before that.
 * @param restart false where no service will be restarted, and so none tried
 */
export async function obstacles(
  context: Context,
  { unit, policy }: Prepared,
  restart = true,
): Promise<Diagnostic[]> {
  return [
    ...(restart ? probeProblems(context, policy.policy) : []),
    ...(context.placement.lifetime === 'runtime' ? await keptForGood(context, unit.name) : []),
  ];
}

/** A drop-in for good is read in the place of one with its name below /run, a template's in that of an instance's, too. */
async function keptForGood(
  context: Context,
  { full, template }: Prepared['unit']['name'],
): Promise<Diagnostic[]> {
  const names = [...new Set([full, template ?? full])];
  const paths = names.map((name) => dropInPath({ ...context.placement, lifetime: 'always' }, name));
  const [kept] = await readFiles(context, paths);
  if (!kept) return [];
  const holder = names[paths.indexOf(kept.path)]!;
  const revert = ownCommand(context.placement.scope, 'revert', holder);
  return [
    error(
      'applied-for-good',
      `what confines ${full} is ${kept.path}, and nothing below /run takes its place`,
      {
        hint: `'${revert}' first, or leave --runtime out`,
      },
    ),
  ];
}
