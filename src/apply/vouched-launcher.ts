/** Whether what a unit was started by is the launcher: its guard is worth no more than that. */
import { isSameBytes } from '../collections.js';
import { type Diagnostic, error, printable } from '../diagnostic.js';
import { systemctl } from '../plan/own-command.js';
import type { Plan } from '../plan/plan.js';
import type { System, UnitProperties } from '../system/system.js';

/** Larger than any launcher, in bytes. */
const MAX_LAUNCHER = 4 << 20;

/**
 * Why the launcher that a service of the system was started by may be another than the installed one; undefined where it
 * is that one. A user's own services are started by what the user can change.
 * @param pid a process of the unit, in the mount namespace of which the launcher is looked at
 */
export async function whyNotVouched(
  system: System,
  { target }: Plan,
  unit: UnitProperties,
  pid: number,
): Promise<string | undefined> {
  if (target.scope === 'user') return undefined;
  const { launcher } = target;
  if (!(await isManagersNamespace(system, unit, pid)))
    return 'its processes have made a mount namespace of their own';
  const { real, untrusted } = await system.walk(launcher, { process: pid });
  if (untrusted) return `${printable(untrusted.path)} ${untrusted.why} there`;
  const [there, ours] = await Promise.all(
    [real, launcher].map(async (path) =>
      path === undefined ? undefined : (await system.read(path, { limit: MAX_LAUNCHER }))?.bytes,
    ),
  );
  if (there === undefined) return `there is no ${launcher} where it runs`;
  return ours && isSameBytes(there, ours) ? undefined : `${launcher} is another file where it runs`;
}

/** Who is root in a user namespace made by the process itself can mount there what it likes. */
async function isManagersNamespace(system: System, unit: UnitProperties, pid: number): Promise<boolean> {
  if (hasUserNamespace(unit)) return true;
  const [own, its] = await Promise.all(
    ['self', `${pid}`].map(async (process) => (await system.links(`/proc/${process}/ns`)).get('user')),
  );
  return own === its;
}

/** `PrivateUsersEx` has the modes besides `yes` and `no` since systemd 257. */
const hasUserNamespace = (unit: UnitProperties): boolean =>
  unit.get('PrivateUsers') === true || !['no', ''].includes(String(unit.get('PrivateUsersEx') ?? ''));

export function notVouched({ unit, target }: Plan, why: string): Diagnostic {
  const message = `who has started ${unit} isn't known to be the launcher: ${why}`;
  return error('launcher-unknown', message, {
    hint: `'${systemctl(target.scope, 'restart', unit)}' starts it anew, by the launcher that is installed`,
  });
}
