/** The keys of what `--json` prints, and those in sandbox-unit.json(5). */
import { manualParts } from './manual.js';

/** Keys of a command by the manual, and which of them may be missing. */
export function documentedKeys(heading: string): Map<string, { optional: boolean }> {
  const items = (manualParts('sandbox-unit.json.5', 'Ss').get(heading) ?? '').matchAll(
    /^\.It Ic (\S+)( \?)?$/gm,
  );
  return new Map([...items].map(([, key, mark]) => [key!, { optional: mark !== undefined }]));
}

/** Paths of all that a value holds: `a.b`, and `a[]` of what is in lists. */
export function pathsOf(value: unknown, path = ''): string[] {
  if (OPAQUE.includes(path)) return [path];
  if (Array.isArray(value)) return value.flatMap((element) => pathsOf(element, `${path}[]`));
  if (typeof value !== 'object' || value === null) return [path];
  return Object.entries(value).flatMap(([key, inner]) =>
    pathsOf(inner, path === '' ? key : `${path}.${key}`),
  );
}

/** The manual refers to others for what these hold. */
const OPAQUE = ['schema', 'units[].plan', 'units[].diagnostics[]'];

/** Whether every object on the way to a key has the next part of it. */
export function isThere(value: unknown, key: string): boolean {
  if (Array.isArray(value)) return value.every((element) => isThere(element, key));
  if (key === '' || value === null) return true;
  const [, name = '', rest = ''] = /^([^.[]*)(?:\[\])?\.?(.*)$/.exec(key) ?? [];
  if (typeof value !== 'object' || !Object.hasOwn(value, name)) return false;
  return isThere((value as Record<string, unknown>)[name], rest);
}
