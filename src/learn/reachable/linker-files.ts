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
  const found: string[] = [];
  for (const { isPattern, text } of parseLinkerConfig(await files.text(path))) {
    if (!isPattern) found.push(text);
    else
      for (const file of await files.matching(absolute(text, path)))
        found.push(...(await foldersOf(files, file, seen)));
  }
  return found;
}

/** A pattern in a file, which is beside that file if it isn't absolute. */
const absolute = (pattern: string, file: string): string =>
  pattern.startsWith('/') ? pattern : `${file.slice(0, file.lastIndexOf('/'))}/${pattern}`;

/** The libraries of the name services, if a file uses one. */
export async function nameServices(files: RootFiles, images: readonly ElfImage[]): Promise<string[]> {
  return images.some(usesNameServices) ? nameServiceLibraries(await files.text(NAME_SERVICES)) : [];
}
