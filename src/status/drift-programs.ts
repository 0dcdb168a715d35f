import { isSameBytes } from '../collections.js';
import { type Diagnostic, error } from '../diagnostic.js';
import { programsFolder } from '../paths/own-files.js';
import { installedLauncher, PACKAGED_LAUNCHER } from '../paths/programs.js';
import { exists } from '../prepare/load/exists.js';
import { launcherFiles, MAX_LAUNCHER_SIZE } from '../prepare/load/launcher-file.js';
import type { Context } from '../system/context.js';
import { replacedPrograms } from '../verify/kernel/replaced-programs.js';
import type { Applied } from './applied.js';

/** Root sees what is mounted for a service, and a user for a service of its own. */
export async function programsReplaced(
  context: Context,
  { unit, facts, services = [], state }: Applied,
): Promise<Diagnostic[]> {
  const { placement, superuser } = context;
  const { scope } = placement;
  if (state !== 'live' || (!superuser && scope === 'system')) return [];
  const places = facts.programFiles.map((name) => `${programsFolder(placement, unit)}/${name}`);
  const found = services.map(({ name, state }) =>
    replacedPrograms(context.system, { unit: name, scope, places }, state),
  );
  return (await Promise.all(found)).flat();
}

/** An error if the installed launcher isn't the one that this program would install, or that a package has. */
export async function launcherChange(context: Context): Promise<Diagnostic[]> {
  const { system, placement, machine, offline } = context;
  const path = installedLauncher(placement);
  if (offline || machine === undefined) return [];
  if (await exists(system, PACKAGED_LAUNCHER)) {
    const hint = 'apply has each of them take that one';
    const message = `units are started by ${path}, and a package has ${PACKAGED_LAUNCHER}`;
    return [error('drift-launcher', message, { hint })];
  }
  const [wanted] = await launcherFiles(context, { machine, launcher: path });
  const there = await system.read(path, { limit: MAX_LAUNCHER_SIZE });
  const isSame = there && wanted && isSameBytes(there.bytes, wanted.content);
  // A missing launcher is told by missingFiles().
  if (!there || isSame) return [];
  const hint = 'the next apply of any of its units puts this one in its place';
  return [error('drift-launcher', `${path} isn't the launcher of this version of sandbox-unit`, { hint })];
}
