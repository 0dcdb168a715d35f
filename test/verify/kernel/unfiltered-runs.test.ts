/** Tests of verify/kernel/unfiltered-runs.ts and verify/kernel/read-kernel.ts: filters of runs that nothing else is known of. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { prepare } from '../../../src/prepare/prepare.js';
import { servicesOf } from '../../../src/state/service.js';
import type { SyscallPolicy } from '../../../src/syscalls/policy.js';
import { readKernel } from '../../../src/verify/kernel/read-kernel.js';
import { comparingFilters } from '../../../src/verify/kernel/unfiltered-runs.js';
import { confined, open, READER } from '../../support/confined-in-memory.js';
import { UNIT } from '../../support/demo-service.js';
import { type FakeSystem, fakeContext } from '../../support/fake-system.js';

/** What the filters of a running service come to, asked twice, and how often they were read. */
async function compared(system: FakeSystem, more = {}) {
  const context = fakeContext(system, more);
  const prepared = comparingFilters(context, await prepare(context, UNIT, {}));
  const [service] = await servicesOf(context, prepared.unit.name);
  system.calls.length = 0;
  const ask = prepared.appliedRuns.comparedFilters;
  const answers = [await ask?.(service!), await ask?.(service!)];
  return { answers, reads: system.calls.filter((call) => call.startsWith(`run ${READER}`)).length };
}

const same = (meaning: SyscallPolicy) => [meaning];
const looser = (meaning: SyscallPolicy) => [open(meaning)];

test('filters of a run are read once, and are as the policy says or looser', async () => {
  assert.deepEqual(await compared(await confined(same)), { answers: ['alike', 'alike'], reads: 1 });
  const system = await confined(looser);
  assert.deepEqual((await compared(system)).answers, ['looser', 'looser']);
  assert.ok(system.calls.some((call) => call.startsWith('replace /run/sandbox-unit/runs/')));
});

test('what can not be read is not known', async () => {
  const system = await confined(same);
  system.files.delete(READER);
  assert.deepEqual((await compared(system)).answers, ['unknown', 'unknown']);
});

test('before files are written there is nothing to compare with', async () => {
  const system = await confined(same);
  const policy = new TextEncoder().encode('[syscalls]\ndeny = ["ptrace"]\n');
  system.files.set(`/etc/sandbox-unit/${UNIT}.toml`, { bytes: policy, mode: 0o644 });
  assert.deepEqual(await compared(system), { answers: [undefined, undefined], reads: 0 });
});

test('an error of the reader leaves the enforcement unproven; a defect is thrown', async () => {
  const system = await confined(same);
  const { plan } = await prepare(fakeContext(system), UNIT, {});
  const unit = await system.unit(UNIT);
  assert.deepEqual((await readKernel(fakeContext(system), plan, unit)).unproven, []);
  system.files.delete(READER);
  const { groups, unproven } = await readKernel(fakeContext(system), plan, unit);
  assert.deepEqual([groups, unproven[0]!.code, unproven.length], [[], 'no-reader', 2]);
  const broken = fakeContext(system, {
    program: {
      ...system,
      read: () => Promise.reject(new TypeError('defect')),
    } as unknown as FakeSystem,
  });
  await assert.rejects(readKernel(broken, plan, unit), TypeError);
});
