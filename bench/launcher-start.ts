/** What the launcher adds to the start of a program. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compile } from '../src/filter/compile.js';
import { encodeFilterFile, MAX_PROGRAM_LENGTH } from '../src/filter/filter-file.js';
import { parsePolicy } from '../src/policy/parse.js';
import type { Machine } from '../src/syscalls/abi.js';
import { resolve, resolveCalls } from '../src/syscalls/resolve.js';
import { bundledSets } from '../src/syscalls/sets.js';
import { launcherObstacle, MACHINE } from '../test/support/native.js';
import { inRepository } from '../test/support/repository.js';
import type { Bench, Row } from './row.js';
import { CALLS_POLICY, compileProgram, inFolder, output } from './workshop.js';

const ROUNDS = 2000;
const MOST_ADDED = 200;
const MOST_TIMES = 1.4;

export const launcherStart: Bench = {
  name: 'launcher-start',
  obstacle: launcherObstacle,
  run: () =>
    inFolder(async (folder) => {
      const filter = writeFilter(folder, MACHINE!);
      const measure = compileProgram(folder, 'launcher-start');
      const rows = (kind: string, ...options: string[]) => {
        const program = compileProgram(folder, 'nothing', ...options);
        return rowOf(kind, output([measure, `${ROUNDS}`, program, LAUNCHER, `--filter=${filter}`]));
      };
      return [rows('static', '-static'), rows('dynamic')];
    }),
};

const LAUNCHER = inRepository('native-helper', 'build', MACHINE ?? '', 'launcher');

function writeFilter(folder: string, machine: Machine): string {
  const { policy } = parsePolicy(readFileSync(CALLS_POLICY, 'utf8'), CALLS_POLICY);
  const meaning = resolve(resolveCalls(policy.syscalls!, bundledSets()), machine);
  const program = compile(meaning, { limit: MAX_PROGRAM_LENGTH });
  const programs = new Map([[machine, program]]);
  const path = join(folder, 'filter');
  writeFileSync(path, encodeFilterFile({ noNewPrivileges: true, log: true, programs }), {
    mode: 0o644,
  });
  return path;
}

/** @param line what launcher-start.c prints */
function rowOf(kind: string, line: string): Row {
  const { direct, launched } = JSON.parse(line) as { direct: number; launched: number };
  return {
    name: `start and end of a ${kind} program by the launcher`,
    against: 'fork and exec of it',
    unit: 'µs',
    baseline: direct,
    ours: launched,
    aim: {
      text: `at most ${MOST_ADDED} µs or 40 % more`,
      met: launched - direct <= MOST_ADDED || launched <= direct * MOST_TIMES,
    },
  };
}
