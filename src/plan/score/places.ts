import { mountsApart, ROOTS } from '../../systemd/directives/values/mounts.js';
import { type Mount, mountOf, outermost } from '../../systemd/formats/mount-info.js';
import { covers, lastOf, type UnitValues } from '../../systemd/unit/values.js';

/**
 * The places where a service can write files and execute them, as far as its directives and the host's mounts tell;
 * undefined for a service with another root.
 * @param mounts the host's; empty where they aren't known
 */
export function placesOf(unit: UnitValues, mounts: readonly Mount[]): string[] | undefined {
  if (ROOTS.some((name) => !['', '/'].includes(lastOf(unit, name)))) return undefined;
  const apart = mountsApart(unit);
  const known = new Set(['/', ...apart.keys(), ...mounts.map(({ path }) => path)]);
  const isOpen = (path: string): boolean =>
    !KERNEL_OWN.some((above) => covers(above, path)) &&
    !isClosed(apart, path) &&
    !mountOf(mounts, path)?.options.includes('noexec');
  return outermost(new Map([...known].map((path) => [path, isOpen(path)])));
}

/** File systems of the kernel's, without files of programs' own. */
const KERNEL_OWN = ['/proc', '/sys'];

/** Whether the deepest mount on the way to a path closes it: systemd gives no flag of a mount to those below it. */
function isClosed(apart: ReadonlyMap<string, boolean>, path: string): boolean {
  const above = [...apart.keys()].filter((one) => covers(one, path));
  const deepest = above.reduce((a, b) => (b.length > a.length ? b : a), '');
  return apart.get(deepest) ?? false;
}
