import { type Diagnostic, error } from '../diagnostic.js';
import { allWords, barePath, covers } from './loosen/values.js';

/** The values that a directive of the unit will have, those of the policy included. */
type Values = (name: string) => readonly string[];

/**
 * The directive that would put something else, or nothing, where some of the paths are, while a bind mount of ours can
 * show them; undefined if they are to be seen. A specifier may stand for any folder.
 */
export function hiddenBy(values: Values, paths: readonly string[]): string | undefined {
  if (values('RootDirectory').length > 0) return 'RootDirectory';
  if (values('RootImage').length > 0) return 'RootImage';
  if (isCovered(foldersOf(values('TemporaryFileSystem'), 0), paths)) return 'TemporaryFileSystem';
  const homes = values('ProtectHome').some((value) => !/^(0|n|no|f|false|off|read-only)$/i.test(value));
  return homes && isCovered(['/home', '/root', '/run/user'], paths) ? 'ProtectHome' : undefined;
}

/** Mounts over the paths that systemd makes after ours, or instead of them: nothing that we add can show them. */
export function keptHidden(values: Values, paths: readonly string[]): Diagnostic[] {
  const over = [
    ['InaccessiblePaths', foldersOf(values('InaccessiblePaths'), 0)],
    ['BindPaths', foldersOf(values('BindPaths'), 1)],
    ['BindReadOnlyPaths', foldersOf(values('BindReadOnlyPaths'), 1)],
  ] as const;
  return over.flatMap(([name, folders]) =>
    paths
      .filter((path) => isCovered(folders, [path]))
      .map((path) => error('launcher-hidden', `${name}= hides ${path} from the service`, { hint: BELOW })),
  );
}

const BELOW = 'name the folders below it that must stay hidden';

/** Paths of a list whose words have fields with colons between them; a missing field is the first one. */
const foldersOf = (values: readonly string[], field: number): string[] =>
  allWords(values).map((word) => {
    const fields = word.split(':');
    return barePath(fields[field] || fields[0]!);
  });

const isCovered = (folders: readonly string[], paths: readonly string[]) =>
  folders.some((folder) => folder.includes('%') || paths.some((path) => covers(folder, path)));
