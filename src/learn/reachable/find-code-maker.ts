import { neededCodeMaker } from '../../plan/code-makers.js';
import { neededBy } from '../../systemd/formats/elf-needed.js';
import { LOADERS } from '../profile/reachable/reachable.js';
import type { ServicePrograms } from '../profile/reachable/service-programs.js';
import { type FoundFiles, filesOf } from './find-reachable.js';
import type { RootFiles } from './root-files.js';

/** A file within the reach of a service that makes code at run time, and the engine that does. */
export interface FoundMaker {
  readonly path: string;
  readonly engine: string;
}

/**
 * Finds an engine that makes code and that a service's programs have loaded, are linked with, or may load: from a folder of
 * plugins that they name, or by the library's own name. Of plugins only the libraries count that they name themselves.
 * @param files the file tree that the service sees
 */
export async function findCodeMaker(
  files: RootFiles,
  { programs, mapped }: ServicePrograms,
): Promise<FoundMaker | undefined> {
  const known = amongNames([...programs, ...mapped]);
  if (known !== undefined) return known;
  const search = new LoadedFileSearch(files);
  for (const path of programs) {
    const found = await filesOf(files, path, mapped);
    const maker = amongNames(found.files.map((file) => file.path)) ?? (await search.loadedLater(found));
    if (maker !== undefined) return maker;
  }
  return undefined;
}

/** The first file whose name is that of an engine. */
export function amongNames(paths: readonly string[]): FoundMaker | undefined {
  const makers = paths.map((path) => ({ path, engine: neededCodeMaker(path)?.engine }));
  return makers.find((one): one is FoundMaker => one.engine !== undefined);
}

/** Text between zeros: a folder of libraries, or a library's name. */
const NAMES = /(?<=\0)(?:\/[\w.+@/-]*\/lib[\w.+@/-]*|lib[\w.+-]+\.so[\d.]*)(?=\0)/g;

/** Looks for files that others load while they run, each once. */
class LoadedFileSearch {
  private readonly files: RootFiles;
  private readonly seen = new Set<string>();

  constructor(files: RootFiles) {
    this.files = files;
  }

  async loadedLater({ files, folders }: FoundFiles): Promise<FoundMaker | undefined> {
    for (const { path, image } of files) {
      if (!LOADERS.some((name) => image.imports.has(name))) continue;
      for (const name of this.isNew(path) ? ((await this.files.text(path)).match(NAMES) ?? []) : []) {
        const found = await this.behind(name, folders);
        if (found !== undefined) return found;
      }
    }
    return undefined;
  }

  private isNew(path: string): boolean {
    const isNew = !this.seen.has(path);
    this.seen.add(path);
    return isNew;
  }

  /** The engine behind a name: of a library, or of a folder of plugins, which isn't one of the linker's. */
  private async behind(name: string, folders: readonly string[]): Promise<FoundMaker | undefined> {
    if (!this.isNew(name)) return undefined;
    if (!name.startsWith('/'))
      return (
        neededCodeMaker(name) &&
        amongNames(await this.matching(folders.map((folder) => `${folder}/${name}*`)))
      );
    const folder = name.replace(/\/+$/, '');
    if (folders.includes(folder)) return undefined;
    const plugins = await this.matching([`${folder}/*.so`]);
    const direct = amongNames(plugins);
    if (direct !== undefined) return direct;
    for (const path of plugins) {
      const engine = amongNames(await this.neededBy(path))?.engine;
      if (engine !== undefined) return { path, engine };
    }
    return undefined;
  }

  private async matching(patterns: readonly string[]): Promise<string[]> {
    return (await Promise.all(patterns.map((pattern) => this.files.matching(pattern)))).flat();
  }

  private async neededBy(path: string): Promise<readonly string[]> {
    const bytes = (await this.files.read(path))?.bytes;
    return bytes ? neededBy(bytes, async (from, size) => bytes.subarray(from, from + size)) : [];
  }
}
