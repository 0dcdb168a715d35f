/** The machine of a test file: booted and prepared before its tests, and stopped after them. */
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { type BootOptions, type Box, boxAvailable } from './box.js';
import { changeFiles, type Files } from './loaded-units.js';
import type { RunResult } from './run.js';
import {
  apply,
  bootWithPrograms,
  type Programs,
  policyPath,
  sandboxUnit,
  servicesObstacle,
} from './service.js';
import { type Test, testsUnless } from './tests-unless.js';

/** What a machine has before its tests, in this order. */
export interface Preparation extends Pick<BootOptions, 'tree' | 'kernelCommandLine'> {
  /** In PROGRAMS. */
  readonly programs?: Programs;
  /** Contents by path; a name without a folder is that of a file in /etc/systemd/system. */
  readonly files?: Files;
  /** Policies by unit, which aren't applied. */
  readonly policies?: Readonly<Record<string, string>>;
  /** A shell script, which must succeed. */
  readonly script?: string;
  /** Units to be started. */
  readonly start?: readonly string[];
  /** Policies by unit, which are applied. */
  readonly applied?: Readonly<Record<string, string>>;
  /** What remains to be done. */
  readonly prepare?: () => Promise<unknown>;
  /** Without a compiler no launcher can be built, which tests that confine no service don't need. */
  readonly launcher?: false;
  /** Why the tests can't run here, besides. */
  readonly obstacle?: string | undefined;
}

export interface Machine {
  /** Usable in hooks and tests. */
  readonly box: Box;
  /** Why the tests are skipped. */
  readonly skip: string | false;
  /** As test() of node:test; skipped if the machine can't boot. */
  readonly test: Test;
  /** Runs the command, which must end with this exit status. */
  readonly run: (status: number, ...words: string[]) => Promise<RunResult>;
}

/** Runs the command in a box. @returns its result, whose exit status is this one */
export async function ran(box: Box, status: number, ...words: string[]): Promise<RunResult> {
  const result = await sandboxUnit(box, ...words);
  assert.equal(result.status, status, `${words.join(' ')}\n${result.stdout}${result.stderr}`);
  return result;
}

const inFolder = (files: Files): Files =>
  Object.fromEntries(
    Object.entries(files).map(([path, text]) => [
      path.includes('/') ? path : `/etc/systemd/system/${path}`,
      text,
    ]),
  );

async function prepareBox(box: Box, options: Preparation): Promise<void> {
  const { files, policies = {}, script, start, applied = {} } = options;
  for (const [unit, policy] of Object.entries(policies)) await box.writeFile(policyPath(unit), policy);
  if (files !== undefined) await changeFiles(box, inFolder(files));
  if (script !== undefined) await box.succeed(['bash', '-euo', 'pipefail', '-c', script]);
  if (start !== undefined) await box.succeed(['systemctl', 'start', '--', ...start]);
  for (const [unit, policy] of Object.entries(applied)) await apply(box, policy, unit);
  await options.prepare?.();
}

/** Boots a machine for the tests of a file or a suite, which calls this at its top. */
export function machine(name: string, options: Preparation = {}): Machine {
  const { tree, programs, kernelCommandLine, launcher, obstacle } = options;
  const skip = (launcher === false ? boxAvailable(tree) : servicesObstacle(tree)) ?? obstacle ?? false;
  let booted: Box | undefined;
  // Tests are defined before the machine boots: its members are looked up when a test uses them.
  const box = new Proxy({} as Box, {
    get(_, key) {
      assert.ok(booted, `the machine '${name}' isn't booted: use it in hooks and tests only`);
      const value: unknown = Reflect.get(booted, key, booted);
      return typeof value === 'function' ? value.bind(booted) : value;
    },
  });
  before(async () => {
    if (skip) return;
    booted = await bootWithPrograms(name, programs, tree, kernelCommandLine);
    await prepareBox(box, options);
  });
  after(() => booted?.stop());
  return {
    ...{ box, skip, test: testsUnless(skip) },
    run: (status, ...words) => ran(box, status, ...words),
  };
}
