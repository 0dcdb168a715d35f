/** The observer, on control groups that a test makes. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, realpathSync, rmdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before } from 'node:test';
import type { ObservedUnit } from '../../src/observe/observed.js';
import { numbersOf } from '../../src/seccomp/syscalls/numbers.js';
import { GROUPS_ROOT, inGroup } from './control-groups.js';
import { buildLauncher, compileProgram, MACHINE, rootObstacle, sharedFolder } from './native.js';
import { type RunResult, run } from './run.js';
import { until } from './until.js';

/** Why nothing can be observed here, or undefined. */
export const observerObstacle = (): string | undefined =>
  rootObstacle() ??
  (existsSync('/sys/kernel/btf/vmlinux') ? undefined : 'the kernel has no BTF') ??
  (GROUPS_ROOT === undefined ? 'there are no control groups of version 2' : undefined);

/** Builds the helper into a folder and returns the observer's path. */
export const buildObserver = async (folder: string): Promise<string> =>
  join(dirname(await buildLauncher(folder)), 'observe');

/** The observer, and a program whose calls it sees, in a folder: built before the tests of a file. Control groups come along. */
export function observedProgram() {
  const folder = realpathSync(sharedFolder());
  const skip = observerObstacle();
  const built = { skip, folder, observer: '', program: '', groups: groupsOfTest() };
  before(async () => {
    if (skip !== undefined) return;
    built.observer = await buildObserver(folder);
    built.program = await compileProgram('observed', folder, ['-pthread']);
  });
  return built;
}

/** Control groups of a test, gone after it. */
export function groupsOfTest() {
  const folder = join(GROUPS_ROOT ?? '', `sandbox-unit-observed-${process.pid}`);
  const made: string[] = [];
  const remove = async (path: string) => {
    await until(`${path} can be removed`, () => {
      try {
        rmdirSync(path);
      } catch (cause) {
        return (cause as NodeJS.ErrnoException).code === 'ENOENT';
      }
      return true;
    });
  };
  after(async () => {
    for (const path of made.reverse()) await remove(path);
  });
  const make = (path: string): string => {
    mkdirSync(path);
    if (!made.includes(path)) made.push(path);
    return path;
  };
  const parent = () => (existsSync(folder) ? folder : make(folder));
  return { at: (name: string) => join(parent(), name), make, remove };
}

/** Runs a command in a control group. */
export const runIn = (group: string, argv: readonly string[], cwd?: string): Promise<RunResult> =>
  run(inGroup(group, argv), cwd === undefined ? {} : { cwd });

export interface Observer {
  readonly child: ChildProcess;
  /** The first line. */
  readonly first: { readonly ready?: { readonly blind: string[] }; readonly error?: ObserverError };
  readonly ticks: readonly unknown[];
  readonly send: (line: string) => void;
  readonly dump: () => Promise<readonly ObservedUnit[]>;
  /** Ends its input, and returns what it prints then. */
  readonly end: () => Promise<readonly ObservedUnit[]>;
}

export interface ObserverError {
  readonly code: string;
  readonly message: string;
}

/** Starts the observer and waits for its first line. */
export async function observe(argv: readonly string[], lines: readonly string[]): Promise<Observer> {
  const child = spawn(argv[0]!, argv.slice(1), { stdio: ['pipe', 'pipe', 'inherit'] });
  after(() => child.kill('SIGKILL'));
  child.stdin.on('error', () => {}); // it may end without reading all
  const said: Record<string, unknown>[] = [];
  const ticks: unknown[] = [];
  const output = createInterface({ input: child.stdout });
  output.on('line', (line) => {
    const parsed = JSON.parse(line);
    if ('tick' in parsed) ticks.push(parsed.tick);
    else said.push(parsed);
  });
  const closed = once(child, 'close');
  child.stdin.write([...lines, 'start', ''].join('\n'));
  await until('the observer says something', () => said.length > 0 || child.exitCode !== null);
  const dumps = async (): Promise<readonly ObservedUnit[]> => {
    await until('the observer has printed its tables', () => said.some((line) => 'dumped' in line));
    const units = said.filter((line) => 'dump' in line);
    said.length = 0;
    return units as unknown as ObservedUnit[];
  };
  return {
    child,
    first: said[0] ?? {},
    ticks,
    send: (line) => child.stdin.write(`${line}\n`),
    dump: () => {
      child.stdin.write('dump\n');
      return dumps();
    },
    end: async () => {
      child.stdin.end();
      assert.deepEqual(await closed, [0, null]);
      return dumps();
    },
  };
}

/** The number of a call of this machine's own ABI. */
export const numberOf = (call: string, machine = MACHINE!): number => {
  const number = numbersOf(machine).get(call);
  assert.ok(number !== undefined, call);
  return number;
};

/** How often a call was made, in each phase. */
export const countsOf = (unit: ObservedUnit, call: string, machine = MACHINE!): readonly number[] =>
  unit.calls.find(({ abi, nr }) => abi === 'native' && nr === numberOf(call, machine))?.counts ?? [
    0, 0, 0, 0,
  ];
