/** The paths by which a confined service is started: another file there would run instead. */
import { type Diagnostic, error, type Location, printable } from '../../diagnostic.js';
import { fieldsOf } from '../../systemd/directives/kinds/paths/mounts.js';
import { withoutSpecifiers } from '../../systemd/directives/values/bus.js';
import type { EffectiveUnit } from '../../systemd/unit/effective.js';
import { folderOf } from '../../systemd/unit/path.js';
import { allWords, barePath, lastOf, sinceReset, type UnitValues } from '../../systemd/unit/values.js';
import { type Bind, HOST, type RootView, type Untrusted } from '../../systemd/unit/view.js';
import type { Plan } from '../plan.js';
import { plannedValues } from '../unit-values.js';
import { type KeyedCommand, type LooseProgram, loadedLoose, plannedLoose } from './loose-programs.js';

/** The paths by which a confined service is started, and the service's view of them. */
export interface Launch {
  readonly unit: string;
  /** Paths, as the service sees them, that root alone may be able to change. */
  readonly paths: readonly string[];
  /** Such paths by which the filter of `[ready]` is loaded, as the host and the service see them: systemd's `+` leaves bind mounts. */
  readonly privileged: readonly string[];
  /** Programs of command lines that the launcher doesn't hold. */
  readonly loose: readonly LooseProgram[];
  /** The service's view of the host's files, without the launcher's own mounts. */
  readonly view: RootView;
  /** Images and folders of the host that may put files of their own at these paths. */
  readonly images: readonly Bind[];
  /** The lines that name a directive or a program; empty for a loaded unit. */
  readonly places: ReadonlyMap<string, Location>;
}

/**
 * The launch of a planned unit; undefined if neither a program of ours nor one that gets around the policy has a part in it.
 * @param effective the unit without us
 * @param packaged paths of a package's programs. Other programs and filters are written again: their folders count
 * @param loaded properties of the unit as the manager has it: they tell the value of a specifier
 */
export function plannedLaunch(
  plan: Plan,
  effective: EffectiveUnit,
  packaged: readonly string[],
  loaded: ReadonlyMap<string, unknown> = new Map(),
): Launch | undefined {
  const { unit, target, filter, filterFile, ready, directives, lines } = plan;
  const values = plannedValues(effective, directives);
  const search = sinceReset(values.get('ExecSearchPath') ?? []).flatMap((line) => line.split(':'));
  const loose = plannedLoose(plan, effective, search);
  if (filter === undefined && ready === undefined && loose.length === 0) return undefined;
  const placeOf = (program: string) => (packaged.includes(program) ? program : folderOf(program));
  const { launcher, injector } = target;
  return {
    unit,
    paths: [
      ...(filter ? [placeOf(launcher)] : []),
      ...(filter && filterFile !== undefined ? [folderOf(filterFile)] : []),
    ],
    privileged: ready ? [placeOf(injector), folderOf(ready.file)] : [],
    loose,
    view: withoutOwn({ launcher, filterFile: filterFile ?? ready?.file }, viewOf(values, loadedView(loaded))),
    images: imagesOf((name) => allWords(values.get(name) ?? []).map((word) => fieldsOf(word)?.[0] ?? '')),
    places: new Map([
      ...effective.assignments.flatMap(({ key, at }) => (at ? [[key, at] as const] : [])),
      ...loose.flatMap(({ paths, at }) => (at ? paths.map((path) => [path, at] as const) : [])),
      ...lines.map(({ subject, at }) => [subject, at] as const),
    ]),
  };
}

/**
 * The launch of a unit that is loaded with a drop-in of ours.
 * @param properties as the manager has them
 * @param commands those of all Exec keys
 */
export function loadedLaunch(
  unit: string,
  own: OwnFiles,
  properties: ReadonlyMap<string, unknown>,
  commands: readonly KeyedCommand[] = [],
): Launch {
  const { launched, loading } = own;
  const view = loadedView(properties);
  const beside = { launcher: launched?.program, filterFile: (launched ?? loading)?.filter };
  return {
    unit,
    paths: launched ? [launched.program, launched.filter] : [],
    privileged: loading ? [loading.program, loading.filter] : [],
    loose: loadedLoose(
      commands,
      { launcher: launched?.program, injector: loading?.program },
      (properties.get('ExecSearchPath') ?? []) as readonly string[],
    ),
    view: withoutOwn(beside, view),
    images: imagesOf((name) => [properties.get(name) ?? []].flat().map((one) => `${[one].flat()[0]}`)),
    places: new Map(),
  };
}

/** A program of ours, and the filter file that it loads. */
interface FilterLoader {
  readonly program: string;
  readonly filter: string;
}

/** Our files that a drop-in names. */
export interface OwnFiles {
  /** Undefined where the launcher starts nothing. */
  readonly launched: FilterLoader | undefined;
  /** Undefined where no filter of `[ready]` is loaded. */
  readonly loading: FilterLoader | undefined;
}

const BINDS = ['BindPaths', 'BindReadOnlyPaths'];

/** Directives that put the files of an image or a folder where the launcher may be: these can't be looked at before. */
export const IMAGES = ['RootImage', 'RootMStack', 'MountImages', 'ExtensionImages', 'ExtensionDirectories'];

/** @param sourcesOf the first field of each word of a directive */
const imagesOf = (sourcesOf: (name: string) => readonly string[]): Bind[] =>
  IMAGES.flatMap((by) =>
    sourcesOf(by)
      .map(barePath)
      .filter((source) => source.startsWith('/') && !source.includes('%'))
      .map((source) => ({ source, destination: source, by })),
  );

/** @param loaded the loaded view, in the place of values with specifiers */
function viewOf(values: UnitValues, loaded: RootView): RootView {
  const written = barePath(lastOf(values, 'RootDirectory'));
  const root = withoutSpecifiers(written) ?? loaded.root;
  const binds = BINDS.flatMap((by) => {
    const found = allWords(values.get(by) ?? []).map((word) => bindOf(word, by));
    const isWhole = found.every((one) => one !== undefined);
    return isWhole ? (found as Bind[]) : loaded.binds.filter((one) => one.by === by);
  });
  return { root: root || HOST.root, binds };
}

/** The bind mount of a word; undefined if a specifier decides it, or if it has no source. */
function bindOf(word: string, by: string): Bind | undefined {
  const plain = withoutSpecifiers(word);
  const [from = '', to] = (plain === undefined ? undefined : fieldsOf(plain)) ?? [];
  const source = barePath(from);
  return source === '' ? undefined : { source, destination: barePath(to || from), by };
}

/**
 * The view of a loaded unit. `RootDirectory` is s. `BindPaths` and `BindReadOnlyPaths` are a(ssbt): source,
 * destination, may be missing, flags.
 */
function loadedView(properties: ReadonlyMap<string, unknown>): RootView {
  const binds = BINDS.flatMap((by) =>
    ((properties.get(by) ?? []) as readonly (readonly unknown[])[]).map(([source, destination]) => ({
      source: `${source}`,
      destination: `${destination}`,
      by,
    })),
  );
  return { root: String(properties.get('RootDirectory') ?? '') || HOST.root, binds };
}

/** Our files that the drop-in itself mounts. */
interface Own {
  readonly launcher: string | undefined;
  /** One of the unit's filters; undefined if the launcher gets its filter with its command. */
  readonly filterFile: string | undefined;
}

function withoutOwn({ launcher, filterFile }: Own, { root, binds }: RootView): RootView {
  const beside = filterFile === undefined ? undefined : `${folderOf(filterFile)}/`;
  const isOwn = (path: string) => path === launcher || (beside !== undefined && path.startsWith(beside));
  return { root, binds: binds.filter(({ source, destination }) => !isOwn(source) && !isOwn(destination)) };
}

/**
 * One error about everything on the way to a path that others can change; none if there is nothing.
 * @param path as the service sees it
 * @param isInside whether the folders are named as the service sees them; else they are as on the host
 */
export function untrustedPath(
  { unit, places }: Launch,
  path: string,
  [first, ...more]: readonly Untrusted[],
  isInside: boolean,
): Diagnostic[] {
  if (!first) return [];
  const { by } = first;
  const named = [first, ...more].slice(0, MOST_FOLDERS).map((one) => `${printable(one.path)} ${one.why}`);
  const cause = by === undefined ? '' : `${by}= of ${unit}: `;
  const where = isInside ? ` in the mount namespace of ${unit}` : '';
  const message = `${cause}${named.join(', ')}${where}: ${printable(path)} could be replaced before its next start`;
  const isProgram = by === undefined && places.has(path);
  const hint = by
    ? `let only root write to what ${by}= names and the folders above it; the service may write to folders below it`
    : isProgram
      ? "add its key to 'wrap' in [exec], or start a copy from a folder that only root can write to, such as /usr/local/lib"
      : 'let only root write to it and to the folders above it';
  return [error('untrusted-path', message, { at: places.get(by ?? path), hint })];
}

/** The most folders that one error names. */
const MOST_FOLDERS = 5;

/** Whether the only errors are about an untrusted start: the running program isn't known then. */
export const isUntrustedOnly = (wrong: readonly Diagnostic[]): boolean =>
  wrong.length > 0 && wrong.every(({ code }) => code === 'untrusted-path');
