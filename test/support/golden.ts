import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inRepository } from './repository.js';

/** Names in a folder of golden files, sorted. */
export const goldenNames = (folder: string): string[] =>
  readdirSync(inRepository('test/golden', folder)).sort();

export const readGolden = (...parts: string[]): string =>
  readFileSync(inRepository('test/golden', ...parts), 'utf8');

/** All files below a folder, by their path in it. */
export function goldenTree(folder: string): Map<string, Uint8Array> {
  const root = inRepository('test/golden', folder);
  if (!existsSync(root)) return new Map();
  const entries = readdirSync(root, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return new Map(files.sort().map((path) => [path.slice(root.length + 1), readFileSync(path)]));
}

/**
 * Holds a text against a golden file; an empty text against there being none. With UPDATE_GOLDEN=1 the file is written
 * anew: what changes is for review.
 */
export const assertGolden = (path: string, actual: string): void => assertMade(`test/golden/${path}`, actual);

/** Holds a text against a file of the repository that is made from it, as a golden file is. */
export function assertMade(path: string, actual: string): void {
  const file = inRepository(path);
  const wanted = existsSync(file) ? readFileSync(file, 'utf8') : '';
  if (process.env.UPDATE_GOLDEN === '1' && actual !== wanted) {
    if (actual === '') rmSync(file);
    else writeFileSync(file, actual);
    return;
  }
  assert.equal(actual, wanted, `${path} differs (UPDATE_GOLDEN=1 rewrites it)`);
}
