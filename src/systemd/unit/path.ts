/** A path without `.`, `..` and doubled slashes, so that one file has one name. Links are not followed. */
export function normalize(path: string): string {
  const absolute = path.startsWith('/');
  const out: string[] = [];
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') out.push(part);
    else if (out.length > 0 && out.at(-1) !== '..') out.pop();
    else if (!absolute) out.push(part);
  }
  return `${absolute ? '/' : ''}${out.join('/')}`;
}

/** The folder that a path is in, without the slash at its end. */
export const folderOf = (path: string): string => path.slice(0, path.lastIndexOf('/'));

/** The last name of a path. */
export const fileName = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
