import { type Diagnostic, EXIT, error, UserError } from '../diagnostic.js';
import { isOwnDropIn } from '../emit/paths.js';
import type { Context } from '../system/context.js';
import type { UnitProperties } from '../system/system.js';
import { isTemplate, parseUnitName, type UnitName } from '../unit/name.js';
import { dropInDirectories, selectDropIns, unitSearchPath } from '../unit/search.js';
import { parseUnitFile, type UnitFile } from '../unit/unit-file.js';

/** A unit as its packager and administrator wrote it, without what we added. */
export interface LoadedUnit {
  readonly name: UnitName;
  /** The fragment, then the drop-ins in the order in which systemd reads them. */
  readonly files: readonly UnitFile[];
  readonly diagnostics: readonly Diagnostic[];
  /** Undefined offline. */
  readonly properties: UnitProperties | undefined;
}

/** Largest unit file that is read, in bytes. */
const MAX_UNIT_SIZE = 4 << 20;

const fail = (code: string, message: string, hint?: string) =>
  new UserError(error(code, message, { hint }), EXIT.failure);

/** A service's name as the command line has it. */
export function serviceName(text: string): UnitName {
  const name = parseUnitName(text);
  if ('severity' in name) throw new UserError(name, EXIT.failure);
  if (name.type !== 'service') {
    throw fail('not-a-service', `'${name.full}' is not a service`, 'only services have a sandbox');
  }
  return name;
}

/** Reads a unit's files: those that the manager names, or, offline, those that it would find. */
export async function loadUnit(context: Context, text: string): Promise<LoadedUnit> {
  const name = serviceName(text);
  if (context.offline) return loadOffline(context, name);
  if (isTemplate(name)) {
    throw fail(
      'unit-template',
      `${name.full} is a template`,
      `name an instance: ${name.prefix}@NAME.service`,
    );
  }
  const properties = await context.system.unit(name.full);
  assertLoadable(context, name.full, properties);
  if (properties.get('NeedDaemonReload') === true) {
    const hint = `run '${systemctl(context)} daemon-reload', then try again`;
    throw fail('unit-changed', `the files of ${name.full} have changed since systemd read them`, hint);
  }
  const canonical = serviceName(String(properties.get('Id') ?? name.full));
  const dropIns = properties.get('DropInPaths') as string[];
  const paths = [String(properties.get('FragmentPath')), ...dropIns.filter((path) => !isOwnDropIn(path))];
  return { name: canonical, properties, ...(await readFiles(context, paths)) };
}

const systemctl = ({ placement }: Context) => (placement.scope === 'user' ? 'systemctl --user' : 'systemctl');

/** Why a unit can't be confined by a drop-in, if it can't. */
function assertLoadable(context: Context, name: string, properties: UnitProperties) {
  const state = properties.get('LoadState');
  const fragment = String(properties.get('FragmentPath') ?? '');
  if (state === 'not-found') throw fail('no-unit', `there is no unit ${name}`);
  if (state === 'masked')
    throw fail('unit-masked', `${name} is masked: it can't run`, `${systemctl(context)} unmask ${name}`);
  if (properties.get('Transient') === true || fragment.includes('/systemd/transient/')) {
    throw fail('unit-transient', `${name} is transient: it is gone when it stops, and drop-ins with it`);
  }
  if (fragment === '') throw fail('no-unit', `${name} has no unit file`);
}

async function loadOffline(context: Context, name: UnitName): Promise<LoadedUnit> {
  const directories = unitSearchPath(context.placement.scope, context.environment);
  const fragment = await findFragment(context, name, directories);
  const candidates = await Promise.all(
    dropInDirectories(name, [], directories).map(async (directory) => ({
      directory,
      fileNames: await context.system.list(directory),
    })),
  );
  const dropIns = selectDropIns(candidates).filter((path) => !isOwnDropIn(path));
  return { name, properties: undefined, ...(await readFiles(context, [fragment, ...dropIns])) };
}

async function findFragment(
  context: Context,
  name: UnitName,
  directories: readonly string[],
): Promise<string> {
  const names = name.template && name.template !== name.full ? [name.full, name.template] : [name.full];
  for (const candidate of names) {
    for (const directory of directories) {
      const path = `${directory}/${candidate}`;
      if ((await context.system.list(directory)).includes(candidate)) return path;
    }
  }
  throw fail('no-unit', `there is no unit ${name.full}`);
}

async function readFiles(context: Context, paths: readonly string[]) {
  const files: UnitFile[] = [];
  for (const path of paths) {
    const file = await context.system.read(path, { limit: MAX_UNIT_SIZE });
    if (!file)
      throw fail(
        'unit-changed',
        `${path} is gone`,
        `run '${systemctl(context)} daemon-reload', then try again`,
      );
    files.push(parseUnitFile(path, file.bytes));
  }
  return { files, diagnostics: files.flatMap((file) => file.diagnostics) };
}
