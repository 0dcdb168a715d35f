import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ABIS, type Abi } from '../../../src/seccomp/syscalls/abi.js';
import { constantNames, constantValue } from '../../../src/seccomp/syscalls/constants.js';
import { MULTIPLEXED, type Multiplexer } from '../../../src/seccomp/syscalls/multiplex.js';
import { isKnownCall, numbersOf } from '../../../src/seccomp/syscalls/numbers.js';

const [socketcall, ipc] = MULTIPLEXED.get('x86')!;

const named = (names: Iterable<string>, prefix: string) =>
  [...names].map((name) => [constantValue('x86', name), name.slice(prefix.length).toLowerCase()] as const);

const bySelector = (entries: Iterable<readonly [bigint | undefined, string]>) =>
  [...entries].sort(([a], [b]) => Number(a! - b!));

const firstNames = ({ calls }: Multiplexer) => [...calls].map(([selector, [first]]) => [selector, first]);

test('socketcall selects what linux/net.h says', () => {
  const names = [...constantNames()].filter((name) => name.startsWith('SYS_'));
  assert.deepEqual(firstNames(socketcall!), bySelector(named(names, 'SYS_')));
});

test('ipc selects what linux/ipc.h says', () => {
  const names = [...constantNames()].filter((name) => /^(MSG|SEM|SHM)[A-Z]+$/.test(name));
  assert.deepEqual(firstNames(ipc!), bySelector(named(names, '')));
});

test('exactly the ABIs with the multiplexing call are listed', () => {
  const has = (abi: Abi, call: string) => numbersOf(abi).has(call);
  for (const abi of Object.keys(ABIS) as Abi[]) {
    const calls = (MULTIPLEXED.get(abi) ?? []).map(({ call }) => call);
    assert.deepEqual(
      calls,
      ['socketcall', 'ipc'].filter((call) => has(abi, call)),
    );
  }
});

test('every call behind a multiplexing call is known, and every selector is within the mask', () => {
  for (const { mask, calls } of MULTIPLEXED.get('x86')!) {
    for (const [selector, names] of calls) {
      for (const call of names) assert.ok(isKnownCall(call), call);
      assert.equal(selector & mask, selector);
    }
  }
});
