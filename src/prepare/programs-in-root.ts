import { type Diagnostic, error, printable, warning } from '../diagnostic.js';
import { allPrograms, programPlaces } from '../plan/launcher/commands.js';
import { plannedView } from '../plan/launcher/launch-paths.js';
import type { Plan } from '../plan/plan.js';
import { plannedValues } from '../plan/unit-values.js';
import type { Policy } from '../policy/policy.js';
import type { Context } from '../system/context.js';
import type { EffectiveUnit } from '../unit/effective.js';
import { EXEC_KEYS } from '../unit/exec/keys.js';

/**
 * Errors about commands whose programs aren't in the root that a policy gives the service: systemd would say so only
 * when they are due. Nobody looks where a specifier names the root or a mount, nor into images.
 */
export async function programsInRoot(
  context: Context,
  { policy, effective, plan }: { policy: Policy; effective: EffectiveUnit; plan: Plan },
): Promise<Diagnostic[]> {
  const root = policy.service.find(({ name }) => name === 'RootDirectory');
  if (root === undefined || context.offline) return [];
  const view = plannedView(plannedValues(effective, plan.directives));
  if (view === undefined || view.root === '/') return [];
  const places = programPlaces(policy, effective, allPrograms(effective));
  const absent = new Set<string>();
  for (const [name, paths] of places) {
    const found = await Promise.all(paths.map((path) => context.system.walk(path, view)));
    if (found.every(({ real }) => real === undefined)) absent.add(name);
  }
  return EXEC_KEYS.flatMap((key) =>
    effective
      .execCommands(key)
      .filter(({ path, prefixes }) => isInRoot(prefixes, path.value) && absent.has(path.value))
      .map(({ path, prefixes, at: { file, line } }) => {
        const severe = prefixes.includes('-') ? warning : error;
        const where = `${key}=${printable(path.value, 80)} (${printable(file)}:${line})`;
        return severe(
          'unreachable-program',
          `${where} isn't there in RootDirectory=${printable(view.root)}`,
          {
            at: root.at,
            hint: 'put it there, or show it by BindReadOnlyPaths',
          },
        );
      }),
  );
}

/** Whether systemd starts a command with the service's root. */
const isInRoot = (prefixes: string, path: string): boolean => !/[+|]/.test(prefixes) && !path.includes('%');
