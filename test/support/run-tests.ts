/**
 * Runs the compiled tests: `node build/test/support/run-tests.js [--pure] [PART-OF-A-PATH]…`. Standard error has the
 * progress, standard output the report, which is quiet about what passes; its last line counts. With CI=true a skipped
 * test has failed, and some try more. `--pure` is for files that need no root, no machine and no network.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { run } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { unavailable } from './available.js';
import { isPure, runsOf, writeGroups } from './groups.js';
import { resetInherited } from './inherited.js';
import { Progress } from './progress.js';
import { REPOSITORY } from './repository.js';
import { HANGS_MS } from './run.js';
import { Tally, type TestEvent } from './tally.js';
import { THOROUGH } from './thorough.js';
import { buildTrees, isForKernels, TREE_NAMES, type TreeName } from './tree.js';

/** For a file that hangs, which must not hang the run: more than one command of it may take. */
const FILE_MS = 2 * HANGS_MS;

/** Files at a time, for each core: those that boot machines mostly wait, emulators compute. */
const STAGES = [
  { isEmulated: false, perCore: 2 },
  { isEmulated: true, perCore: 1 },
] as const;

/** Those that take longest, which begin first, in this order, so that none is left to run alone at the end. */
const LONG = [
  'test/booted/pages',
  'test/booted/packages',
  'test/integrations/',
  'test/native/build',
  'test/apply/',
  'test/booted/',
  'test/machine/pseudo-terminal',
  'test/seccomp/filter/',
  'test/hostile/',
];

/** How often a log has a line of progress, and a terminal the time. */
const LOG_MS = 30_000;
const TERMINAL_MS = 1_000;

/** build/, or wherever the compiler put this file. */
const BUILD = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** Run where a part of their path is asked for: they need an emulator and kernels, which are many megabytes. */
const ONLY_ASKED = 'test/kernels/';

/** Long files before others, and in alphabetical order; those that emulate arm64 take longer than those of x86-64. */
const byLength = (a: string, b: string): number => {
  const rank = (path: string) => {
    const found = LONG.findIndex((start) => path.startsWith(start));
    return found === -1 ? LONG.length + Number(!path.includes('arm64')) : found;
  };
  return rank(a) - rank(b) || (a < b ? -1 : 1);
};

/** The sources' list, so that what is left in build/ of a deleted test isn't run. */
function testFiles(filters: readonly string[]): string[] {
  const sources = readdirSync(join(REPOSITORY, 'test'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.test.ts'))
    .map((path) => join('test', path))
    .filter((path) =>
      filters.length === 0 ? !path.startsWith(ONLY_ASKED) : filters.some((part) => path.includes(part)),
    )
    .sort(byLength);
  return sources.map((path) => join(BUILD, path.replace(/\.ts$/, '.js')));
}

/** Undefined where standard error is no terminal, or one that can't clear a line. */
const terminalWidth = (): number | undefined =>
  process.stderr.isTTY && process.env.TERM !== 'dumb' ? process.stderr.columns || 80 : undefined;

const standardError = () => ({
  write: (text: string) => void process.stderr.write(text),
  columns: terminalWidth,
  now: () => performance.now(),
});

/** Seconds of a processor that children which have ended used, with theirs: proc_pid_stat(5), fields 16 and 17, in hundredths. */
function usedByChildren(): number {
  const stat = readFileSync('/proc/self/stat', 'utf8');
  const [user, system] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(13, 15);
  return (Number(user) + Number(system)) / 100;
}

/**
 * Runs test files, and prints the report.
 * @returns how many tests failed.
 */
export async function runFiles(files: readonly string[], strict: boolean): Promise<number> {
  const shown = (file: string) =>
    file.endsWith('.ts') ? relative(REPOSITORY, file) : relative(BUILD, file).replace(/\.js$/, '.ts');
  const runs = runsOf(files, BUILD);
  writeGroups(runs);
  const tally = new Tally({ shown, strict, files, used: usedByChildren });
  const progress = new Progress({ shown, strict, files: runs.length, ...standardError() });
  const ticks = setInterval(() => progress.tick(), terminalWidth() === undefined ? LOG_MS : TERMINAL_MS);
  for (const { isEmulated, perCore } of STAGES) {
    const names = runs.map(({ file }) => file).filter((file) => file.includes(ONLY_ASKED) === isEmulated);
    if (names.length === 0) continue;
    const concurrency = availableParallelism() * perCore + 1;
    for await (const event of run({ files: names, concurrency, timeout: FILE_MS })) {
      tally.add(event as TestEvent);
      progress.add(event as TestEvent);
    }
  }
  clearInterval(ticks);
  progress.end();
  const { text, failed } = tally.report();
  process.stdout.write(text);
  return failed;
}

/**
 * Debian trees are made before the tests, with progress to be seen and on no test's time; should that fail, no test
 * tries again. What few tests need is left to them where some are asked for.
 */
async function prepareTrees(files: readonly string[]): Promise<void> {
  const isWhole = testFiles([]).every((file) => files.includes(file));
  const kernels = files.some((file) => file.includes(ONLY_ASKED));
  const isWanted = (name: TreeName) => name === 'toolchain' || (isWhole && (kernels || !isForKernels(name)));
  const obstacle = unavailable('machine');
  if (obstacle === undefined) await buildTrees(TREE_NAMES.filter(isWanted));
  const reason = obstacle ?? unavailable('toolchain');
  if (reason === undefined) return;
  console.log(`no boxes and layers on this machine: ${reason}`);
  process.env.SANDBOX_UNIT_NO_TREES = reason.split('\n')[0];
}

async function main(words: readonly string[]): Promise<number> {
  const pure = words[0] === '--pure';
  const filters = pure ? words.slice(1) : words;
  const files = testFiles(filters).filter((file) => !pure || isPure(file, BUILD));
  const missing = files.find((file) => !existsSync(file));
  if (missing !== undefined) throw new Error(`'${missing}' is missing: npm run build`);
  if (files.length === 0) throw new Error(`no test file's path has '${filters.join("' or '")}' in it`);
  resetInherited();
  if (pure) process.env.SANDBOX_UNIT_PURE = 'true';
  else await prepareTrees(files);
  // Tests in memory make much garbage: with more room for what is young they take an eighth less of a processor.
  process.env.NODE_OPTIONS = `${process.env.NODE_OPTIONS ?? ''} --enable-source-maps --max-semi-space-size=64`;
  return (await runFiles(files, THOROUGH)) === 0 ? 0 : 1;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  process.exitCode = await main(process.argv.slice(2)).catch((error: Error) => {
    console.error(error.message);
    return 1;
  });
}
