import assert from 'node:assert/strict';
import { before } from 'node:test';
import fc from 'fast-check';
import type { Instruction } from '../../src/seccomp/filter/bpf.js';
import { simulate } from '../../src/seccomp/filter/simulate.js';
import { validate } from '../../src/seccomp/filter/validate.js';
import type { SeccompData } from '../../src/seccomp/syscalls/policy.js';
import { anyProgram, validProgram } from '../seccomp/filter/programs.js';
import { launcherObstacle, sharedFolder } from '../support/native.js';
import { value } from '../support/policies.js';
import { compilePure, type Pure } from '../support/pure.js';
import { testsUnless } from '../support/tests-unless.js';

const skip = launcherObstacle();
const test = testsUnless(skip);
const folder = sharedFolder();
let answers: Pure;

before(async () => {
  if (!skip) answers = await compilePure(folder);
});

const call = (): fc.Arbitrary<SeccompData> =>
  fc.record({
    arch: fc.constantFrom(0xc000003e, 0x40000003),
    nr: fc.oneof(fc.integer({ min: 0, max: 460 }), fc.nat(0xffffffff)),
    args: fc.array(value(64), { minLength: 6, maxLength: 6 }),
  });

/** A call as struct seccomp_data, and a program as struct sock_filter[]. */
function encode({ arch, nr, args }: SeccompData, program: readonly Instruction[]): Buffer {
  const bytes = Buffer.alloc(64 + 8 * program.length);
  bytes.writeUInt32LE(nr, 0);
  bytes.writeUInt32LE(arch, 4);
  for (const [index, argument] of args.entries()) bytes.writeBigUInt64LE(argument, 16 + 8 * index);
  for (const [index, { code, jt, jf, k }] of program.entries()) {
    const at = 64 + 8 * index;
    bytes.writeUInt16LE(code, at);
    bytes.writeUInt8(jt, at + 2);
    bytes.writeUInt8(jf, at + 3);
    bytes.writeUInt32LE(k, at + 4);
  }
  return bytes;
}

const hex = (action: number) => action.toString(16).padStart(8, '0');

test('the C interpreter answers a call as the simulator does', async () => {
  const taken = validProgram().filter((program) => validate(program) === undefined);
  const cases = fc.array(fc.tuple(call(), taken), { minLength: 100, maxLength: 100 });
  await fc.assert(
    fc.asyncProperty(cases, async (batch) => {
      const lines = await answers(
        'i',
        batch.map(([made, program]) => encode(made, program)),
      );
      for (const [index, [made, program]] of batch.entries())
        assert.equal(lines[index], hex(simulate(program, made).action), fc.stringify([made, program]));
    }),
    { numRuns: 20, endOnFailure: true },
  );
});

test('the C interpreter reads no stray instruction of an invalid program', async () => {
  const cases = fc.array(fc.tuple(call(), anyProgram()), { minLength: 300, maxLength: 300 });
  await fc.assert(
    fc.asyncProperty(cases, async (batch) => {
      const bad = batch.filter(([, program]) => validate(program) !== undefined);
      const lines = await answers(
        'i',
        bad.map(([made, program]) => encode(made, program)),
      );
      assert.ok(lines.every((line) => /^[0-9a-f]{8}$/.test(line)));
    }),
    { numRuns: 10, endOnFailure: true },
  );
});
