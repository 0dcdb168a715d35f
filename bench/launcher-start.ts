/** What the launcher adds to the start of a program. */
import { readFileSync } from 'node:fs';
import { launcherObstacle } from '../test/support/native.js';
import type { Bench, Row } from './row.js';
import {
  CALLS_POLICY,
  compileProgram,
  HELPERS,
  inFolder,
  output,
  type Stage,
  writeFilter,
} from './workshop.js';

const ROUNDS = 2000;
const MOST_ADDED = 200;
const MOST_TIMES = 1.4;

export const launcherStart: Bench = {
  name: 'launcher-start',
  obstacle: launcherObstacle,
  run: () =>
    inFolder(async (folder) => {
      const measure = compileProgram(folder, 'launcher-start');
      const policy = readFileSync(CALLS_POLICY, 'utf8');
      return (['exec', 'entry'] as const).flatMap((stage) => {
        const filter = writeFilter(folder, policy, stage);
        const row = (kind: string, ...options: string[]) => {
          const program = compileProgram(folder, 'nothing', ...options);
          const line = output([measure, `${ROUNDS}`, program, HELPERS.launcher, `--filter=${filter}`]);
          return rowOf(kind, stage, line);
        };
        return [row('static', '-static'), row('dynamic')];
      });
    }),
};

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
