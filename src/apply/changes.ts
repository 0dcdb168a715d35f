import type { EmittedFile } from '../emit/files.js';

/** What becomes of one file. */
export interface Change {
  readonly kind: 'create' | 'replace' | 'remove' | 'unchanged';
  readonly path: string;
  readonly before: Uint8Array | undefined;
  /** Undefined where the file is removed. */
  readonly after: EmittedFile | undefined;
}

/**
 * What must happen for the files to be as wanted.
 * @param current bytes of each file that exists, among those wanted and those that may be ours
 */
export function changes(wanted: readonly EmittedFile[], current: ReadonlyMap<string, Uint8Array>): Change[] {
  const paths = new Set(wanted.map((file) => file.path));
  const updates = wanted.map((after): Change => {
    const before = current.get(after.path);
    const kind = before === undefined ? 'create' : sameBytes(before, after.content) ? 'unchanged' : 'replace';
    return { kind, path: after.path, before, after };
  });
  const removals = [...current]
    .filter(([path]) => !paths.has(path))
    .map(([path, before]): Change => ({ kind: 'remove', path, before, after: undefined }));
  return [...updates, ...removals];
}

/** Whether anything is to be done. */
export const isPending = (list: readonly Change[]): boolean =>
  list.some((change) => change.kind !== 'unchanged');

const sameBytes = (a: Uint8Array, b: Uint8Array) =>
  a.length === b.length && a.every((byte, i) => byte === b[i]);
