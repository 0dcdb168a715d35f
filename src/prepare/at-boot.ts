import { ownCommand, systemctl } from '../command-lines.js';
import { type Diagnostic, EXIT, error, printable, UserError, warning } from '../diagnostic.js';
import { ENABLED, enabledManifest } from '../paths/at-boot.js';
import { dropInPath } from '../paths/own-files.js';
import {
  GENERATOR,
  GENERATOR_FOLDERS,
  isGenerator,
  isInstalledProgram,
  LOCAL_GENERATOR,
} from '../paths/programs.js';
import type { Context } from '../system/context.js';
import { shellWord } from '../unit/exec/shell-word.js';
import { isTemplate } from '../unit/name.js';
import { folderOf, normalize } from '../unit/path.js';
import { exists } from './load/exists.js';
import { pathsOfInstances } from './load/find-unit.js';
import { generatorProgram, wayToNativeHelper } from './load/native-program.js';
import type { Prepared } from './prepare.js';

/** Where files go that the generator is to put into force (sandbox-unit-generator(8)). */
export interface AtBoot {
  /** The folder below which they are written. */
  readonly output: string;
  /** The folder of the system that is looked at; none for the one that runs. */
  readonly root?: string | undefined;
}

/**
 * The files of a template's instances. Those that the generator finds a manifest of are looked at for themselves.
 * @throws UserError `not-lasting` for a unit that the generator would always refuse
 */
export async function lastingFiles(context: Context, { unit }: Prepared): Promise<string[]> {
  const { system, placement } = context;
  const { full } = unit.name;
  const hidden = dropInPath({ ...placement, lifetime: 'always' }, full);
  const isHidden = await exists(system, hidden);
  const isEnabled = (instance: string) => exists(system, enabledManifest(instance));
  const ofInstances = isTemplate(unit.name) ? await pathsOfInstances(context, unit.name, isEnabled) : [];
  const paths = [...unit.files.map(({ path }) => path), ...ofInstances];
  const passing = isHidden ? hidden : paths.find((path) => path.startsWith('/run/'));
  if (passing === undefined) return ofInstances;
  const message = isHidden
    ? `${hidden} would hide the files of the generator`
    : `${full} has ${passing}, which is not there at boot`;
  const hint = isHidden ? `'${ownCommand(placement.scope, 'revert', full)}' first` : undefined;
  throw new UserError(error('not-lasting', message, { hint }), EXIT.failure);
}

/** Warnings of what the machine lacks for the files to come into force. Of one that facts tell of nothing is said. */
export async function lackingAtBoot(
  context: Context,
  { unit, files }: Prepared,
  { output, root }: AtBoot,
): Promise<Diagnostic[]> {
  if (context.isRecorded) return [];
  const found: Diagnostic[] = [];
  const absolute = (path: string) =>
    normalize(path.startsWith('/') ? path : `${context.caller.directory}/${path}`);
  const read = normalize(`${root === undefined ? '' : absolute(root)}${ENABLED}`);
  if (!(await isSameFolder(context, absolute(output), read))) {
    const hint = `it reads ${printable(read)}; for another machine, name its facts with --facts`;
    found.push(warning('not-enabled', `the generator doesn't read ${printable(output)}`, { hint }));
  }
  for (const { path } of files.filter((file) => isInstalledProgram(context.placement, file.path))) {
    if (await exists(context.system, path)) continue;
    const hint = context.offline
      ? `install ${printable(output)}${path} there`
      : `'${ownCommand('system', 'apply --runtime', unit.name.full)}' tries the policy, and installs it`;
    const message = `there is no ${path}: the generator won't let ${unit.name.full} start`;
    found.push(warning('not-installed', message, { hint }));
  }
  if (!(await isLinked(context))) {
    const message = 'systemd has no generator of ours: nothing is put into force at boot';
    found.push(warning('no-generator', message, { hint: await wayToGenerator(context) }));
  }
  return found;
}

/** The command line by which systemd has the generator: a link to a package's, or else a copy that is root's. */
async function wayToGenerator(context: Context): Promise<string> {
  if (context.offline) return 'sandbox-unit-generator(8) says how systemd gets it';
  const folder = folderOf(LOCAL_GENERATOR);
  try {
    const program = await generatorProgram(context);
    const puts =
      program === GENERATOR
        ? `mkdir -p ${folder} && ln -s ${GENERATOR} ${LOCAL_GENERATOR}`
        : `install -D -m 755 ${shellWord(program)} ${LOCAL_GENERATOR}`;
    return `'${puts} && ${systemctl('system', 'daemon-reload')}' has systemd run it`;
  } catch (cause) {
    if (!(cause instanceof UserError)) throw cause;
    return wayToNativeHelper(context.home);
  }
}

/** Whether two paths lead to one folder, as far as they are there. */
async function isSameFolder({ program }: Context, one: string, other: string): Promise<boolean> {
  if (one === other) return true;
  const [a, b] = [(await program.walk(one)).real, (await program.walk(other)).real];
  return a !== undefined && a === b;
}

/** Whether systemd runs the generator: of equal names in its folders it takes the first (systemd.generator(7)). */
async function isLinked({ system }: Context): Promise<boolean> {
  const seen = new Set<string>();
  for (const folder of GENERATOR_FOLDERS) {
    const links = await system.links(folder);
    for (const name of await system.list(folder)) {
      if (seen.has(name)) continue;
      seen.add(name);
      const target = links.get(name);
      const isOurs =
        isGenerator(target ?? `${folder}/${name}`) || (target !== '/dev/null' && isGenerator(name));
      if (isOurs && (await exists(system, `${folder}/${name}`))) return true;
    }
  }
  return false;
}
