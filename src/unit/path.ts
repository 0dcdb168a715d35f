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
