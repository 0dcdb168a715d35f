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
  const seen = (await isManagersNamespace(system, pid)) ? await look(system, launcher, pid) : 'unseen';
  if (seen !== 'unseen') return seen;
  // A service that has left its first mount namespace must not be able to refuse its confinement by that.
  const image = IMAGES.find((name) => isSet(unit.get(name)));
  return image && `what ${image}= has in the place of ${launcher} can't be seen`;
}

/** Whether the launcher in a process's mount namespace is the installed one: why not, or that nothing is there. */
async function look(system: System, launcher: string, pid: number): Promise<string | 'unseen' | undefined> {
  const { real, untrusted } = await system.walk(launcher, { process: pid });
  if (untrusted) return `${printable(untrusted.path)} ${untrusted.why} there`;
  const bytesOf = async (path: string) => (await system.read(path, { limit: MAX_LAUNCHER }))?.bytes;
  const there = real === undefined ? undefined : await bytesOf(real);
  if (there === undefined) return 'unseen';
  const ours = await bytesOf(launcher);
  return ours && isSameBytes(there, ours) ? undefined : `${launcher} is another file where it runs`;
}

/**
 * Whether a process is in the user namespace of this one: in one of its own it can mount what it likes, and with
 * PrivateUsers= whose it is can't be told.
 */
async function isManagersNamespace(system: System, pid: number): Promise<boolean> {
  const [own, its] = await Promise.all(
    ['self', `${pid}`].map(async (process) => (await system.links(`/proc/${process}/ns`)).get('user')),
  );
  return own === its;
}

/** Directives that put files where the launcher is that can't be looked at from the host. */
const IMAGES = ['RootImage', 'RootMStack', 'MountImages', 'ExtensionImages', 'ExtensionDirectories'];

const isSet = (value: unknown): boolean => (Array.isArray(value) ? value.length > 0 : Boolean(value));

export function notVouched({ unit, target }: Plan, why: string): Diagnostic {
  const message = `who has started ${unit} isn't known to be the launcher: ${why}`;
  return error('launcher-unknown', message, {
    hint: `'${systemctl(target.scope, 'restart', unit)}' starts it anew, by the launcher that is installed`,
  });
}
