/** A file tree with programs and libraries as compilers make them. */
import { mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { RootFiles } from '../../src/learn/reachable/root-files.js';
import { readFile } from '../../src/machine/files/read.js';
import { walk } from '../../src/machine/files/walk.js';
import { compileElf } from './compiled-elf.js';
import { temporaryFolder, writeTree } from './temporary.js';
import { debianTree } from './tree.js';

const system = {
  read: async (...args: Parameters<typeof readFile>) => readFile(...args),
  walk: async (...args: Parameters<typeof walk>) => walk(...args),
  list: async (folder: string) => readdirSync(folder).sort(),
};

/** A file tree with the C library. */
export async function programTree(
  t: TestContext,
): Promise<{ readonly root: string; readonly files: RootFiles; readonly compile: Compile }> {
  const root = temporaryFolder(t);
  const folder = temporaryFolder(t);
  const toolchain = debianTree('toolchain');
  const libraries = 'usr/lib/x86_64-linux-gnu';
  for (const name of ['libc.so.6', 'ld-linux-x86-64.so.2'])
    writeTree(root, { [`${libraries}/${name}`]: readFileSync(join(toolchain, libraries, name)) });
  mkdirSync(join(root, 'lib64'));
  symlinkSync('../usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2', join(root, 'lib64/ld-linux-x86-64.so.2'));
  const compile: Compile = async (path, source, options) => {
    const name = path.slice(path.lastIndexOf('/') + 1);
    const linked = options.flatMap((option) =>
      option.startsWith('@') ? [`-L${folder}`, `-l:${option.slice(1)}`] : [option],
    );
    const bytes = await compileElf('x86-64', folder, name, source, linked);
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeTree(root, { [path]: bytes });
  };
  return { root, files: filesBelow(root), compile };
}

/** Compiles a file of the tree; an option `@NAME` stands for a library that was compiled before. */
export type Compile = (path: string, source: string, options: readonly string[]) => Promise<void>;

/** The files below a folder, as a service sees them whose root it is. */
export const filesBelow = (root: string): RootFiles => new RootFiles(system, { root, binds: [] });
