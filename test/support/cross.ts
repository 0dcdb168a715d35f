/** The native helper and the C programs around it, compiled for a kernel that is run in an emulator. */
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { InitramfsFile } from './initramfs.js';
import { inLayer } from './layer.js';
import { inRepository } from './repository.js';
import { debianTree, type TreeName } from './tree.js';

export type CrossMachine = 'x86-64' | 'arm64';

const COMPILERS = { 'x86-64': 'gcc', arm64: 'aarch64-linux-gnu-gcc' } as const;

/** Where dynamic programs look for their linker and the C library, and where the tree of the compilers has them. */
const LIBRARIES = {
  'x86-64': {
    'lib64/ld-linux-x86-64.so.2': 'usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2',
    'lib/x86_64-linux-gnu/libc.so.6': 'usr/lib/x86_64-linux-gnu/libc.so.6',
  },
  arm64: {
    'lib/ld-linux-aarch64.so.1': 'usr/aarch64-linux-gnu/lib/ld-linux-aarch64.so.1',
    'lib/aarch64-linux-gnu/libc.so.6': 'usr/aarch64-linux-gnu/lib/libc.so.6',
  },
} as const;

export interface CrossProgram {
  /** In the repository. */
  readonly source: string;
  readonly options?: readonly string[];
}

async function succeed(argv: readonly string[], folder: string, tree?: TreeName): Promise<void> {
  const { status, stderr } = await inLayer(argv, { folders: [folder], ...(tree && { tree }) });
  assert.equal(status, 0, `${argv.join(' ')}\n${stderr}`);
}

/**
 * Builds programs and the native helper into a folder.
 * @returns all of them and the C library, as files of an initramfs by their paths in it; programs are in its root.
 */
export async function crossBuild(
  machine: CrossMachine,
  folder: string,
  programs: Readonly<Record<string, CrossProgram>>,
): Promise<Record<string, InitramfsFile>> {
  const build = join(folder, 'build');
  mkdirSync(build);
  const compiler = COMPILERS[machine];
  const make = [
    'make',
    '--silent',
    '-C',
    'native-helper',
    `ARCH=${machine}`,
    `CC=${compiler}`,
    'WERROR=-Werror',
  ];
  const warnings = ['-std=gnu11', '-O1', '-Wall', '-Wextra', '-Werror'];
  await Promise.all([
    succeed([...make, `BUILD=${build}`, 'OBSERVE=no'], folder),
    succeed([...make, `BUILD=${build}`, `${build}/observe`], folder, 'clang'),
    ...Object.entries(programs).map(([name, { source, options = ['-static'] }]) =>
      succeed([compiler, ...warnings, '-o', join(build, name), inRepository(source), ...options], folder),
    ),
  ]);
  const tree = debianTree('toolchain');
  const files: Record<string, InitramfsFile> = {};
  for (const name of readdirSync(build)) files[name] = { content: readFileSync(join(build, name)) };
  for (const [path, where] of Object.entries(LIBRARIES[machine]))
    files[path] = { content: readFileSync(join(tree, where)) };
  return files;
}
