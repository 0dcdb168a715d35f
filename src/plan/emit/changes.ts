import { isSameBytes } from '../../collections.js';
import { hasNameOfKeptPolicy } from '../../systemd/paths/own-files.js';
import { headerOf } from './drop-in-facts.js';
import { directivesText, type EmittedFile, hasFilesField, isMadeFor, textBesidesSystemd } from './files.js';

export interface ExistingFile extends EmittedFile {
  /** The time of the last write, in milliseconds since 1970. */
  readonly modified: number;
  /** Whether others than root can change the file or its folders: such a file is written again, whatever its content. */
  readonly untrusted?: boolean;
}

/** The change that one file needs. */
export interface FileChange {
  readonly kind: 'create' | 'replace' | 'remove' | 'unchanged';
  readonly path: string;
  /** Undefined where there is no file yet. */
  readonly before: ExistingFile | undefined;
  /** Undefined where the file is removed. */
  readonly after: EmittedFile | undefined;
  /** Set where only comments differ, or a policy's text, so that no restart is due. */
  readonly commentsOnly?: true;
}

/**
 * The changes that bring the files to the wanted state.
 * @param current the existing files among the wanted ones, and those that may be ours
 * @param offline whether systemd's full version is unknown: a drop-in that differs in nothing else is left as it is
 */
export function changes(
  wanted: readonly EmittedFile[],
  current: readonly ExistingFile[],
  { offline = false } = {},
): FileChange[] {
  const paths = new Set(wanted.map((file) => file.path));
  const updates = wanted.map((after): FileChange => {
    const { path } = after;
    const before = current.find((file) => file.path === path);
    if (before === undefined) return { kind: 'create', path, before, after, ...asComment(path) };
    if (
      isSame(before, after) ||
      (isForAnotherSystemd(before, after) && (offline || isForSame(before, after)))
    )
      return { kind: 'unchanged', path, before, after };
    const change = { kind: 'replace', path, before, after } as const;
    return haveSameDirectives(before, after)
      ? { ...change, commentsOnly: true }
      : { ...change, ...asComment(path) };
  });
  const removals = current
    .filter(({ path }) => !paths.has(path))
    .map((before): FileChange => {
      const { path } = before;
      return { kind: 'remove', path, before, after: undefined, ...asComment(path) };
    });
  return [...updates, ...removals];
}

/** Neither systemd nor the launcher reads the text of a policy. */
const asComment = (path: string): Pick<FileChange, 'commentsOnly'> =>
  hasNameOfKeptPolicy(path) ? { commentsOnly: true } : {};

export const isPending = (list: readonly FileChange[]): boolean =>
  list.some((change) => change.kind !== 'unchanged');

/**
 * Whether a service runs otherwise after the changes and a restart. One that was started with a drop-in of an earlier
 * version, without the field for its files, doesn't show what it runs with until then.
 */
export const hasEffect = (list: readonly FileChange[]): boolean =>
  list.some((change) => change.kind !== 'unchanged' && (!change.commentsOnly || addsField(change)));

const addsField = ({ before, after }: FileChange): boolean =>
  before !== undefined &&
  after !== undefined &&
  !hasFilesField(before.content) &&
  hasFilesField(after.content);

const isSame = (before: ExistingFile, after: EmittedFile): boolean =>
  hasSameMode(before, after) && isSameBytes(before.content, after.content);

const hasSameMode = (before: ExistingFile, after: EmittedFile): boolean =>
  !before.untrusted && before.mode === after.mode;

const isForAnotherSystemd = (a: ExistingFile, b: EmittedFile): boolean =>
  isSameDropIn(a, b, textBesidesSystemd);

/** Whether a drop-in was made for the systemd that the wanted one names, in full or by its major version. */
const isForSame = (a: ExistingFile, b: EmittedFile): boolean =>
  isMadeFor(headerOf(a.content).systemd, headerOf(b.content).systemd ?? '');

const haveSameDirectives = (a: ExistingFile, b: EmittedFile): boolean => isSameDropIn(a, b, directivesText);

/** @param read the text of a drop-in that is compared */
const isSameDropIn = (a: ExistingFile, b: EmittedFile, read: (content: Uint8Array) => string): boolean =>
  hasSameMode(a, b) && a.path.endsWith('.conf') && read(a.content) === read(b.content);
