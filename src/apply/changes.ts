import type { EmittedFile } from '../emit/files.js';

/** What becomes of one file. */
export interface Change {
  readonly kind: 'create' | 'replace' | 'remove' | 'unchanged';
  readonly path: string;
  /** Undefined where there is no file yet. */
  readonly before: EmittedFile | undefined;
  /** Undefined where the file is removed. */
  readonly after: EmittedFile | undefined;
}

/**
 * What must happen for the files to be as wanted.
 * @param current the files that exist, among those wanted and those that may be ours
 */
export function changes(wanted: readonly EmittedFile[], current: readonly EmittedFile[]): Change[] {
  const paths = new Set(wanted.map((file) => file.path));
  const updates = wanted.map((after): Change => {
    const before = current.find(({ path }) => path === after.path);
    const kind = before === undefined ? 'create' : isSame(before, after) ? 'unchanged' : 'replace';
    return { kind, path: after.path, before, after };
  });
  const removals = current
    .filter(({ path }) => !paths.has(path))
    .map((before): Change => ({ kind: 'remove', path: before.path, before, after: undefined }));
  return [...updates, ...removals];
}

/** Whether anything is to be done. */
export const isPending = (list: readonly Change[]): boolean =>
  list.some((change) => change.kind !== 'unchanged');

/** Comments of a drop-in don't count: they change nothing that would be worth a restart. */
function isSame(a: EmittedFile, b: EmittedFile): boolean {
  if (a.mode !== b.mode) return false;
  if (a.path.endsWith('.conf')) return lines(a) === lines(b);
  return a.content.length === b.content.length && a.content.every((byte, i) => byte === b.content[i]);
}

const lines = ({ content }: EmittedFile) => new TextDecoder().decode(content).replace(/^#.*\n/gm, '');
