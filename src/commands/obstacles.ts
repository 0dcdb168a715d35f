import { isRunning, restartObstacle } from '../apply/activate.js';
import { hasEffect } from '../apply/changes.js';
import { type Diagnostic, error } from '../diagnostic.js';
import { dropInPath } from '../emit/paths.js';
import { ownCommand } from '../plan/own-command.js';
import type { Context } from '../system/context.js';
import { probeProblems } from './look-up-program.js';
import { readFiles } from './own-files.js';
import type { Prepared } from './prepare.js';
import type { Service } from './services.js';

/**
 * What would be seen only when the files are written, and is an error before that.
 * @param restart false where no service will be restarted, and so none tried
 */
export async function obstacles(
  context: Context,
  { unit, policy, changes }: Prepared,
  restart = true,
): Promise<Diagnostic[]> {
  const isRuntime = context.placement.lifetime === 'runtime';
  return [
    ...(restart ? probeProblems(context, policy.policy) : []),
    ...(isRuntime ? await keptForGood(context, unit.name) : []),
    ...(isRuntime || !restart || !hasEffect(changes) ? [] : unit.services.flatMap(endsAll)),
  ];
}

/** What systemd does when a unit fails, or too often (systemd.unit(5)). */
const FAILURE_ACTIONS = ['FailureAction', 'StartLimitAction'];

/** A trial that fails must not end all that runs, with nobody there to put the service back. */
function endsAll({ name, properties }: Service): Diagnostic[] {
  if (!isRunning(properties) || restartObstacle(properties)) return [];
  const found = FAILURE_ACTIONS.find((key) => !['none', undefined].includes(properties.get(key) as string));
  if (found === undefined) return [];
  const message = `${name} has ${found}=${properties.get(found)}: a trial that fails would do that`;
  const hint = 'try it with --runtime, which a boot undoes, then apply it with --no-restart';
  return [error('failure-action', message, { hint })];
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
