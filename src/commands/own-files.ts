import type { ExistingFile } from '../apply/changes.js';
import { dropInPath, filterPath, programsFolder } from '../emit/paths.js';
import type { Context } from '../system/context.js';

/** Larger than any file of ours, in bytes. */
const MAX_SIZE = 4 << 20;

/** What apply wrote for a unit, the drop-in first: without the others it would start nothing. */
export async function readOwnFiles(context: Context, unit: string): Promise<ExistingFile[]> {
  const { system, placement } = context;
  const folder = programsFolder(placement, unit);
  const programs = (await system.list(folder)).map((name) => `${folder}/${name}`);
  return readFiles(context, [dropInPath(placement, unit), filterPath(placement, unit), ...programs]);
}

/** Those of the files that there are. */
export async function readFiles({ system }: Context, paths: readonly string[]): Promise<ExistingFile[]> {
  const files: ExistingFile[] = [];
  for (const path of paths) {
    const file = await system.read(path, { limit: MAX_SIZE });
    if (file) files.push({ path, content: file.bytes, mode: file.mode, modified: file.modified });
  }
  return files;
}
