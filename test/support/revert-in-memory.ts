/** Runs of `revert` on machines in memory. */
import assert from 'node:assert/strict';
import { apply } from '../../src/commands/apply.js';
import { revert } from '../../src/commands/revert.js';
import type { RevertOptions } from '../../src/transaction/revert/plan.js';
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
