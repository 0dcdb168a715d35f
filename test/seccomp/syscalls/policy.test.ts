import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ABIS, type Abi } from '../../../src/seccomp/syscalls/abi.js';
import { ALLOW, ENOSYS, errnoAction, KILL, LOG } from '../../../src/seccomp/syscalls/action.js';
import {
  type AbiPolicy,
  type Condition,
  decide,
  evaluate,
  holds,
  type SyscallPolicy,
} from '../../../src/seccomp/syscalls/policy.js';

const registers = (...values: bigint[]) => [...values, ...new Array<bigint>(6 - values.length).fill(0n)];

const HIGH = 0xffffffff_00000000n;

test('a condition compares unsigned numbers of its width, and ignores the bits above', () => {
  const cases: readonly [
    op: Condition['op'],
    values: bigint[],
    width: Condition['width'],
    value: bigint,
    held: boolean,
  ][] = [
    ['eq', [5n], 32, HIGH | 5n, true],
    ['eq', [5n], 64, HIGH | 5n, false],
    ['eq', [5n], 16, 0xffff0005n, true],
    ['ne', [5n], 32, HIGH | 5n, false],
    ['ne', [5n], 64, HIGH | 5n, true],
    ['lt', [1n], 32, 0xffffffffn, false],
    ['lt', [1n], 32, HIGH, true],
    ['le', [5n], 32, 5n, true],
    ['le', [5n], 32, 6n, false],
    ['gt', [5n], 32, 5n, false],
    ['gt', [5n], 64, HIGH, true],
    ['ge', [5n], 32, 5n, true],
    ['ge', [5n], 32, 4n, false],
    ['in', [1n, 3n], 32, 3n, true],
    ['in', [1n, 3n], 32, 2n, false],
    ['bits-set', [6n], 32, 7n, true],
    ['bits-set', [6n], 32, 5n, false],
    ['bits-set', [0n], 32, 0n, true],
    ['bits-clear', [6n], 32, HIGH | 1n, true],
    ['bits-clear', [6n], 32, 4n, false],
    ['bits-any', [6n], 32, 4n, true],
    ['bits-any', [6n], 32, 1n, false],
    ['bits-any', [0n], 32, 0xffffffffn, false],
  ];
  for (const [op, values, width, value, held] of cases) {
    assert.equal(holds({ arg: 0, op, values, width }, registers(value)), held, `${value} ${op} ${values}`);
  }
});

test('a value of two registers is made of the lower halves of both', () => {
  const condition: Condition = { arg: 2, upper: 1, op: 'eq', values: [0x1_00000002n], width: 64 };
  assert.ok(holds(condition, registers(0n, HIGH | 1n, HIGH | 2n)));
  assert.ok(!holds(condition, registers(0n, 2n, 1n)));
});

test('the first rule whose conditions all match decides', () => {
  const when = (arg: number, value: bigint): Condition => ({
    arg,
    op: 'eq',
    values: [value],
    width: 32,
  });
  const verdict = {
    rules: [
      { when: [when(0, 1n), when(1, 1n)], action: LOG },
      { when: [when(0, 1n)], action: errnoAction(1) },
      { when: [], action: errnoAction(2) },
      { when: [when(0, 3n)], action: ALLOW },
    ],
    otherwise: KILL,
  };
  assert.equal(decide(verdict, registers(1n, 1n)), LOG);
  assert.equal(decide(verdict, registers(1n, 2n)), errnoAction(1));
  assert.equal(decide(verdict, registers(3n, 1n)), errnoAction(2));
  assert.equal(decide({ ...verdict, rules: [] }, registers(1n, 1n)), KILL);
});

test('a call gets the action of its own ABI; one of a closed ABI is killed', () => {
  const only = (nr: number, otherwise: number): AbiPolicy => ({
    verdicts: new Map([[nr, { rules: [], otherwise }]]),
    unlisted: LOG,
  });
  const abis = new Map<Abi, AbiPolicy>([
    ['x86-64', only(59, errnoAction(1))],
    ['x32', only(520, errnoAction(2))],
  ]);
  const policy: SyscallPolicy = { machine: 'x86-64', abis };
  const answer = (arch: number, nr: number) => evaluate(policy, { arch, nr, args: registers() });
  const { arch } = ABIS['x86-64'];
  assert.equal(answer(arch, 59), errnoAction(1));
  assert.equal(answer(arch, 60), LOG);
  assert.equal(answer(arch, 0x40000000 + 520), errnoAction(2));
  assert.equal(answer(arch, 0xffffffff), LOG);
  assert.equal(answer(ABIS.x86.arch, 11), KILL);
  assert.equal(answer(ABIS.arm64.arch, 221), KILL);
  assert.equal(answer(0, 0), KILL);
  // Old kernels run x32's code by these numbers without bit 30.
  const found = [511, 512, 547, 548].map((nr) => answer(arch, nr));
  assert.deepEqual(found, [LOG, ENOSYS, ENOSYS, LOG]);
});
