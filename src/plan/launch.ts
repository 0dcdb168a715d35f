/** The paths by which a confined service is started: whoever can put another file there decides what runs. */
import { type Diagnostic, error, printable } from '../diagnostic.js';
import type { EffectiveUnit } from '../unit/effective.js';
import { allWords, barePath, lastOf, type UnitValues } from '../unit/values.js';
import { type Bind, HOST, type Untrusted, type View } from '../unit/view.js';
import { withoutSpecifiers } from './bus-values/elements.js';
import { fieldsOf } from './directive-values/paths.js';
import type { Plan } from './plan.js';
import { plannedValues } from './unit-values.js';

/** How the launcher comes to start a service. */
export interface Launch {
  readonly unit: string;
  /** All that must be root's alone, as the service sees it. */
  readonly paths: readonly string[];
  /** What the service sees in the place of the host's files, less what is mounted for the launcher. */
  readonly view: View;
}

/**
 * Undefined where the launcher starts nothing.
 * @param effective the unit without us
 * @param packaged a package's launcher; ours and the filter are written anew, whosever they are, so that their folders count
 */
export function plannedLaunch(
  { unit, target, filter, filterFile, programs, directives }: Plan,
  effective: EffectiveUnit,
  packaged: string,
): Launch | undefined {
  if (filter === undefined) return undefined;
  const own = { launcher: target.launcher, filterFile };
  const launcher = own.launcher === packaged ? packaged : folderOf(own.launcher);
  return {
    unit,
    paths: [
      launcher,
      ...(filterFile === undefined ? [] : [folderOf(filterFile)]),
      ...programs.map(({ path }) => path),
    ],
    view: withoutOwn(own, viewOf(plannedValues(effective, directives))),
  };
}

/** The same of a unit that is loaded with a drop-in of ours. @param properties as the manager has them */
export function loadedLaunch(
  unit: string,
  own: Own & { readonly filterFile: string },
  properties: ReadonlyMap<string, unknown>,
): Launch {
  const view = loadedView(properties);
  const programs = view.binds.filter(({ source }) => isBeside(own, source) && source.endsWith('.launch'));
  return {
    unit,
    paths: [own.launcher, own.filterFile, ...programs.map(({ destination }) => destination)],
    view: withoutOwn(own, view),
  };
}

const BINDS = ['BindPaths', 'BindReadOnlyPaths'];

/** What hangs on a specifier isn't known before the start, nor what is in an image. */
function viewOf(values: UnitValues): View {
  const root = withoutSpecifiers(barePath(lastOf(values, 'RootDirectory')));
  const words = BINDS.flatMap((name) => allWords(values.get(name) ?? []));
  return { root: root || HOST.root, binds: words.flatMap((word) => bindOf(word) ?? []) };
}

function bindOf(word: string): Bind | undefined {
  const [from = '', to] = fieldsOf(withoutSpecifiers(word) ?? '') ?? [];
  const source = barePath(from);
  return source === '' ? undefined : { source, destination: barePath(to || from) };
}

/** `RootDirectory` is s, `BindPaths` and `BindReadOnlyPaths` are a(ssbt): source, destination, may be missing, flags. */
function loadedView(properties: ReadonlyMap<string, unknown>): View {
  const binds = BINDS.flatMap((name) => (properties.get(name) ?? []) as readonly (readonly unknown[])[]);
  return {
    root: String(properties.get('RootDirectory') ?? '') || HOST.root,
    binds: binds.map(([source, destination]) => ({ source: `${source}`, destination: `${destination}` })),
  };
}

/** The files of ours that a start needs. */
interface Own {
  readonly launcher: string;
  /** Undefined where the launcher gets its filter with its command. */
  readonly filterFile: string | undefined;
}

const folderOf = (path: string): string => path.slice(0, path.lastIndexOf('/'));

const withoutOwn = (own: Own, { root, binds }: View): View => ({
  root,
  binds: binds.filter(({ source, destination }) => ![source, destination].some((path) => isOwn(own, path))),
});

const isOwn = (own: Own, path: string): boolean => path === own.launcher || isBeside(own, path);

/** Whether a file is in the folder of a unit's filter, or below it. */
const isBeside = ({ filterFile }: Own, path: string): boolean =>
  filterFile !== undefined && path.startsWith(`${folderOf(filterFile)}/`);

/**
 * @param path as the service sees it
 * @param isInside whether what was found is named as the service sees it, too, and not as the host does
 */
export function untrustedPath(
  unit: string,
  path: string,
  untrusted: Untrusted,
  isInside: boolean,
): Diagnostic {
  const place = printable(untrusted.path);
  const where = isInside ? ` where ${unit} runs` : '';
  const message = `${place} ${untrusted.why}${where}: another file may be in the place of ${printable(path)} at its next start`;
  const mend = isInside ? '' : `, or: chown root:root ${place} && chmod go-w ${place}`;
  return error('untrusted-path', message, {
    hint: `have it below folders that only root can change${mend}`,
  });
}

/** Whether nothing is wrong but that a start can't be trusted: then it isn't known what runs. */
export const isUntrustedOnly = (wrong: readonly Diagnostic[]): boolean =>
  wrong.length > 0 && wrong.every(({ code }) => code === 'untrusted-path');
