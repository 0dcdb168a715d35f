/** What the launcher adds to the start of a program. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compile } from '../src/filter/compile.js';
import { encodeFilterFile, MAX_PROGRAM_LENGTH } from '../src/filter/filter-file.js';
import { atStart } from '../src/plan/start-calls.js';
import { parsePolicy } from '../src/policy/parse.js';
import type { Machine } from '../src/syscalls/abi.js';
import { type NamedPolicy, resolve, resolveCalls } from '../src/syscalls/resolve.js';
import { bundledSets } from '../src/syscalls/sets.js';
import { launcherObstacle, MACHINE } from '../test/support/native.js';
import { inRepository } from '../test/support/repository.js';
import type { Bench, Row } from './row.js';
import { CALLS_POLICY, compileProgram, inFolder, output } from './workshop.js';

type Stage = 'exec' | 'entry';

const ROUNDS = 2000;
const MOST_ADDED = 200;
const MOST_TIMES = 1.4;

export const launcherStart: Bench = {
  name: 'launcher-start',
  obstacle: launcherObstacle,
  run: () =>
    inFolder(async (folder) => {
      const measure = compileProgram(folder, 'launcher-start');
      return (['exec', 'entry'] as const).flatMap((stage) => {
        const filter = writeFilter(folder, MACHINE!, stage);
        const row = (kind: string, ...options: string[]) => {
          const program = compileProgram(folder, 'nothing', ...options);
          const line = output([measure, `${ROUNDS}`, program, LAUNCHER, `--filter=${filter}`]);
          return rowOf(kind, stage, line);
        };
        return [row('static', '-static'), row('dynamic')];
      });
    }),
};

const LAUNCHER = inRepository('native-helper', 'build', MACHINE ?? '', 'launcher');

function writeFilter(folder: string, machine: Machine, stage: Stage): string {
  const { policy } = parsePolicy(readFileSync(CALLS_POLICY, 'utf8'), CALLS_POLICY);
  const named = resolveCalls(policy.syscalls!, bundledSets());
  const programsOf = (meaning: NamedPolicy) =>
    new Map([[machine, compile(resolve(meaning, machine), { limit: MAX_PROGRAM_LENGTH })]]);
  const start = stage === 'entry' ? { start: programsOf(atStart(named)) } : {};
  const bytes = encodeFilterFile({ noNewPrivileges: true, log: true, programs: programsOf(named), ...start });
  const path = join(folder, stage);
  writeFileSync(path, bytes, { mode: 0o644 });
  return path;
}

/** @param line what launcher-start.c prints */
function rowOf(kind: string, stage: Stage, line: string): Row {
  const { direct, launched } = JSON.parse(line) as { direct: number; launched: number };
  return {
    name: `start and end of a ${kind} program by the launcher, stage ${stage}`,
    against: 'fork and exec of it',
    unit: 'µs',
    baseline: direct,
    ours: launched,
    ...(stage === 'exec' ? { aim: aimOf(direct, launched) } : {}),
  };
}

const aimOf = (direct: number, launched: number) => ({
  text: `at most ${MOST_ADDED} µs or 40 % more`,
  met: launched - direct <= MOST_ADDED || launched <= direct * MOST_TIMES,
});
