import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Instruction } from '../../../src/seccomp/filter/bpf.js';
import { GUARD_LENGTH } from '../../../src/seccomp/filter/filter-file.js';
import { isGuarded, withoutGuard } from '../../../src/seccomp/filter/guard.js';
import { ABIS } from '../../../src/seccomp/syscalls/abi.js';
import { guardFor } from './programs.js';

const RETURN: Instruction = { code: 0x06, jt: 0, jf: 0, k: 0 };

test('the guard of either machine is removed, whatever its key', () => {
  for (const machine of ['x86-64', 'arm64'] as const) {
    for (const key of [
      [0, 0, 0, 0, 0, 0],
      [0xffffffff, 1, 2, 3, 4, 5],
    ]) {
      const program = [...guardFor(machine, key), RETURN, RETURN];
      assert.ok(isGuarded(program));
      assert.deepEqual(withoutGuard(program), [RETURN, RETURN]);
    }
  }
});

test('a guard alone is no program, and hides nothing', () => {
  assert.equal(guardFor('x86-64').length, GUARD_LENGTH);
  assert.ok(!isGuarded(guardFor('x86-64')));
  assert.ok(!isGuarded([]));
});

test('a guard that differs in any field except the key counts as a part of the program', () => {
  const whole = [...guardFor('x86-64'), RETURN];
  for (let at = 0; at < GUARD_LENGTH; at++) {
    for (const field of ['code', 'jt', 'jf', 'k'] as const) {
      const isKey = field === 'k' && at >= 5 && at < 16 && at % 2 === 1;
      const changed = whole.map((one, i) => (i === at ? { ...one, [field]: one[field] + 1 } : one));
      assert.equal(isGuarded(changed), isKey, `${field} of ${at}`);
      if (!isKey) assert.equal(withoutGuard(changed), changed);
    }
  }
});

test('the execve of one machine with the convention of the other is no guard', () => {
  const program = [...guardFor('x86-64'), RETURN];
  program[3] = { ...program[3]!, k: ABIS.arm64.arch };
  assert.ok(!isGuarded(program));
});
