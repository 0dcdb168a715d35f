import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/**
 * A folder that is removed when the test ends.
 * @param t the test, or `{ after }` of node:test for a suite or a file
 */
export function temporaryFolder(t: { after(hook: () => void): void }): string {
  const folder = mkdtempSync(join(tmpdir(), 'sandbox-unit-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Files and, where the content begins with `-> `, links below a folder. */
export function writeTree(folder: string, tree: Readonly<Record<string, string | Uint8Array>>): void {
  for (const [path, content] of Object.entries(tree)) {
    const place = join(folder, path);
    mkdirSync(dirname(place), { recursive: true });
    if (typeof content === 'string' && content.startsWith('-> ')) symlinkSync(content.slice(3), place);
    else writeFileSync(place, content);
  }
}
