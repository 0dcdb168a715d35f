import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ALLOW,
  ENOSYS,
  errnoAction,
  errnoOf,
  KILL,
  KILL_THREAD,
  LOG,
  permits,
  stricter,
} from '../../../src/seccomp/syscalls/action.js';

/** By seccomp(2), the strictest first; 0x30000 is SECCOMP_RET_TRAP, 0x7ff00000 SECCOMP_RET_TRACE. */
const BY_PRECEDENCE = [KILL, KILL_THREAD, 0x30000, errnoAction(1), 0x7ff00000, LOG, ALLOW];

test('of two actions the kernel uses the one that seccomp(2) lists first', () => {
  for (const [i, a] of BY_PRECEDENCE.entries()) {
    for (const [j, b] of BY_PRECEDENCE.entries()) {
      assert.equal(stricter(a, b), BY_PRECEDENCE[Math.min(i, j)], `${a} ${b}`);
    }
  }
});

test('of two actions of one kind the first one wins, whatever its data', () => {
  assert.equal(stricter(errnoAction(13), errnoAction(1)), errnoAction(13));
  assert.equal(stricter(errnoAction(1), errnoAction(13)), errnoAction(1));
  assert.equal(stricter(KILL | 7, KILL), KILL | 7);
});

test('an errno is read back from its action, and from no other', () => {
  for (const errno of [1, 38, 4095, 0xffff]) assert.equal(errnoOf(errnoAction(errno)), errno);
  assert.equal(ENOSYS, errnoAction(38));
  for (const action of [KILL, KILL_THREAD, 0x30000, 0x4ffff, 0x60000, LOG, ALLOW]) {
    assert.equal(errnoOf(action), undefined, action.toString(16));
  }
});

test("only ALLOW and LOG let a call pass; what foreign filters return besides doesn't", () => {
  assert.deepEqual(BY_PRECEDENCE.filter(permits), [LOG, ALLOW]);
  assert.equal(permits(ALLOW | 1), false);
});
