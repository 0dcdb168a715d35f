import { isRunning, restartObstacle } from '../apply/activate.js';
import { hasEffect } from '../apply/changes.js';
import { type Diagnostic, error, note } from '../diagnostic.js';
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
    ...(restart && hasEffect(changes) ? unit.services.flatMap((one) => endsAll(one, isRuntime)) : []),
  ];
}

/** What systemd does when a unit fails, or too often (systemd.unit(5)). */
const FAILURE_ACTIONS = ['FailureAction', 'StartLimitAction'];

/** A trial that fails must not end all that runs, with nobody there to put the service back. */
function endsAll({ name, properties }: Service, isRuntime: boolean): Diagnostic[] {
  if (!isRunning(properties) || restartObstacle(properties)) return [];
  const onFailure = (properties.get('OnFailure') ?? []) as readonly string[];
  const isolates = onFailure.length > 0 && properties.get('OnFailureJobMode') === 'isolate';
  if (isolates || onFailure.some((unit) => unit.endsWith('.target'))) {
    const mode = isolates ? ' with OnFailureJobMode=isolate' : '';
    return [refusedTrial(name, `OnFailure=${onFailure.join(' ')}${mode}`, 'apply it with --no-restart')];
  }
  const key = FAILURE_ACTIONS.find((one) => !['none', undefined].includes(properties.get(one) as string));
  if (key !== undefined && !isRuntime) {
    const hint = 'try it with --runtime, which a boot undoes, then apply it with --no-restart';
    return [refusedTrial(name, `${key}=${properties.get(key)}`, hint)];
  }
  const message = `a trial of ${name} that fails starts ${onFailure.join(', ')} (OnFailure=)`;
  return onFailure.length > 0 ? [note('on-failure', message)] : [];
}

const refusedTrial = (name: string, what: string, hint: string): Diagnostic =>
  error('failure-action', `${name} has ${what}: a trial that fails would do that`, { hint });

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
