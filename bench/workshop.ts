/** What several benches need: a folder that goes away, C programs, filters, a box, the finished command. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { atStart } from '../src/plan/calls/start-calls.js';
import { parsePolicy } from '../src/policy/parse.js';
import { compile } from '../src/seccomp/filter/compile/compile.js';
import { encodeFilterFile, MAX_PROGRAM_LENGTH } from '../src/seccomp/filter/filter-file.js';
import type { NamedPolicy } from '../src/seccomp/syscalls/named-policy.js';
import { resolve, resolveCalls } from '../src/seccomp/syscalls/resolve.js';
import { bundledSets } from '../src/seccomp/syscalls/sets.js';
import { Box } from '../test/support/box.js';
import { MACHINE } from '../test/support/native.js';
import { inRepository } from '../test/support/repository.js';

/** As `npm run build` makes it. */
export const COMMAND = inRepository('dist', 'sandbox-unit.cjs');

const helper = (name: string) => inRepository('native-helper', 'build', MACHINE ?? '', name);

/** What is made of native-helper/. */
export const HELPERS = {
  launcher: helper('launcher'),
  sandboxify: helper('sandboxify'),
  library: helper('libsandbox.so'),
  observer: helper('observe'),
} as const;

/** What the seccomp directives of systemd.exec(5) do, in one filter. */
export const CALLS_POLICY = inRepository('bench', 'policies', 'calls.toml');

/** Policies that are shipped: a small one, and one that is made of several. */
export const SHIPPED = {
  small: inRepository('templates', 'no-exec.toml'),
  large: inRepository('templates', 'services', 'nginx.toml'),
} as const;

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
export const compileProgram = (folder: string, source: string, ...options: string[]): string =>
  compileFile(folder, inRepository('bench', 'native', `${source}.c`), ...options);

/** Compiles a C file and returns the program's path. */
export function compileFile(folder: string, file: string, ...options: string[]): string {
  const program = join(folder, [basename(file, '.c'), ...options].join(''));
  const strict = ['-std=gnu11', '-O2', '-Wall', '-Wextra', '-Werror'];
  output(['cc', ...strict, ...options, '-o', program, file]);
  return program;
}

/** When a policy takes effect: at the exec, or at the program's entry point. */
export type Stage = 'exec' | 'entry';

/** Makes a policy a filter file of this machine, and returns its path. */
export function writeFilter(folder: string, policyText: string, stage: Stage): string {
  const { policy } = parsePolicy(policyText, 'policy.toml');
  const named = resolveCalls(policy.syscalls!, bundledSets());
  const programsOf = (meaning: NamedPolicy) =>
    new Map([[MACHINE!, compile(resolve(meaning, MACHINE!), { limit: MAX_PROGRAM_LENGTH })]]);
  const start = stage === 'entry' ? { start: programsOf(atStart(named)) } : {};
  const bytes = encodeFilterFile({ noNewPrivileges: true, log: true, programs: programsOf(named), ...start });
  const path = join(folder, `${stage}.filter`);
  writeFileSync(path, bytes, { mode: 0o644 });
  return path;
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

/**
 * A script that starts services in turn, with pauses of 10 to 29 ms: `bash -euc SCRIPT bash ROUNDS NAME…`, each without its
 * `.service`. Prints each one's name and how long it took from the beginning of its start job, in microseconds.
 * @param end a word of bash, the end in microseconds of CLOCK_MONOTONIC; `$unit` is the name
 */
export const startingInTurns = (end: string): string => `
  rounds=$1; shift
  RANDOM=1
  for ((i = 0; i < rounds; i++)); do
    for unit; do
      sleep "0.0$((RANDOM % 20 + 10))"
      systemctl start "$unit.service"
      begun=$(systemctl show --value --property=InactiveExitTimestampMonotonic "$unit.service")
      echo "$unit $((${end} - begun))"
      systemctl stop "$unit.service"
    done
  done`;

/** Confines a unit of a box by a policy file, as an administrator does. @throws Error when that is refused. */
export async function apply(box: Box, policyFile: string, unit: string, ...options: string[]): Promise<void> {
  await box.succeed(['node', COMMAND, 'apply', '--policy', policyFile, ...options, unit]);
}
