import type { ExistingFile } from '../apply/changes.js';
import { isProgramFile } from '../emit/files.js';
import { dropInPath, filterPath, programsFolder } from '../emit/paths.js';
import type { Context } from '../system/context.js';

/** Larger than any file of ours, in bytes. */
const MAX_SIZE = 4 << 20;

/** What apply wrote for a unit, the drop-in first: without the others it would start nothing. */
export async function readOwnFiles(context: Context, unit: string): Promise<ExistingFile[]> {
  const { placement } = context;
  return [
    ...(await readFiles(context, [dropInPath(placement, unit), filterPath(placement, unit)])),
    ...(await readProgramFiles(context, programsFolder(placement, unit))),
  ];
}

/** Neither what links lead to nor what others have put there is ours. */
async function readProgramFiles(context: Context, folder: string): Promise<ExistingFile[]> {
  const { system } = context;
  const end = folder.lastIndexOf('/');
  if ((await system.links(folder.slice(0, end))).has(folder.slice(end + 1))) return [];
  const links = await system.links(folder);
  const names = (await system.list(folder)).filter((name) => !links.has(name));
  const files = await readFiles(
    context,
    names.map((name) => `${folder}/${name}`),
  );
  return files.filter(({ content }) => isProgramFile(content));
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
