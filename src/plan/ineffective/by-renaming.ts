/** Paths that a directive closes, and that a service can leave behind by renaming a folder above them. */

import { groupBy } from '../../collections.js';
import { type Diagnostic, printable, warning } from '../../diagnostic.js';
import { closedPaths } from '../../systemd/directives/values/closed-paths.js';
import {
  FOLDERS,
  type MountEntry,
  mountEntries,
  mountLines,
} from '../../systemd/directives/values/mounts.js';
import { folderOf } from '../../systemd/unit/path.js';
import { covers, type UnitValues } from '../../systemd/unit/values.js';
import type { ConfinedUnit } from '../request.js';
import { ownValues } from '../unit-values.js';

/** A closed path that goes along when a folder above is renamed. */
interface Movable {
  readonly directive: string;
  readonly path: string;
  /** The folders above it that can be renamed, the topmost first. */
  readonly folders: readonly [string, ...string[]];
  /** The directive by which the folder above those can be written to. */
  readonly by: string;
}

/** Directives that close paths. A bind mount of another place closes none: what it shows is out of reach there. */
const CLOSING = ['BindReadOnlyPaths', 'InaccessiblePaths', 'ReadOnlyPaths', 'TemporaryFileSystem'];

/** Directives that make a path read-write: below another one of them systemd drops their mount (drop_nop() of systemd). */
const READ_WRITE = ['ReadWritePaths', ...FOLDERS.keys()];

/** Directives by which a path is the host's, and writable. */
const WRITABLE = [...READ_WRITE, 'BindPaths'];

/** Directives whose mounts can be written to as what is above them. */
const AS_ABOVE = ['ExecPaths', 'NoExecPaths'];

/**
 * Warnings about closed paths that are two or more levels below a writable one of the policy or the unit, because of the
 * policy. The kernel renames no folder that is a mount, but one that has mounts below it: these go along. A process that writes to
 * the folder above can then make another path of the closed one's name, and the next start closes that.
 * @param values the values of directives, of the unit and the policy
 */
export function renamable(request: ConfinedUnit, values: UnitValues): Diagnostic[] {
  const before = new Set(movableIn(ownValues(request.effective)).map(keyOf));
  const added = movableIn(values).filter((one) => !before.has(keyOf(one)));
  return [...groupBy(added, ({ directive, folders }) => `${directive} ${folders.join(' ')}`).values()].map(
    (some) => described(request, some),
  );
}

const keyOf = ({ directive, path, folders }: Movable): string => `${directive} ${path} ${folders.join(' ')}`;

function movableIn(values: UnitValues): Movable[] {
  const entries = mountEntries(mountLines(values));
  return CLOSING.flatMap((directive) =>
    closedPaths(values, directive).flatMap((path) => {
      const [first, ...more] = foldersAbove(path).filter(
        (folder) => writableBy(folderOf(folder), entries) && !isFixed(folder, entries),
      );
      if (first === undefined) return [];
      return [{ directive, path, folders: [first, ...more], by: writableBy(folderOf(first), entries)! }];
    }),
  );
}

/** The folders above a path, the topmost first, without the root, which can't be renamed. */
function foldersAbove(path: string): string[] {
  const parts = path.split('/').slice(0, -1);
  return parts.slice(1).map((_, i) => parts.slice(0, i + 2).join('/'));
}

/** The directive by which a folder can be written to, if the next mount on or above it is of such a one. */
function writableBy(folder: string, entries: readonly MountEntry[]): string | undefined {
  const nearest = nearestTo(
    folder,
    entries.filter(({ by }) => !AS_ABOVE.includes(by)),
  );
  return nearest.every(({ by }) => WRITABLE.includes(by)) ? nearest[0]?.by : undefined;
}

/** The entries of the deepest path that is a folder's, or above it. */
function nearestTo(folder: string, entries: readonly MountEntry[]): readonly MountEntry[] {
  const above = entries.filter(({ path }) => covers(path, folder));
  const deepest = Math.max(...above.map(({ path }) => path.length));
  return above.filter(({ path }) => path.length === deepest);
}

/** Whether a folder is a mount. */
function isFixed(folder: string, entries: readonly MountEntry[]): boolean {
  const own = entries.filter(({ path }) => path === folder);
  const isDropped = nearestTo(folderOf(folder), entries).some(({ by }) => READ_WRITE.includes(by));
  return own.some(({ by }) => !isDropped || !READ_WRITE.includes(by));
}

function described({ policy }: ConfinedUnit, some: readonly Movable[]): Diagnostic {
  const { directive, folders, by } = some[0]!;
  const [folder] = folders.map((one) => printable(one, 60));
  const paths = some.map(({ path }) => printable(path, 60)).join(', ');
  const message = `the service can get around ${directive}= for ${paths}: it may rename ${folder}`;
  const ways = [
    `protect ${folder} itself`,
    ...(FOLDERS.has(by) ? [] : [`narrow ${by}=`]),
    // A bind mount in another place needs a source, which the path doesn't tell.
    ...(by === 'BindPaths' ? [] : [`mount the folder over itself: BindPaths = ${JSON.stringify(folders)}`]),
  ];
  const lineOf = (name: string) => policy.service.find((one) => one.name === name)?.at;
  return warning('renamable', message, {
    at: lineOf(directive) ?? lineOf(by),
    hint: printable(ways.join(', or '), Number.POSITIVE_INFINITY),
  });
}
