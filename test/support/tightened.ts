/** `tighten`, on control groups that a test makes. */
import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { before } from 'node:test';
import { decodeFilterFile } from '../../src/seccomp/filter/filter-file.js';
import { parseFilters } from '../../src/verify/kernel/unit-filters.js';
import { GROUPS_ROOT, inGroup } from './control-groups.js';
import {
  buildLauncher,
  compileC,
  filterRefusing,
  MACHINE,
  PROGRAMS,
  rootObstacle,
  sharedFolder,
} from './native.js';
import { groupsOfTest } from './observer.js';
import { type RunResult, run } from './run.js';
import { until } from './until.js';

/** Why no thread can be tightened here, or undefined. */
export const tightenObstacle = (): string | undefined =>
  rootObstacle() ??
  (MACHINE === 'x86-64'
    ? undefined
    : 'the programs to be tightened are for x86-64, but for those of test/kernels') ??
  (GROUPS_ROOT === undefined ? 'there are no control groups of version 2' : undefined);

/** Where all processors are taken a new session may get none for a minute (sched(7), autogroup). */

const { ETIMEDOUT } = constants.errno;

const SOURCES: Readonly<Record<string, readonly string[]>> = {
  waits: ['waits', 'wait-calls', 'wait-files', 'wait-processes', 'wait-oddities'],
  'hard-to-stop': ['hard-to-stop'],
  intrude: ['intrude'],
  'kill-tighten': ['kill-tighten'],
  overwrite: ['overwrite'],
  'late-call': ['late-call'],
  'late-exec': ['late-exec'],
  'late-pages': ['late-pages'],
  mark: ['mark'],
  'pick-off': ['pick-off'],
  'ring-writes': ['ring-writes'],
};
const BARE32 = [
  '-m32',
  '-ffreestanding',
  '-nostdlib',
  '-static',
  '-fno-pie',
  '-no-pie',
  '-fno-stack-protector',
];

const compileHere = (folder: string, name: string, sources: readonly string[], options: readonly string[]) =>
  compileC([...sources.map((source) => join(PROGRAMS, `${source}.c`)), ...options], join(folder, name));

interface Cleaned {
  after(hook: () => Promise<void>): void;
}

export interface Tightening {
  readonly skip: string | undefined;
  /** A new control group, whose processes end with the test. */
  readonly group: (t: Cleaned) => string;
  /** A new control group that is marked as systemd marks that of a unit. */
  readonly unit: (t: Cleaned) => string;
  /** Marks a control group so. */
  readonly mark: (group: string) => void;
  /** Ends all processes of a group. */
  readonly empty: (group: string) => Promise<void>;
  /** The path of a program of the helper, or of a test's. */
  readonly program: (name: string) => string;
  /** Runs `tighten` on a group, by default with {@link REFUSING}. */
  readonly tighten: (group: string, ...words: string[]) => Promise<RunResult>;
  /** The path of a filter file. */
  readonly filter: (name: string, bytes: Uint8Array) => string;
}

/** Of all groups of a file together, where the controller is there: who forks without end leaves process IDs to others. */
const MOST_TASKS = 2000;

/** Refuses getppid with an errno of its own, which the programs look for. */
export const REFUSING = { getppid: 0x0005_004d };

/** The helper and the programs of the tests, built before the tests of a file. */
export function tightening(): Tightening {
  const skip = tightenObstacle();
  const folder = sharedFolder();
  const groups = groupsOfTest();
  let made = 0;
  const program = (name: string) => join(folder, name);
  const filter = (name: string, bytes: Uint8Array) => {
    writeFileSync(program(name), bytes);
    chmodSync(program(name), 0o644);
    return program(name);
  };
  before(async () => {
    if (skip !== undefined) return;
    await buildLauncher(folder);
    await Promise.all([
      ...Object.entries(SOURCES).map(([name, sources]) => compileHere(folder, name, sources, ['-pthread'])),
      compileHere(folder, 'waits32', ['waits32'], BARE32),
    ]);
    filter('refusing', filterRefusing(REFUSING, { ready: true }));
  });
  const group = (t: Cleaned) => {
    const path = groups.make(groups.at(`${made++}`));
    const bound = join(dirname(path), 'pids.max');
    if (existsSync(bound)) writeFileSync(bound, `${MOST_TASKS}`);
    t.after(() => empty(path));
    return path;
  };
  const mark = (path: string) => void execFileSync(program('mark'), [path, 'trusted.invocation_id', '0123']);
  const unit = (t: Cleaned) => {
    const path = group(t);
    mark(path);
    return path;
  };
  const tighten = (path: string, ...words: string[]) =>
    run([program('tighten'), '--report', '--cgroup', path, '--filter', program('refusing'), ...words]);
  return { skip, group, unit, mark, empty, program, tighten, filter };
}

/** Whether no thread is left. Two ways to kill: one passes over a process whose first thread has ended, one over forks. */
function isEmptied(path: string): boolean {
  writeFileSync(join(path, 'cgroup.kill'), '1');
  for (const tid of threadsOf(path)) {
    try {
      process.kill(tid, 'SIGKILL');
    } catch {
      // it has ended, with another thread of its process
    }
  }
  return threadsOf(path).length === 0;
}

const empty = (path: string) => until(`${path} is empty`, () => isEmptied(path));

/** Threads of a group, by their IDs. */
export const threadsOf = (group: string): number[] =>
  readFileSync(join(group, 'cgroup.threads'), 'utf8').split('\n').filter(Boolean).map(Number);

/** Starts a program in a group, and waits until it is there. */
export async function startIn(t: Cleaned, group: string, argv: readonly string[]): Promise<ChildProcess> {
  const child = spawn('/bin/sh', inGroup(group, argv).slice(1), { stdio: ['pipe', 'pipe', 'inherit'] });
  // One that execs all the time evades cgroup.kill.
  t.after(async () => {
    child.kill('SIGKILL');
  });
  const isThere = () => {
    try {
      return readFileSync(`/proc/${child.pid}/comm`, 'utf8') !== 'sh\n' && threadsOf(group).length > 0;
    } catch {
      return true; // it has ended
    }
  };
  await until(`${argv[0]} runs`, isThere, 60_000, 5);
  return child;
}

/** How often threads are read again where some got no processor to stop on, or others came all the time. */
const READINGS = 20;

async function readStacks({ program }: Tightening, group: string) {
  for (let times = 1; ; times++) {
    const { status, signal, stdout, stderr } = await run([program('read-filters'), group]);
    assert.deepEqual([status, signal, stderr], [0, undefined, ''], stdout);
    const { threads, failed, settled } = parseFilters(stdout) ?? assert.fail(stdout);
    const isWhole = settled && failed.every(({ errno }) => errno !== ETIMEDOUT);
    if (isWhole || times === READINGS) return threads;
  }
}

/** How many filters each thread of a group has, and whether the newest is the wanted one, as `read-filters` has it. */
export async function filtersOf(setting: Tightening, group: string) {
  const decoded = decodeFilterFile(readFileSync(setting.program('refusing')));
  assert.ok('programs' in decoded);
  const wanted = decoded.programs.get(MACHINE!);
  const threads = await readStacks(setting, group);
  return threads.map(({ tid, stack }) => ({
    tid,
    count: stack.length,
    isWanted: JSON.stringify(stack[0]) === JSON.stringify(wanted),
  }));
}
