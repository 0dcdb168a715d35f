import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ABIS,
  type Abi,
  abiOf,
  abisOf,
  kernelNumber,
  MACHINES,
  X32_BIT,
} from '../../../src/seccomp/syscalls/abi.js';

const X86_64 = ABIS['x86-64'].arch;

test('each ABI belongs to one machine, whose own is first', () => {
  assert.deepEqual(MACHINES.flatMap(abisOf), Object.keys(ABIS));
  for (const machine of MACHINES) assert.equal(abisOf(machine)[0], machine);
});

test('a filter sees a call as its architecture and its number', () => {
  for (const machine of MACHINES) {
    for (const abi of abisOf(machine)) {
      const seen = abiOf(machine, ABIS[abi].arch, kernelNumber(abi, 59));
      assert.deepEqual(seen, { abi, nr: 59 }, abi);
    }
  }
});

test('bit 30 makes a call one of x32, on x86-64 alone; -1 skips a call and is not one', () => {
  const cases: readonly [arch: number, nr: number, abi: Abi, own: number][] = [
    [X86_64, X32_BIT - 1, 'x86-64', X32_BIT - 1],
    [X86_64, X32_BIT, 'x32', 0],
    [X86_64, 0xfffffffe, 'x32', 0xbffffffe],
    [X86_64, 0xffffffff, 'x86-64', 0xffffffff],
    [ABIS.x86.arch, X32_BIT + 1, 'x86', X32_BIT + 1],
  ];
  for (const [arch, nr, abi, own] of cases) {
    assert.deepEqual(abiOf('x86-64', arch, nr), { abi, nr: own }, nr.toString(16));
  }
  assert.deepEqual(abiOf('arm64', ABIS.arm64.arch, X32_BIT + 1), { abi: 'arm64', nr: X32_BIT + 1 });
});

test('a foreign architecture is no ABI of a machine', () => {
  assert.equal(abiOf('x86-64', ABIS.arm64.arch, 0), undefined);
  assert.equal(abiOf('arm64', X86_64, X32_BIT), undefined);
  assert.equal(abiOf('riscv64', 0, 0), undefined);
});
