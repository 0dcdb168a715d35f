/** `status` on a machine in memory. */
import assert from 'node:assert/strict';
import { apply } from '../../src/cli/commands/apply.js';
import { status } from '../../src/cli/commands/status.js';
import { NO_EXEC, SERVICE, UNIT } from './demo-service.js';
import { type FakeOptions, type FakeSystem, fakeContext, machineWith } from './fake-system.js';

export const POLICY = '/etc/sandbox-unit/demo.service.toml';

/** A machine on which policies have been applied. */
export async function applied(
  policy = NO_EXEC,
  options: Parameters<typeof apply>[2] = {},
  { units = [UNIT], ...more }: FakeOptions & { units?: readonly string[] } = {},
): Promise<FakeSystem> {
  const system = machineWith(SERVICE, policy, { running: [UNIT], ...more });
  assert.equal((await apply(fakeContext(system), units, options)).exit, 0);
  system.calls.length = 0;
  return system;
}

export interface Shown {
  readonly unit: string;
  readonly mode: string | null;
  readonly modeUntilReady: string | null;
  readonly state: string | null;
  readonly recorded: readonly string[];
  readonly missing: readonly string[];
}

export async function shown(system: FakeSystem, units: readonly string[] = [], offline = false) {
  const { exit, json, text, diagnostics } = await status(fakeContext(system, { offline }), units);
  const [first] = json.units as [Shown];
  return { exit, text, codes: diagnostics.map(({ code }) => code), all: json.units as Shown[], ...first };
}
