/** Runs of `revert` on machines in memory. */
import assert from 'node:assert/strict';
import type { RevertOptions } from '../../src/apply/revert/plan.js';
import { apply } from '../../src/cli/commands/apply.js';
import { revert } from '../../src/cli/commands/revert.js';
import { NO_EXEC, SERVICE, UNIT } from './demo-service.js';
import { type FakeOptions, type FakeSystem, fakeContext, machineWith } from './fake-system.js';

/** A machine on which a policy has been applied. */
export async function applied(
  options: FakeOptions = {},
  units = [UNIT],
  policy = NO_EXEC,
): Promise<FakeSystem> {
  const system = machineWith(SERVICE, policy, { running: units, ...options });
  assert.equal((await apply(fakeContext(system), units, {})).exit, 0);
  system.calls.length = 0;
  return system;
}

/** Runs `revert`. */
export const run = (system: FakeSystem, options: RevertOptions = {}, units = [UNIT]) =>
  revert(fakeContext(system), units, options);
