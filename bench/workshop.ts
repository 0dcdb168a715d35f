/** What several benches need: a folder that goes away, C programs, a box, the finished command. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Box } from '../test/support/box.js';
import { inRepository } from '../test/support/repository.js';

/** As `npm run build` makes it. */
export const COMMAND = inRepository('dist', 'sandbox-unit.cjs');

/** What the seccomp directives of systemd.exec(5) do, in one filter. */
export const CALLS_POLICY = inRepository('bench', 'policies', 'calls.toml');

/** Where programs are in a box. */
export const PROGRAMS = '/opt/bench';

/** Runs a command to its end, and returns what it printed. @throws Error when it fails. */
export function output(argv: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(argv[0]!, argv.slice(1), { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${argv.join(' ')}: ${error?.message ?? stderr}`);
  return stdout;
}

/** Lends a folder. */
export async function inFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'sandbox-unit-bench-'));
  try {
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Compiles bench/native/SOURCE.c and returns the program's path. */
export function compileProgram(folder: string, source: string, ...options: string[]): string {
  const program = join(folder, [source, ...options].join(''));
  const strict = ['-std=gnu11', '-O2', '-Wall', '-Wextra', '-Werror'];
  output(['cc', ...strict, ...options, '-o', program, inRepository('bench', 'native', `${source}.c`)]);
  return program;
}

/** Lends a box that has these programs of bench/native, static, in PROGRAMS. */
export const inBox = <T>(programs: readonly string[], use: (box: Box) => Promise<T>): Promise<T> =>
  inFolder(async (folder) => {
    const box = await Box.boot({ name: 'bench' });
    try {
      for (const name of programs) {
        const program = readFileSync(compileProgram(folder, name, '-static'));
        await box.writeFile(`${PROGRAMS}/${name}`, program, '0755');
      }
      return await use(box);
    } finally {
      await box.stop();
    }
  });

/** Confines a unit of a box by a policy file, as an administrator does. @throws Error when that is refused. */
export async function apply(box: Box, policyFile: string, unit: string, ...options: string[]): Promise<void> {
  await box.succeed(['node', COMMAND, 'apply', '--policy', policyFile, ...options, unit]);
}
