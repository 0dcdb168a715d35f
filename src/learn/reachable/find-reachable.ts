import { readProgram } from '../../systemd/formats/elf.js';
import type { ElfImage } from '../../systemd/formats/elf-image.js';
import { folderOf } from '../../systemd/unit/path.js';
import {
  defaultFolders,
  isMusl,
  muslPathFile,
  nameServiceLibraries,
  ownFolders,
  parseLinkerConfig,
  parseMuslPath,
  usesNameServices,
} from '../profile/reachable/linker-paths.js';
import {
  type LoadedFile,
  type ProgramFiles,
  type Reachable,
  reachableCalls,
} from '../profile/reachable/reachable.js';
import type { ServicePrograms } from '../profile/reachable/service-programs.js';
import type { RootFiles } from './root-files.js';

/**
 * Finds the calls that a service's programs can reach, all together. They are unknown if those of one program are.
 * @param files the file tree that the service sees
 */
export async function findReachable(files: RootFiles, service: ServicePrograms): Promise<Reachable> {
  const { programs } = service;
  const mapped = service.mapped.filter((path) => !programs.includes(path));
  const calls = new Set<string>();
  const loaders = new Set<string>();
  for (const path of programs) {
    const found = await ofProgram(files, path, mapped);
    if ('unknown' in found) return found;
    for (const call of found.calls) calls.add(call);
    for (const loader of found.loaders) loaders.add(await files.real(loader));
  }
  return { calls, loaders: [...loaders] };
}

async function ofProgram(files: RootFiles, path: string, mapped: readonly string[]): Promise<Reachable> {
  const file = await files.read(path);
  if (file === undefined) return { unknown: `${path} can't be read` };
  const program = readProgram(file.bytes);
  if (program.kind === 'script')
    return { unknown: `${path} is a script, which can do whatever its interpreter can` };
  const image = await files.image(path);
  if (image === undefined) return { unknown: `${path} is not a program for a supported machine` };
  const found = await new LinkerSearch(files, { path, image }).load(mapped);
  return 'unknown' in found ? found : reachableCalls(found);
}

/** The files of a program as far as they are found, its own first, and the folders that its dynamic linker searches. */
export interface FoundFiles {
  readonly files: readonly LoadedFile[];
  readonly folders: readonly string[];
}

/** @param mapped files that it was seen to map as code */
export async function filesOf(
  files: RootFiles,
  path: string,
  mapped: readonly string[],
): Promise<FoundFiles> {
  const image = await files.image(path);
  if (image === undefined) return { files: [], folders: [] };
  const loading = new LinkerSearch(files, { path, image });
  await loading.load(mapped);
  return loading.found();
}

/** Finds the files of a program as its dynamic linker does (ld.so(8)). */
class LinkerSearch {
  private readonly files: RootFiles;
  private readonly program: LoadedFile;
  private readonly libraries: LoadedFile[] = [];
  private readonly plugins: LoadedFile[] = [];
  /** Names and paths that are loaded already, or being loaded. */
  private readonly known = new Set<string>();
  private folders: readonly string[] = [];

  constructor(files: RootFiles, program: LoadedFile) {
    this.files = files;
    this.program = program;
    this.known.add(program.path);
  }

  async load(mapped: readonly string[]): Promise<ProgramFiles | { readonly unknown: string }> {
    const { program, libraries, plugins } = this;
    const { interpreter } = program.image;
    if (interpreter === undefined) return { program, libraries, plugins };
    this.folders = await this.allFolders(interpreter);
    const missing = (await this.addNeeded(program, [])) ?? (await this.addInterpreter(interpreter));
    if (missing !== undefined) return { unknown: missing };
    await this.addPlugins(mapped, interpreter);
    return { program, libraries, plugins };
  }

  /** The files that were found, though others may be missing. */
  found(): FoundFiles {
    return { files: [this.program, ...this.libraries, ...this.plugins], folders: this.folders };
  }

  private async allFolders(interpreter: string): Promise<string[]> {
    const { machine } = this.program.image;
    const library = isMusl(interpreter) ? 'musl' : 'glibc';
    return [...(await configuredFolders(this.files, machine, library)), ...defaultFolders(machine, library)];
  }

  /**
   * Adds the libraries that a file needs, those that these need behind them.
   * @param inherited folders that files named which need this one
   * @returns the reason if one is missing
   */
  private async addNeeded(file: LoadedFile, inherited: readonly string[]): Promise<string | undefined> {
    const queue = [{ file, inherited }];
    for (const { file: each, inherited: above } of queue) {
      const own = ownFolders(each.image, folderOf(await this.files.real(each.path)));
      for (const name of each.image.needed) {
        if (this.known.has(name)) continue;
        this.known.add(name);
        const library = await this.find(name, [...own, ...above]);
        if (library === undefined) return `${each.path} needs ${name}, which was not found`;
        if (!this.isNew(library)) continue;
        this.libraries.push(library);
        queue.push({ file: library, inherited: each.image.isInherited ? [...own, ...above] : above });
      }
    }
    return undefined;
  }

  private isNew({ path, image }: LoadedFile): boolean {
    const isKnown =
      this.known.has(path) || [...this.libraries, ...this.plugins].some((one) => one.image === image);
    this.known.add(path);
    if (image.name !== undefined) this.known.add(image.name);
    return !isKnown;
  }

  /** The first file of a name that is for the program's machine. */
  private async find(name: string, folders: readonly string[]): Promise<LoadedFile | undefined> {
    const paths = name.includes('/')
      ? [name]
      : [...folders, ...this.folders].map((folder) => `${folder}/${name}`);
    for (const path of paths) {
      const image = await this.files.image(path);
      if (image?.machine === this.program.image.machine) return { path, image };
    }
    return undefined;
  }

  private async addInterpreter(path: string): Promise<string | undefined> {
    const image: ElfImage | undefined = await this.files.image(path);
    if (image === undefined) return `${this.program.path} needs ${path}, which was not found`;
    const linker = { path, image };
    if (this.isNew(linker)) this.libraries.push(linker);
    return undefined;
  }

  /** Adds what the program was seen to load by itself, and the name services that the C library loads. */
  private async addPlugins(mapped: readonly string[], interpreter: string): Promise<void> {
    for (const path of mapped) {
      const image = await this.files.image(path);
      if (image?.machine === this.program.image.machine) await this.addPlugin({ path, image });
    }
    if (isMusl(interpreter)) return;
    const images = [this.program, ...this.libraries, ...this.plugins].map(({ image }) => image);
    for (const name of await nameServices(this.files, images)) {
      const library = this.known.has(name) ? undefined : await this.find(name, []);
      if (library !== undefined) await this.addPlugin(library);
    }
  }

  private async addPlugin(plugin: LoadedFile): Promise<void> {
    if (!this.isNew(plugin)) return;
    this.plugins.push(plugin);
    await this.addNeeded(plugin, []); // what is missing of a plugin keeps it from being loaded
  }
}

const GLIBC_CONFIG = '/etc/ld.so.conf';
const NAME_SERVICES = '/etc/nsswitch.conf';

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
  if (seen.has(path)) return [];
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
  pattern.startsWith('/') ? pattern : `${folderOf(file)}/${pattern}`;

/** The libraries of the name services, if a file uses one. */
export async function nameServices(files: RootFiles, images: readonly ElfImage[]): Promise<string[]> {
  return images.some(usesNameServices) ? nameServiceLibraries(await files.text(NAME_SERVICES)) : [];
}
