import { UserError } from '../../diagnostic.js';
import type { System } from '../../machine/system.js';
import { type ElfImage, readImage } from '../../systemd/formats/elf-image.js';
import type { RootView } from '../../systemd/unit/view.js';

/** Largest program or library that is read. Browsers' engines have 200 MB. */
const LARGEST = 512 << 20;

/** Files by the paths that a service sees, each read once. */
export class RootFiles {
  private readonly system: Pick<System, 'read' | 'walk' | 'list'>;
  private readonly view: RootView;
  private readonly images = new Map<string, ElfImage | undefined>();
  private readonly reals = new Map<string, string | undefined>();

  constructor(system: Pick<System, 'read' | 'walk' | 'list'>, view: RootView) {
    this.system = system;
    this.view = view;
  }

  /** The content of a file; undefined if there is none, or none that can be read. */
  async read(path: string): Promise<{ readonly bytes: Uint8Array } | undefined> {
    const real = await this.onHost(path);
    return real === undefined ? undefined : this.readHost(real);
  }

  /** The links and code of an ELF file; undefined if there is none. */
  async image(path: string): Promise<ElfImage | undefined> {
    const real = await this.onHost(path);
    if (real === undefined) return undefined;
    if (!this.images.has(real)) {
      const file = await this.readHost(real);
      this.images.set(real, file && readImage(file.bytes));
    }
    return this.images.get(real);
  }

  /** The text of a file; empty if there is none. */
  async text(path: string): Promise<string> {
    const file = await this.read(path);
    return file === undefined ? '' : new TextDecoder('latin1').decode(file.bytes);
  }

  /** A path without links, as the service sees it. */
  async real(path: string): Promise<string> {
    const { root } = this.view;
    const real = (await this.onHost(path)) ?? path;
    if (root === '/' || !real.startsWith(`${root}/`)) return real;
    return real.slice(root.length);
  }

  /** Paths that match a pattern with `*` in its last name, sorted. */
  async matching(pattern: string): Promise<string[]> {
    const folder = pattern.slice(0, pattern.lastIndexOf('/'));
    const last = pattern.slice(folder.length + 1);
    if (!last.includes('*')) return [pattern];
    const real = await this.onHost(folder);
    const names = real === undefined ? [] : await this.system.list(real);
    const literals = last.split('*').map((text) => text.replace(/[^\w-]/g, '\\$&'));
    const wanted = new RegExp(`^(?!\\.)${literals.join('.*')}$`);
    return names.filter((name) => wanted.test(name)).map((name) => `${folder}/${name}`);
  }

  private async onHost(path: string): Promise<string | undefined> {
    if (!this.reals.has(path)) this.reals.set(path, (await this.system.walk(path, this.view)).real);
    return this.reals.get(path);
  }

  private async readHost(real: string): Promise<{ readonly bytes: Uint8Array } | undefined> {
    try {
      return await this.system.read(real, { limit: LARGEST });
    } catch (cause) {
      if (cause instanceof UserError) return undefined;
      throw cause;
    }
  }
}
