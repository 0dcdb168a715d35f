/** The launcher and the C programs around it, compiled for one test file. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { atStart } from '../../src/plan/calls/start-calls.js';
import type { Instruction } from '../../src/seccomp/filter/bpf.js';
import { compile } from '../../src/seccomp/filter/compile/compile.js';
import {
  encodeFilterFile,
  type FilterFile,
  MAX_PROGRAM_LENGTH,
} from '../../src/seccomp/filter/filter-file.js';
import { type Abi, abisOf, type Machine } from '../../src/seccomp/syscalls/abi.js';
import { type Action, ALLOW, KILL } from '../../src/seccomp/syscalls/action.js';
import type { NamedPolicy } from '../../src/seccomp/syscalls/named-policy.js';
import { numbersOf } from '../../src/seccomp/syscalls/numbers.js';
import type { AbiPolicy } from '../../src/seccomp/syscalls/policy.js';
import { resolve } from '../../src/seccomp/syscalls/resolve.js';
import { inRepository } from './repository.js';
import { run } from './run.js';

const MACHINE_BY_ARCH: Readonly<Record<string, Machine>> = { x64: 'x86-64', arm64: 'arm64' };

/** This machine, if there is a launcher for it. */
export const MACHINE: Machine | undefined = MACHINE_BY_ARCH[process.arch];

function findObstacle(): string | undefined {
  if (MACHINE === undefined) return `there is no launcher for ${process.arch}`;
  const missing = ['cc', 'make', 'readelf'].find((tool) => spawnSync(tool, ['--version']).error);
  return missing && `'${missing}' is missing: apt-get install gcc libc6-dev make`;
}

let obstacle: { readonly reason: string | undefined } | undefined;

/** Why the launcher can't be built here, or undefined: `test('…', { skip: launcherObstacle() }, …)`. */
export function launcherObstacle(): string | undefined {
  obstacle ??= { reason: findObstacle() };
  return obstacle.reason;
}

/** The same for tests that start processes as other users. */
export const rootObstacle = (): string | undefined =>
  launcherObstacle() ?? (process.getuid?.() === 0 ? undefined : 'needs root, to become other users');

/** A command line that runs another as a user with no rights at all: an empty bounding set, no groups. */
export const asNobody = (argv: readonly string[]): string[] => [
  ...['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'],
  ...['--inh-caps=-all', '--bounding-set=-all', '--', ...argv],
];

/** A folder that every user can read, gone after the tests. */
export function sharedFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sandbox-unit-native-'));
  chmodSync(folder, 0o755);
  after(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** The folder of the native helper. */
export const NATIVE = inRepository('native-helper');

/** How C code names its headers: by their rooms below this folder. */
export const INCLUDES = ['-iquote', NATIVE];

async function succeed(argv: readonly string[]): Promise<void> {
  const { status, stderr } = await run(argv);
  assert.equal(status, 0, `${argv.join(' ')}\n${stderr}`);
}

/** Builds the native helper, one at a time, where it isn't built yet; the folder of its programs. */
export async function buildHelper(): Promise<string> {
  await succeed(['flock', NATIVE, 'make', '--silent', '-C', NATIVE, 'WERROR=-Werror']);
  return join(NATIVE, 'build', MACHINE!);
}

/** Puts the native helper's programs into a folder and returns the launcher's path. */
export async function buildLauncher(folder: string): Promise<string> {
  cpSync(await buildHelper(), folder, { recursive: true });
  return join(folder, 'launcher');
}

/** Where the C test programs are. */
export const PROGRAMS = inRepository('test/native/programs');

/** Programs that are compiled already, by a digest of all that they can be made of. */
const COMPILED = inRepository('build/programs');

/** A digest of the compiler's words and of all C sources. */
function digestOf(words: readonly string[]): string {
  const hash = createHash('sha256').update(JSON.stringify(words));
  for (const folder of [NATIVE, PROGRAMS, inRepository('test/booted/programs')]) {
    const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
      /\.[ch]$/.test(name),
    );
    for (const name of names.sort()) hash.update(readFileSync(join(folder, name)));
  }
  return hash.digest('hex');
}

/** Compiles a C program, once for all test files unless it is made of temporary files. */
export async function compileC(words: readonly string[], output: string): Promise<void> {
  const command = ['cc', '-std=gnu11', '-O1', '-Wall', '-Wextra', '-Werror', ...words, '-o'];
  if (words.some((word) => word.includes(join(tmpdir(), 'sandbox-unit-'))))
    return succeed([...command, output]);
  const compiled = join(COMPILED, digestOf(words));
  if (!existsSync(compiled)) {
    mkdirSync(COMPILED, { recursive: true });
    await succeed([...command, `${compiled}.${process.pid}`]);
    renameSync(`${compiled}.${process.pid}`, compiled);
  }
  copyFileSync(compiled, output);
}

/** Compiles test/native/programs/NAME.c into a folder and returns the program's path. */
export async function compileProgram(
  name: string,
  folder: string,
  options: readonly string[] = [],
): Promise<string> {
  const output = join(folder, name);
  await compileC([join(PROGRAMS, `${name}.c`), ...options], output);
  return output;
}

/** Calls by name, and what each of them gets in every ABI; all others are allowed. */
export type Refusals = Readonly<Record<string, Action>>;

function abiPolicy(abi: Abi, refusals: Refusals, unlisted: Action): AbiPolicy {
  // Before Linux 5.4 a number with the x32 bit could also name a call of the native table.
  const tables = abi === 'x32' ? (['x86-64', 'x32'] as const) : [abi];
  const verdicts = Object.entries(refusals).flatMap(([name, otherwise]) =>
    tables.flatMap((table) => {
      const nr = numbersOf(table).get(name);
      return nr === undefined ? [] : [[nr, { rules: [], otherwise }] as const];
    }),
  );
  return { verdicts: new Map(verdicts), unlisted };
}

/** A program, by default for this machine, that answers some calls in its own way. */
export function programOf(verdicts: Refusals, unlisted: Action, machine: Machine = MACHINE!): Instruction[] {
  const abis = new Map(abisOf(machine).map((abi) => [abi, abiPolicy(abi, verdicts, unlisted)]));
  return compile({ machine, abis }, { limit: MAX_PROGRAM_LENGTH });
}

/** A filter file, by default for this machine, that refuses some calls. */
export const filterRefusing = (
  refusals: Refusals,
  change: Partial<FilterFile> = {},
  machine: Machine = MACHINE!,
): Uint8Array =>
  encodeFilterFile({
    noNewPrivileges: true,
    log: false,
    programs: new Map([[machine, programOf(refusals, ALLOW, machine)]]),
    ...change,
  });

/** What a policy of these verdicts permits before the entry point. */
const programAtStart = (verdicts: Refusals, unlisted: Action, machine: Machine): Instruction[] => {
  const named: NamedPolicy = {
    mode: unlisted === ALLOW ? 'deny' : 'allow',
    verdicts: new Map(
      Object.entries(verdicts).map(([call, otherwise]) => [call, { rules: [], otherwise, limit: ALLOW }]),
    ),
    unnamed: unlisted,
    unnamedLimit: ALLOW,
    unlisted,
    architectures: abisOf(machine).slice(1),
    recordedArchitectures: [],
  };
  return compile(resolve(atStart(named), machine), { limit: MAX_PROGRAM_LENGTH });
};

/** Stage `entry` of {@link filterRefusing}: what holds before lets the calls of a start pass. */
export const startRefusing = (
  refusals: Refusals,
  machine: Machine = MACHINE!,
): Pick<FilterFile, 'start'> => ({
  start: new Map([[machine, programAtStart(refusals, ALLOW, machine)]]),
});

/** A filter file of stage `entry` that kills for every call but these. */
export function entryFilterAllowing(calls: readonly string[], machine: Machine = MACHINE!): Uint8Array {
  const allowing = Object.fromEntries(calls.map((call) => [call, ALLOW]));
  return filterRefusing(
    {},
    {
      programs: new Map([[machine, programOf(allowing, KILL, machine)]]),
      start: new Map([[machine, programAtStart(allowing, KILL, machine)]]),
    },
  );
}

/** The stages of a launch, and what makes a filter file one of each. */
export const STAGES = [
  { stage: 'exec', startOf: (_: Refusals, __?: Machine) => ({}) },
  { stage: 'entry', startOf: startRefusing },
] as const;

/** Writes a filter file with the mode that the launcher wants, and returns its path. */
export function writeFilter(folder: string, name: string, bytes: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  chmodSync(path, 0o644);
  return path;
}
