/** Tests of verify/kernel/read-kernel.ts. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { prepare } from '../../../src/prepare/prepare.js';
import type { SyscallPolicy } from '../../../src/seccomp/syscalls/policy.js';
import { expectedBy } from '../../../src/verify/expected.js';
import { readKernel } from '../../../src/verify/kernel/read-kernel.js';
import { confined, READER } from '../../support/confined-in-memory.js';
import { UNIT } from '../../support/demo-service.js';
import { type FakeSystem, fakeContext } from '../../support/fake-system.js';

const same = (meaning: SyscallPolicy) => [meaning];

test('an error of the reader makes the enforcement unproven; a defect is thrown', async () => {
  const system = await confined(same);
  const prepared = await prepare(fakeContext(system), UNIT, {});
  const plan = expectedBy(prepared.plan, prepared.files);
  const unit = await system.unit(UNIT);
  assert.deepEqual((await readKernel(fakeContext(system), plan, unit)).unproven, []);
  system.files.delete(READER);
  const { groups, unproven } = await readKernel(fakeContext(system), plan, unit);
  assert.deepEqual([groups, unproven[0]!.code, unproven.length], [[], 'no-helper', 2]);
  const broken = fakeContext(system, {
    program: {
      ...system,
      read: () => Promise.reject(new TypeError('defect')),
    } as unknown as FakeSystem,
  });
  await assert.rejects(readKernel(broken, plan, unit), TypeError);
});
