import { isSameBytes } from '../collections.js';
import { directivesText, type EmittedFile, isMadeFor, systemdOfDropIn, textBesidesSystemd } from './files.js';

/** A file that there is. */
export interface ExistingFile extends EmittedFile {
  /** When it was written, in milliseconds since 1970. */
  readonly modified: number;
  /** When it came to be as and where it is; nobody can set that back. */
  readonly changed: number;
  /** It, or the way to it, is others': whatever is in it, it is written anew. */
  readonly untrusted?: boolean;
}

/** What becomes of one file. */
export interface Change {
  readonly kind: 'create' | 'replace' | 'remove' | 'unchanged';
  readonly path: string;
  /** Undefined where there is no file yet. */
  readonly before: ExistingFile | undefined;
  /** Undefined where the file is removed. */
  readonly after: EmittedFile | undefined;
  /** Only comments differ: nothing that a service would have to be restarted for. */
  readonly commentsOnly?: true;
}

/**
 * What must happen for the files to be as wanted.
 * @param current the files that exist, among those wanted and those that may be ours
 * @param offline whether systemd's version isn't known whole: what differs in it alone is then left as it is
 */
export function changes(
  wanted: readonly EmittedFile[],
  current: readonly ExistingFile[],
  { offline = false } = {},
): Change[] {
  const paths = new Set(wanted.map((file) => file.path));
  const updates = wanted.map((after): Change => {
    const { path } = after;
    const before = current.find((file) => file.path === path);
    if (before === undefined) return { kind: 'create', path, before, after };
    if (
      isSame(before, after) ||
      (isForAnotherSystemd(before, after) && (offline || isForSame(before, after)))
    )
      return { kind: 'unchanged', path, before, after };
    const change = { kind: 'replace', path, before, after } as const;
    return haveSameDirectives(before, after) ? { ...change, commentsOnly: true } : change;
  });
  const removals = current
    .filter(({ path }) => !paths.has(path))
    .map((before): Change => ({ kind: 'remove', path: before.path, before, after: undefined }));
  return [...updates, ...removals];
}

/** Whether anything is to be done. */
export const isPending = (list: readonly Change[]): boolean =>
  list.some((change) => change.kind !== 'unchanged');

/** Whether a service runs otherwise after the changes, once it is restarted. */
export const hasEffect = (list: readonly Change[]): boolean =>
  list.some((change) => change.kind !== 'unchanged' && !change.commentsOnly);

const isSame = (before: ExistingFile, after: EmittedFile): boolean =>
  hasSameMode(before, after) && isSameBytes(before.content, after.content);

const hasSameMode = (before: ExistingFile, after: EmittedFile): boolean =>
  !before.untrusted && before.mode === after.mode;

const isForAnotherSystemd = (a: ExistingFile, b: EmittedFile): boolean =>
  isSameDropIn(a, b, textBesidesSystemd);

/** By what could be known when it was made. */
const isForSame = (a: ExistingFile, b: EmittedFile): boolean =>
  isMadeFor(systemdOfDropIn(a.content), systemdOfDropIn(b.content) ?? '');

const haveSameDirectives = (a: ExistingFile, b: EmittedFile): boolean => isSameDropIn(a, b, directivesText);

/** @param read what counts of a drop-in */
const isSameDropIn = (a: ExistingFile, b: EmittedFile, read: (content: Uint8Array) => string): boolean =>
  hasSameMode(a, b) && a.path.endsWith('.conf') && read(a.content) === read(b.content);
