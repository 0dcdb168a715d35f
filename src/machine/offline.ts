import * as fs from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { EXIT, error, UserError } from '../diagnostic.js';
import { elfMachine, HEAD_SIZE } from '../systemd/formats/elf.js';
import { MAX_LINKS, namesOf } from './files/follow.js';
import { NotRunning } from './not-running.js';
import type {
  FileContent,
  ManagerFacts,
  ProcessResult,
  ReadOptions,
  RunProgramOptions,
  System,
  WriteOptions,
} from './system.js';

/** Folders in which distributions install the libraries that only systemd uses. */
const LIBRARY_FOLDERS = [
  ...['x86_64', 'aarch64', 'riscv64'].map((cpu) => `/usr/lib/${cpu}-linux-gnu/systemd`),
  ...['/usr/lib/systemd', '/lib/systemd', '/usr/lib64/systemd'],
];

/**
 * A system in a folder that isn't running: its files, without a manager. Links in the folder stay in it. The folder may
 * belong to another user than root: its files take effect in it alone.
 */
export class Offline extends NotRunning implements System {
  readonly anyUnit = this.refuse;
  readonly instances = this.refuse;
  readonly services = this.refuse;
  readonly unit = this.refuse;
  readonly walk = this.refuse;
  readonly #files: System;
  readonly #root: string;
  readonly #foreign: boolean;

  /** @param files the machine that has the folder */
  constructor(files: System, root: string) {
    super('leave --root out');
    this.#files = files;
    this.#root = root;
    this.#foreign = root !== '/';
  }

  async read(path: string, options: ReadOptions = {}): Promise<FileContent | undefined> {
    const inside = this.#inside(path);
    const trusted = (options.trusted ?? false) && !this.#foreign;
    // A link to /dev/null has its meaning even if the folder has no devices.
    return this.#files.read(inside === join(this.#root, '/dev/null') ? '/dev/null' : inside, {
      ...options,
      trusted,
    });
  }

  async list(directory: string): Promise<string[]> {
    return this.#files.list(this.#inside(directory));
  }

  async links(directory: string): Promise<ReadonlyMap<string, string>> {
    return this.#files.links(this.#inside(directory));
  }

  async replace(path: string, content: Uint8Array, options: WriteOptions): Promise<void> {
    await this.#files.replace(this.#entry(path), content, { ...options, foreign: this.#foreign });
  }

  async remove(path: string): Promise<void> {
    await this.#files.remove(this.#entry(path), { foreign: this.#foreign });
  }

  /** Fails for every program: programs of another system are not run. */
  async run(_argv: readonly string[], _options?: RunProgramOptions): Promise<ProcessResult> {
    return { status: 127, stdout: '', stderr: 'offline' };
  }

  now(): number {
    return this.#files.now();
  }

  /**
   * The manager's facts from the library that systemd's programs share: its name has the version, its ELF header the
   * machine.
   */
  async manager(): Promise<ManagerFacts> {
    for (const directory of LIBRARY_FOLDERS) {
      for (const name of await this.list(directory)) {
        const [, version] = /^libsystemd-shared-(\d{3}(?:[.~^-][\w.~^+-]+)?)\.so$/.exec(name) ?? [];
        const library =
          version && (await this.read(`${directory}/${name}`, { limit: HEAD_SIZE, head: true }));
        if (!library) continue;
        return {
          version,
          architecture: elfMachine(library.bytes) ?? 'unknown',
          features: undefined,
          started: undefined,
          controlGroup: undefined,
          unitPath: undefined,
        };
      }
    }
    const hint = "--root names the folder of a system: systemd's libraries are in its usr/lib/systemd";
    throw new UserError(
      error('systemd-version', `there is no systemd in ${this.#root}`, { hint }),
      EXIT.failure,
    );
  }

  /** The path of a directory entry, so that a link there is replaced or removed, not followed. */
  #entry(path: string): string {
    return join(this.#inside(dirname(path)), basename(path));
  }

  /**
   * The real path of a path in the folder: links are followed as if the folder were `/`. Missing parts are taken as
   * they are.
   */
  #inside(path: string): string {
    const todo = namesOf(path);
    let done: string[] = [];
    for (let links = 0; todo.length > 0; ) {
      const part = todo.shift()!;
      if (part === '..') {
        done.pop();
        continue;
      }
      const target = readLink(join(this.#root, ...done, part));
      if (target === undefined) {
        done.push(part);
        continue;
      }
      if (++links > MAX_LINKS)
        throw new UserError(error('unreadable', `too many links in ${path}`), EXIT.failure);
      if (target.startsWith('/')) done = [];
      todo.unshift(...namesOf(target));
    }
    return join(this.#root, ...done);
  }
}

function readLink(path: string): string | undefined {
  try {
    return fs.readlinkSync(path);
  } catch {
    return undefined;
  }
}
