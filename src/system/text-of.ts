import type { ReadOptions, System } from './system.js';

/** The text of a file, as the kernel has many; undefined where there is none. */
export async function textOf(
  system: System,
  path: string,
  options: ReadOptions = {},
): Promise<string | undefined> {
  const file = await system.read(path, options);
  return file && new TextDecoder().decode(file.bytes);
}
