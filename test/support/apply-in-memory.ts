/** `apply` on a machine in memory, and what came of it. */
import assert from 'node:assert/strict';
import { type ApplyWords, apply } from '../../src/cli/commands/apply.js';
import type { Outcome } from '../../src/outcome.js';
import { NO_EXEC, UNIT } from './demo-service.js';
import { type FakeFile, type FakeOptions, type FakeSystem, fakeContext, machineWith } from './fake-system.js';

export const SERVICE = '[Service]\nExecStart=/usr/sbin/demod --foreground\n';

export const machine = (options: FakeOptions = {}, policy = NO_EXEC) =>
  machineWith(SERVICE, policy, { running: [UNIT], ...options });

export const run = (system: FakeSystem, options: ApplyWords = {}, units: readonly string[] = [UNIT]) =>
  apply(fakeContext(system), units, options);

interface UnitJson {
  readonly unit: string;
  readonly state: string;
  readonly changes: readonly { readonly kind: string; readonly path: string }[];
}

export type Result = Awaited<ReturnType<typeof apply>>;

export const unitsOf = ({ json }: Result) => json.units as UnitJson[];
export const statesOf = (result: Result) => unitsOf(result).map(({ unit, state }) => `${unit} ${state}`);
export const codesOf = ({ diagnostics }: Result) =>
  diagnostics.map(({ severity, code }) => `${severity} ${code}`);

/** Asserts the exit status of a run, the states of its units, and its diagnostics. */
export const assertEnd = (
  result: Result,
  wanted: readonly [exit: number, states: readonly string[], codes: readonly string[]],
): void => assert.deepEqual([result.exit, statesOf(result), codesOf(result)], wanted);

export const sorted = (files: ReadonlyMap<string, FakeFile>) => new Map([...files].sort());

export const restartedOf = ({ json }: { json: Outcome['json'] }) =>
  (json.units as { restarted: boolean }[]).map(({ restarted }) => restarted);

export const setPolicy = (system: FakeSystem, text: string) =>
  system.files.set('/etc/sandbox-unit/demo.service.toml', {
    bytes: new TextEncoder().encode(text),
    mode: 0o644,
  });

/** A stopped unit with these properties, as the manager has it. */
export const unitWith = (properties: Readonly<Record<string, unknown>>) =>
  machine({
    running: [],
    distort: (all) => {
      for (const [name, value] of Object.entries(properties)) all.set(name, value);
    },
  }).unit(UNIT);
