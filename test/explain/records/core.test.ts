import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { CORE_HEAD, callInCore } from '../../../src/explain/records/core.js';
import { numbersOf } from '../../../src/syscalls/numbers.js';
import { ARGS, coreFile } from '../../support/core-file.js';
import { run } from '../../support/run.js';
import { compile } from '../../support/service.js';
import { NATIVE } from '../../support/service-calls.js';
import { temporaryFolder } from '../../support/temporary.js';

test('the core file of a process that a filter killed', async (t) => {
  const pattern = readFileSync('/proc/sys/kernel/core_pattern', 'utf8').trim();
  if (pattern.startsWith('|') || pattern.includes('/')) return t.skip('core files go elsewhere');
  const cwd = temporaryFolder(t);
  await compile(['test/explain/refused.c'], join(cwd, 'refused'));
  await run([join(cwd, 'refused')], { cwd });
  const core = readdirSync(cwd).find((name) => name.startsWith('core'));
  if (core === undefined) return t.skip('no core file is made here');
  const head = readFileSync(join(cwd, core)).subarray(0, CORE_HEAD);
  const call = callInCore(head, 5);
  const { name, nr, args, action, time } = call!;
  assert.deepEqual(
    { name, nr, args, action, time },
    { name: 'refused', nr: numbersOf(NATIVE).get('socket'), args: ARGS, action: 0x80000000, time: 5 },
  );
  // Cut anywhere, it is the same call, less of it, or none.
  for (let size = 0; size < head.length; size += 97) {
    const part = callInCore(head.subarray(0, size), 5);
    assert.ok(part === undefined || part.nr === nr);
  }
});

test('a core file of arm64', () => {
  const call = callInCore(coreFile(), 5);
  assert.deepEqual(call, {
    ...{ time: 5, pid: 77, name: 'daemon', program: undefined, arch: 0xc00000b7, nr: 198 },
    ...{ action: 0x80000000, args: ARGS },
  });
});

test('of a call of another convention the arguments are not known', () => {
  assert.equal(callInCore(coreFile({ arch: 0x40000028 }), 5)?.args, undefined);
});

test('of a core file the first notes of the first segment with notes are read', () => {
  const core = coreFile();
  const twice = Buffer.concat([core.subarray(0, 64), core.subarray(64, 120), core.subarray(64)]);
  twice.writeUInt16LE(2, 56);
  const [first, second] = [64, 120];
  for (const at of [first, second]) twice.writeBigUInt64LE(176n, at + 8);
  assert.equal(callInCore(twice, 5)?.nr, 198);
  twice.writeBigUInt64LE(0n, first + 32);
  assert.equal(callInCore(twice, 5), undefined);
  const notes = (many: number) => {
    const filled = Buffer.concat([core.subarray(0, 120), Buffer.alloc(12 * many), core.subarray(120)]);
    filled.writeBigUInt64LE(BigInt(filled.length - 120), 96);
    return filled;
  };
  assert.equal(callInCore(notes(60), 5)?.nr, 198);
  assert.equal(callInCore(notes(70), 5), undefined);
});

test('other core files, and what is none, say nothing', () => {
  assert.equal(callInCore(coreFile({ signal: 11 }), 5), undefined);
  assert.equal(callInCore(coreFile({ code: 0 }), 5), undefined);
  assert.equal(callInCore(coreFile({ machine: 40 }), 5), undefined);
  const core = coreFile();
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(core.length - 1), fc.nat(255))), (changes) => {
      const other = Buffer.from(core);
      for (const [at, byte] of changes) other[at] = byte;
      callInCore(other, 5);
    }),
  );
});
