import { type Diagnostic, error } from '../../diagnostic.js';
import { runsAsRoot } from '../../directives/kinds/names/user.js';
import { HOMES, ROOTS } from '../../directives/values/mounts.js';
import { allWords, barePath, covers, lastOf, type UnitValues } from '../../unit/values.js';

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

/** Errors about paths that stay hidden from the service although we mount them. */
export const keptHidden = (values: UnitValues, paths: readonly string[]): Diagnostic[] => [
  ...mountedOver(values, paths),
  ...underRoot(values, paths),
  ...behindMode(values, paths),
];

/**
 * Errors about directives that hide our mounts. systemd mounts from the root down, but nothing below an inaccessible
 * path, and of several mounts at one path only one.
 */
function mountedOver(values: UnitValues, paths: readonly string[]): Diagnostic[] {
  const closed = foldersOf(wordsOf(values, 'InaccessiblePaths'), 0);
  const hidden = (name: string, path: string, hint: string) =>
    error('launcher-hidden', `${name}= hides ${path} from the service`, { hint });
  const homes = lastOf(values, 'ProtectHome') === 'yes' ? HOMES : [];
  return [
    ...paths
      .filter((path) => isCovered(closed, [path]))
      .map((path) => hidden('InaccessiblePaths', path, BELOW)),
    ...paths.filter((path) => isCovered(homes, [path])).map((path) => hidden('ProtectHome', path, IN_MEMORY)),
    ...BINDS.flatMap((name) => {
      const taken = foldersOf(coveringBinds(values, name), 1);
      return paths.filter((path) => taken.includes(path)).map((path) => hidden(name, path, ELSEWHERE));
    }),
  ];
}

const BELOW = 'name the folders below it that must stay hidden';
const IN_MEMORY = 'ProtectHome = "tmpfs" in [service] hides homes too, and lets systemd show the launcher';
const ELSEWHERE = 'mount that at another path';

/** An error about RootDirectory=/: systemd looks for the source of a mount where it has already covered it. */
function underRoot(values: UnitValues, paths: readonly string[]): Diagnostic[] {
  const root = lastOf(values, 'RootDirectory');
  const name = root !== '' && barePath(root) === '/' ? coveredBy(values, paths) : undefined;
  if (name === undefined) return [];
  const message = `${name}= hides the launcher or its filter, and with RootDirectory=/ nothing can show them`;
  return [error('launcher-hidden', message, { hint: 'take RootDirectory=/ out: it is the root anyway' })];
}

/** Errors about file systems in memory that only root may pass: they belong to root. */
function behindMode(values: UnitValues, paths: readonly string[]): Diagnostic[] {
  if (runsAsRoot({ unit: values })) return [];
  return wordsOf(values, 'TemporaryFileSystem')
    .filter(
      (word) => isClosedToOthers(word.slice(word.indexOf(':') + 1)) && isCovered(foldersOf([word], 0), paths),
    )
    .map((word) =>
      error(
        'launcher-hidden',
        `TemporaryFileSystem=${word} lets only root through to the launcher and its filter`,
        {
          hint: 'give others the right to pass: mode=0711',
        },
      ),
    );
}

function isClosedToOthers(options: string): boolean {
  const mode = /(?:^|,)mode=([0-7]{1,5})(?=,|$)/.exec(options)?.[1];
  return mode !== undefined && !/(?:^|,)[ug]id=/.test(options) && (Number.parseInt(mode, 8) & 1) === 0;
}

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
