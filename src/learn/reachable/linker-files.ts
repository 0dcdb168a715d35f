import {
  muslPathFile,
  nameServiceLibraries,
  parseLinkerConfig,
  parseMuslPath,
  usesNameServices,
} from '../../evidence/reachable/linker-paths.js';
import type { ElfImage } from '../../formats/elf-image.js';
import type { RootFiles } from './root-files.js';

const GLIBC_CONFIG = '/etc/ld.so.conf';
const NAME_SERVICES = '/etc/nsswitch.conf';

/** Included files that are followed: a file may include itself. */
const MOST_INCLUDES = 100;

/** The folders that the dynamic linker's configuration names. */
export async function configuredFolders(
  files: RootFiles,
  machine: ElfImage['machine'],
  library: 'glibc' | 'musl',
): Promise<string[]> {
  if (library === 'musl') return parseMuslPath(await files.text(muslPathFile(machine)));
  return foldersOf(files, GLIBC_CONFIG, new Set());
}

async function foldersOf(files: RootFiles, path: string, seen: Set<string>): Promise<string[]> {
  if (seen.has(path) || seen.size >= MOST_INCLUDES) return [];
  seen.add(path);
  const { folders, includes } = parseLinkerConfig(await files.text(path));
  const found: string[] = [];
  let place = 0;
  for (const { pattern, after } of includes) {
    found.push(...folders.slice(place, after));
    place = after;
    const absolute = pattern.startsWith('/') ? pattern : `${path.slice(0, path.lastIndexOf('/'))}/${pattern}`;
    for (const included of await files.matching(absolute))
      found.push(...(await foldersOf(files, included, seen)));
  }
  return [...found, ...folders.slice(place)];
}

/** The libraries of the name services, if a file uses one. */
export async function nameServices(files: RootFiles, images: readonly ElfImage[]): Promise<string[]> {
  return images.some(usesNameServices) ? nameServiceLibraries(await files.text(NAME_SERVICES)) : [];
}
