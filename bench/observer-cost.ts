/** What a system call costs while the observer watches, in the control group that it watches and outside. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { GROUPS_ROOT, inGroup, SETUP } from '../test/support/control-groups.js';
import { observerObstacle } from '../test/support/observer.js';
import { type Aim, type Bench, median, type Row } from './row.js';
import { compileProgram, HELPERS, inFolder, output } from './workshop.js';

const ROUNDS = 5;
/** Nanoseconds that a call may take longer while calls alone are counted. */
const MOST_OUTSIDE = 110;
const MOST_INSIDE = 130;

const OPTIONS = { calls: ['--calls-only'], all: [] } as const;
type Kind = keyof typeof OPTIONS;

/** Nanoseconds a call, of each round. */
interface Times {
  readonly nothing: number[];
  readonly strace: number[];
  readonly outside: Readonly<Record<Kind, number[]>>;
  readonly inside: Readonly<Record<Kind, number[]>>;
}

export const observerCost: Bench = {
  name: 'observer-cost',
  obstacle: observerObstacle,
  run: () =>
    inFolder(async (folder) => {
      const program = compileProgram(folder, 'call-cost');
      const short = compileProgram(folder, 'call-cost', '-DCALLS=200');
      const group = join(GROUPS_ROOT!, `sandbox-unit-bench-${process.pid}`);
      mkdirSync(group);
      try {
        return rowsOf(await measure(program, short, group));
      } finally {
        rmdirSync(group);
      }
    }),
};

const hasStrace = (): boolean => spawnSync('strace', ['--version']).error === undefined;

/** @returns what call-cost.c prints of a call whose arguments nobody looks at */
const timeOf = (argv: readonly string[]): number => JSON.parse(output(argv)).number;

async function measure(program: string, short: string, group: string): Promise<Times> {
  const times: Times = {
    nothing: [],
    strace: [],
    outside: { calls: [], all: [] },
    inside: { calls: [], all: [] },
  };
  const isTraced = hasStrace();
  for (let round = 0; round < ROUNDS; round++) {
    times.nothing.push(timeOf([program]));
    if (isTraced) times.strace.push(timeOf(['strace', '-f', '-c', '-o', '/dev/null', short]));
    for (const kind of ['calls', 'all'] as const) {
      await whileObserved(group, OPTIONS[kind], () => {
        times.outside[kind].push(timeOf([program]));
        times.inside[kind].push(timeOf(inGroup(group, [program])));
      });
    }
  }
  return times;
}

async function whileObserved(group: string, options: readonly string[], use: () => void): Promise<void> {
  const observer = spawn(HELPERS.observer, options, { stdio: ['pipe', 'pipe', 'inherit'] });
  observer.stdin.write([SETUP, `unit 0 ${group}`, 'start', ''].join('\n'));
  const [said] = await once(observer.stdout, 'data');
  if (!`${said}`.startsWith('{"ready"')) throw new Error(`observe: ${said}`);
  observer.stdout.resume();
  use();
  observer.stdin.end();
  await once(observer, 'close');
}

function rowsOf({ nothing, strace, outside, inside }: Times): Row[] {
  const row = (name: string, times: readonly number[], most?: number): Row => {
    const [baseline, ours] = [median(nothing), median(times)];
    const aim: Aim | undefined =
      most === undefined ? undefined : { text: `at most ${most} ns more`, met: ours - baseline <= most };
    return { name, against: 'nothing', unit: 'ns', baseline, ours, ...(aim && { aim }) };
  };
  return [
    row('call outside, calls alone', outside.calls, MOST_OUTSIDE),
    row('call inside, calls alone', inside.calls, MOST_INSIDE),
    row('call outside, all', outside.all),
    row('call inside, all', inside.all),
    ...(strace.length === 0 ? [] : [row('call under strace -f -c', strace)]),
  ];
}
