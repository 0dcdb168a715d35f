import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stackAction } from '../../../src/seccomp/filter/simulate.js';
import { ABIS } from '../../../src/seccomp/syscalls/abi.js';
import { ALLOW, errnoAction, KILL, KILL_THREAD, LOG } from '../../../src/seccomp/syscalls/action.js';

const call = { arch: ABIS['x86-64'].arch, nr: 0, args: [0n, 0n, 0n, 0n, 0n, 0n] };
const answer = (...actions: number[]) =>
  stackAction(
    actions.map((k) => [{ code: 0x06, jt: 0, jf: 0, k }]),
    call,
  );

test('the strictest answer of all programs wins', () => {
  assert.equal(answer(), ALLOW);
  assert.equal(answer(ALLOW, LOG), LOG);
  assert.equal(answer(errnoAction(1), LOG, KILL_THREAD), KILL_THREAD);
  assert.equal(answer(KILL_THREAD, KILL), KILL);
});

test("of two errnos the newest filter's is returned", () => {
  assert.equal(answer(errnoAction(13), ALLOW, errnoAction(1)), errnoAction(13));
});
