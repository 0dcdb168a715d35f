import { join } from 'node:path';
import { before } from 'node:test';
import { buildLauncher, compileProgram, launcherObstacle, sharedFolder } from './native.js';
import { type Test, testsUnless } from './tests-unless.js';

/** What tests of native programs run, and where. */
interface Compiled<Name extends string> {
  /** Has the native helper's programs, too; every user can read it. */
  readonly folder: string;
  readonly paths: Readonly<Record<Name | 'launcher', string>>;
  /** Why nothing can be compiled here. */
  readonly skip: string | undefined;
  /** As test() of node:test; skipped if nothing can be compiled. */
  readonly test: Test;
}

/**
 * Compiles programs before the tests of a file.
 * @param sources words for the compiler, by the name of a program in test/native/programs
 * @param prepare uses them before the first test: node:test doesn't run one root hook after the other
 */
export function compiled<Name extends string = never>(
  sources: Readonly<Record<Name, readonly string[]>>,
  prepare?: () => Promise<void>,
): Compiled<Name> {
  const skip = launcherObstacle();
  const folder = sharedFolder();
  const names = Object.keys(sources) as Name[];
  before(async () => {
    if (skip) return;
    const programs = names.map((name) => compileProgram(name, folder, sources[name]));
    await Promise.all([buildLauncher(folder), ...programs]);
    await prepare?.();
  });
  const paths = Object.fromEntries(['launcher', ...names].map((name) => [name, join(folder, name)]));
  return { folder, paths: paths as Compiled<Name>['paths'], skip, test: testsUnless(skip) };
}

/** For a program that makes no calls of its own before main(). */
export const BARE = ['-ffreestanding', '-nostdlib', '-static', '-no-pie'];
