import { HOMES, ROOTS } from '../../systemd/directives/values/mounts.js';
import { allWords, barePath, covers, lastOf, type UnitValues } from '../../systemd/unit/values.js';

/** The words of a list directive, the unit's and the policy's. */
const wordsOf = (values: UnitValues, name: string) => allWords(values.get(name) ?? []);

/**
 * The directive that would hide some of the paths, and that a bind mount of ours can overcome; undefined if all are to
 * be seen.
 */
export function hiddenBy(values: UnitValues, paths: readonly string[]): string | undefined {
  return ROOTS.find((name) => lastOf(values, name) !== '') ?? coveredBy(values, paths);
}

/** The directive that covers a path within the service's root. */
function coveredBy(values: UnitValues, paths: readonly string[]): string | undefined {
  if (isCovered(foldersOf(wordsOf(values, 'TemporaryFileSystem'), 0), paths)) return 'TemporaryFileSystem';
  const homes = !['', 'no', 'read-only'].includes(lastOf(values, 'ProtectHome'));
  if (homes && isCovered(HOMES, paths)) return 'ProtectHome';
  return BINDS.find((name) => isCovered(foldersOf(coveringBinds(values, name), 1), paths));
}

const BINDS = ['BindPaths', 'BindReadOnlyPaths'] as const;

/** Bind mounts that show other files at their destination; a folder bound onto itself does so with `norbind` only. */
const coveringBinds = (values: UnitValues, name: string) =>
  wordsOf(values, name).filter((word) => {
    const [source = '', destination = '', options = ''] = word.split(':');
    const isItself = !word.includes('%') && barePath(destination || source) === barePath(source);
    return !isItself || options.split(',').includes('norbind');
  });

/** Paths in a list whose words have fields with colons between them; the first field stands in for a missing one. */
const foldersOf = (words: readonly string[], field: number): string[] =>
  words.map((word) => {
    const fields = word.split(':');
    return barePath(fields[field] || fields[0]!);
  });

const isCovered = (folders: readonly string[], paths: readonly string[]) =>
  folders.some((folder) => paths.some((path) => mayCover(folder, path)));

/** Whether a folder covers a path. A specifier in it may stand for any folder, but the names behind it are known. */
function mayCover(folder: string, path: string): boolean {
  if (!folder.includes('%')) return covers(folder, path);
  const names = folder.split('/');
  const known = names.slice(names.findLastIndex((name) => name.includes('%')) + 1);
  return known.includes('..') || `${path}/`.includes(['', ...known, ''].join('/'));
}
