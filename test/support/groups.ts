/**
 * Test files that run in one process: most of the time of a test in memory is the start of Node, and of the code that it
 * tries.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

/** Tests that have a process each: they boot machines, start programs, or change their own process. */
const APART =
  /^(?:bench|booted|cli\/(?:main|terminal)|hostile|integrations|kernels|machine(?!\/state)|native|services|support)\b/;

/** A file that takes as long as those. */
const LONG = 'test/apply/recover.test.js';

/** A file that is run, and the test files that it stands for. */
export interface TestRun {
  readonly file: string;
  readonly members: readonly string[];
}

/** Makes one run of the files of each folder that share a process. @param build the compiler's output */
export function runsOf(files: readonly string[], build: string): TestRun[] {
  const runs = new Map<string, string[]>();
  for (const file of files) {
    const key = groupOf(file, build) ?? file;
    runs.set(key, [...(runs.get(key) ?? []), file]);
  }
  return [...runs].map(([file, members]) =>
    members.length === 1 ? { file: members[0]!, members } : { file, members },
  );
}

/** Whether a test file shares a process: it boots no machine. What single tests need beside it is skipped without root. */
export const isPure = (file: string, build: string): boolean => groupOf(file, build) !== undefined;

/** The file that imports all of a test's group, as `build/test/plan/all.js`; undefined for one that runs apart. */
function groupOf(file: string, build: string): string | undefined {
  const path = relative(build, file);
  const [test, folder = '', ...inside] = path.split('/');
  if (test !== 'test' || inside.length === 0 || path === LONG || APART.test(path.slice('test/'.length)))
    return undefined;
  return join(build, 'test', folder, 'all.js');
}

/** Writes the files that import groups. */
export function writeGroups(runs: readonly TestRun[]): void {
  for (const { file, members } of runs) {
    if (members.length === 1) continue;
    mkdirSync(dirname(file), { recursive: true });
    const imports = members.map((member) => `import './${relative(dirname(file), member)}';\n`);
    writeFileSync(file, imports.join(''));
  }
}
