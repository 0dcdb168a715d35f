import { failure } from '../../diagnostic.js';
import type { Context } from '../../machine/context.js';
import { ownDropIns, readTrusted } from '../../machine/state/own-files.js';
import { MAX_TRANSIENT_SIZE } from '../../machine/state/run-units.js';
import { changes, type FileChange } from '../../plan/emit/changes.js';
import type { EmittedFile } from '../../plan/emit/files.js';
import type { Plan } from '../../plan/plan.js';
import type { Machine } from '../../seccomp/syscalls/abi.js';
import { transientFolder } from '../../systemd/paths/placement.js';
import { PACKAGED_HOME } from '../../systemd/paths/policies.js';
import {
  builtProgram,
  type InstalledProgram,
  installedPrograms,
  packagedProgram,
} from '../../systemd/paths/programs.js';
import { fileName } from '../../systemd/unit/path.js';
import { exists } from './exists.js';

/** The most bytes of a program that drop-ins name. */
export const MAX_PROGRAM_SIZE = 4 << 20;

/** The paths of the programs that a plan's drop-in names, wherever they are. */
export const programsOf = ({
  filter,
  ready,
  target,
}: Pick<Plan, 'filter' | 'ready' | 'target'>): string[] => [
  ...(filter ? [target.launcher] : []),
  ...(ready ? [target.injector] : []),
];

/**
 * The programs to be installed at these paths, from the program's own folder or the package on the program's machine; none
 * in the place of a package's.
 * @throws UserError `no-helper` if one wasn't built for the machine
 */
export async function programFiles(
  context: Context,
  machine: Machine,
  paths: readonly string[],
): Promise<EmittedFile[]> {
  const files: EmittedFile[] = [];
  for (const path of paths) {
    const name = fileName(path) as InstalledProgram;
    if (path !== packagedProgram(name)) files.push(await programFile(context, machine, { name, path }));
  }
  return files;
}

/** The changes by which these programs are installed as programFiles() has them. @throws UserError as that */
export async function programChanges(
  context: Context,
  machine: Machine,
  paths: readonly string[],
): Promise<FileChange[]> {
  const wanted = await programFiles(context, machine, paths);
  return changes(
    wanted,
    await readTrusted(
      context,
      wanted.map(({ path }) => path),
    ),
  );
}

async function programFile(
  context: Context,
  machine: Machine,
  { name, path: at }: { readonly name: InstalledProgram; readonly path: string },
): Promise<EmittedFile> {
  const built = builtProgram(context.home, machine, name);
  const packaged = machine === context.machine ? [packagedProgram(name)] : [];
  for (const path of [built, ...packaged]) {
    const content = await context.program.read(path, { limit: MAX_PROGRAM_SIZE });
    if (content) return { path: at, content: content.bytes, mode: 0o755 };
  }
  const message = `there is no ${name} for ${machine}: ${built}`;
  const hint = wayToNativeHelper(context.home);
  throw failure('no-helper', message, { hint });
}

/**
 * The paths of installed programs that no drop-in of ours and no transient unit may use.
 * @param leaving drop-ins that are about to go
 */
export async function unusedPrograms(context: Context, leaving: readonly string[] = []): Promise<string[]> {
  const users = (await ownDropIns(context)).filter(({ path }) => !leaving.includes(path));
  if (users.length > 0) return [];
  const started = await transientUnits(context);
  return installedPrograms(context.placement).filter((path) => !started.some((text) => text.includes(path)));
}

/** The texts of loaded transient units: what one starts it starts again if systemd restarts it. */
async function transientUnits({ system, placement }: Context): Promise<string[]> {
  const folder = transientFolder(placement);
  const names = (await system.list(folder)).filter((name) => name.endsWith('.service'));
  const texts: string[] = [];
  for (const name of names) {
    const file = await system.read(`${folder}/${name}`, { limit: MAX_TRANSIENT_SIZE, head: true });
    if (file) texts.push(new TextDecoder().decode(file.bytes));
  }
  return texts;
}

/** Removes the installed programs that nothing uses. */
export async function removeUnusedPrograms(context: Context): Promise<void> {
  for (const path of await unusedPrograms(context)) await context.system.remove(path);
}

/** Programs of the native helper that the command itself starts. */
type NativeProgram = 'observe' | 'pty-relay' | 'read-filters' | 'send-descriptors' | 'tighten';

/**
 * The path of a program of the native helper: in the program's own folder, or where a package has put it.
 * @throws UserError `no-helper`
 */
export async function nativeProgram(
  { program, home, machine }: Context,
  name: NativeProgram,
): Promise<string> {
  for (const path of [builtProgram(home, machine, name), packagedProgram(name)]) {
    if (await exists(program, path)) return path;
  }
  const hint = wayToNativeHelper(home);
  throw failure('no-helper', `the helper program '${name}' is not installed`, { hint });
}

/** The way to a program of the native helper that is missing. @param home the program's own folder */
export const wayToNativeHelper = (home: string): string =>
  home === PACKAGED_HOME
    ? "install the package 'sandbox-unit-launcher' for that kind of machine"
    : `make -C ${home}/native-helper`;
