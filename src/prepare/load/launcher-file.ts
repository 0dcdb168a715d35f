import { EXIT, error, UserError } from '../../diagnostic.js';
import type { EmittedFile } from '../../emit/files.js';
import { enabledManifests } from '../../paths/at-boot.js';
import { transientFolder } from '../../paths/placement.js';
import { installedLauncher, PACKAGED_LAUNCHER } from '../../paths/programs.js';
import { ownDropIns } from '../../state/own-files.js';
import { MAX_TRANSIENT_SIZE } from '../../state/run-units.js';
import type { Context } from '../../system/context.js';
import type { Target } from '../../target/target.js';
import { wayToNativeHelper } from './native-program.js';

/** The most bytes of a launcher. */
export const MAX_LAUNCHER_SIZE = 4 << 20;

/**
 * The launcher to be installed, from the program's own folder or the package on the program's machine; none if a package
 * has installed one where it is to be.
 * @throws UserError `no-launcher` if it wasn't built for the machine
 */
export async function launcherFiles(
  context: Context,
  { machine, launcher }: Pick<Target, 'machine' | 'launcher'>,
): Promise<EmittedFile[]> {
  if (launcher === PACKAGED_LAUNCHER) return [];
  const built = `${context.home}/native-helper/build/${machine}/launcher`;
  const packaged = machine === context.machine ? [PACKAGED_LAUNCHER] : [];
  for (const path of [built, ...packaged]) {
    const content = await context.program.read(path, { limit: MAX_LAUNCHER_SIZE });
    if (content) return [{ path: launcher, content: content.bytes, mode: 0o755 }];
  }
  const hint = wayToNativeHelper(context.home);
  throw new UserError(
    error('no-launcher', `there is no launcher for ${machine}: ${built}`, { hint }),
    EXIT.failure,
  );
}

/**
 * The path of the installed launcher, if no drop-in of ours, no transient unit and no boot uses it; else undefined.
 * @param leaving drop-ins that are about to go
 */
export async function unusedLauncher(
  context: Context,
  leaving: readonly string[] = [],
): Promise<string | undefined> {
  const launcher = installedLauncher(context.placement);
  const users = (await ownDropIns(context)).filter(({ path }) => !leaving.includes(path));
  const isUsed =
    users.length > 0 || (await isInTransientUnit(context, launcher)) || (await isEnabled(context));
  return isUsed ? undefined : launcher;
}

/** Whether the generator puts policies into force at the next boot. */
const isEnabled = async ({ system, placement }: Context): Promise<boolean> =>
  placement.scope === 'system' &&
  (await system.list(enabledManifests)).some((name) => name.endsWith('.service'));

/** Whether a loaded transient unit starts a program, which it does again if systemd restarts it. */
async function isInTransientUnit({ system, placement }: Context, program: string): Promise<boolean> {
  const folder = transientFolder(placement);
  for (const name of await system.list(folder)) {
    if (!name.endsWith('.service')) continue;
    const file = await system.read(`${folder}/${name}`, { limit: MAX_TRANSIENT_SIZE, head: true });
    if (file && new TextDecoder().decode(file.bytes).includes(program)) return true;
  }
  return false;
}

/** Removes the installed launcher if nothing uses it. */
export async function removeUnusedLauncher(context: Context): Promise<void> {
  const path = await unusedLauncher(context);
  if (path !== undefined) await context.system.remove(path);
}
