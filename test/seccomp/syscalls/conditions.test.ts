import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { UserError } from '../../../src/diagnostic.js';
import { ABIS, type Abi } from '../../../src/seccomp/syscalls/abi.js';
import { argumentIn, placeOf } from '../../../src/seccomp/syscalls/arguments.js';
import { conditionsOf, hiddenFrom, holdsAlways } from '../../../src/seccomp/syscalls/conditions.js';
import { holds } from '../../../src/seccomp/syscalls/policy.js';
import type { ConditionEntry, RuleEntry } from '../../../src/seccomp/syscalls/section.js';
import { syscallsFrom } from '../../support/policy.js';

const ruleOn = (call: string, condition: string): RuleEntry =>
  syscallsFrom(`rules = [{ syscall = "${call}", when = [{ ${condition} }], action = "kill" }]`).rules[0]!;

/** A rule's conditions on an ABI, as `arg op width values`; whether it always or never holds where there are none. */
function shown(call: string, condition: string, abi: Abi): string {
  const conditions = conditionsOf(ruleOn(call, condition), abi);
  if (conditions === undefined) return 'never';
  const text = conditions.map(({ arg, upper, op, width, values }) => {
    const register = upper === undefined ? `${arg}` : `${arg}:${upper}`;
    return `${register} ${op} ${width} ${values.map((value) => value.toString(16)).join(' ')}`;
  });
  return text.join(', ') || 'always';
}

const CASES: readonly [call: string, condition: string, abi: Abi, shown: string][] = [
  ['kill', 'arg = 1, eq = 9', 'x86-64', '1 eq 32 9'],
  ['kill', 'arg = 1, ge = 0', 'x86-64', '1 ge 32 0'],
  // A mode has 16 bits: programs may leave anything above.
  ['chmod', 'arg = 1, eq = 0x10000', 'x86-64', 'never'],
  ['chmod', 'arg = 1, ne = 0x10000', 'x86-64', 'always'],
  ['chmod', 'arg = 1, lt = 0x10000', 'x86-64', 'always'],
  ['chmod', 'arg = 1, gt = 0xffff0000', 'x86-64', 'never'],
  ['chmod', 'arg = 1, in = [1, 0x10001]', 'x86-64', '1 in 16 1'],
  ['chmod', 'arg = 1, bits-set = 0x10800', 'x86-64', 'never'],
  ['chmod', 'arg = 1, bits-any = 0x10800', 'x86-64', '1 bits-any 16 800'],
  ['chmod', 'arg = 1, bits-clear = 0x10800', 'x86-64', '1 bits-clear 16 800'],
  // 64 bits: two registers on x86, in the other order where the ABI has them so.
  ['pread64', 'arg = 3, eq = 0x100000002, width = 64', 'x86-64', '3 eq 64 100000002'],
  ['pread64', 'arg = 3, eq = 0x100000002, width = 64', 'x86', '3:4 eq 64 100000002'],
  ['pread64', 'arg = 3, eq = 0x100000002, width = 64', 'arm', '4:5 eq 64 100000002'],
  ['mmap', 'arg = 2, eq = 4', 'x86', 'never'],
  ['mmap', 'arg = 2, ge = 0', 'x86', 'always'],
  ['read', 'arg = 2, eq = 0x100000000, width = 64', 'x86', 'never'],
  ['read', 'arg = 2, le = 0x100000000, width = 64', 'x86', 'always'],
  // The kernel extends lseek's offset by its sign.
  ['lseek', 'arg = 1, eq = -1, width = 64', 'x86', '1 eq 32 ffffffff'],
  ['lseek', 'arg = 1, eq = 0xffffffff, width = 64', 'x86', 'never'],
  ['lseek', 'arg = 1, ge = 0x80000000, width = 64', 'x86', '1 ge 32 80000000'],
  ['lseek', 'arg = 1, lt = 0x80000000, width = 64', 'x86', '1 lt 32 80000000'],
  ['lseek', 'arg = 1, bits-any = "0x8000000000000000", width = 64', 'x86', '1 bits-any 32 80000000'],
];

for (const [call, condition, abi, expected] of CASES) {
  test(`on ${abi} { ${condition} } of ${call} is ${expected}`, () => {
    assert.equal(shown(call, condition, abi), expected);
  });
}

/** A condition as the policy means it: on the argument that the kernel takes, with all of its bits. */
const meant = ({ op, operands, width }: ConditionEntry, value: bigint) =>
  holds({ arg: 0, op, values: operands.map((one) => one.value as bigint), width }, [
    value,
    0n,
    0n,
    0n,
    0n,
    0n,
  ]);

test("a condition holds for a register exactly where it does for the kernel's argument", () => {
  const call = fc.constantFrom<[string, number]>(
    ['lseek', 1],
    ['chmod', 1],
    ['read', 2],
    ['pread64', 3],
    ['kill', 1],
  );
  const op = fc.constantFrom('eq', 'ne', 'lt', 'le', 'gt', 'ge', 'bits-set', 'bits-clear', 'bits-any');
  const edge = fc.constantFrom(
    0n,
    1n,
    0xffffn,
    0x10000n,
    0x7fffffffn,
    0x80000000n,
    0xffffffffn,
    1n << 32n,
    (1n << 63n) - 1n,
  );
  const number = fc.oneof(edge, fc.bigInt({ min: 0n, max: (1n << 63n) - 1n }));
  const register = fc.oneof(edge, fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }));
  fc.assert(
    fc.property(
      call,
      op,
      number,
      fc.array(register, { minLength: 6, maxLength: 6 }),
      ([name, arg], by, operand, registers) => {
        const rule = ruleOn(name, `arg = ${arg}, ${by} = ${operand}, width = 64`);
        for (const abi of Object.keys(ABIS) as Abi[]) {
          const place = placeOf(abi, name, arg, 64);
          if ('why' in place) continue;
          const conditions = conditionsOf(rule, abi);
          const found = conditions?.every((one) => holds(one, registers)) ?? false;
          assert.equal(found, meant(rule.when[0]!, argumentIn(registers, place)), abi);
        }
      },
    ),
  );
});

test('a rule is invisible to a filter only by its conditions', () => {
  assert.equal(hiddenFrom(ruleOn('mmap', 'arg = 2, eq = 4'), 'x86')?.instead, 'mmap2');
  assert.equal(hiddenFrom(ruleOn('mmap', 'arg = 2, ge = 0'), 'x86'), undefined);
  assert.equal(hiddenFrom(ruleOn('mmap', 'arg = 2, eq = 4'), 'x86-64'), undefined);
  assert.ok(holdsAlways(ruleOn('mmap', 'arg = 2, ge = 0').when[0]!));
  assert.ok(!holdsAlways(ruleOn('mmap', 'arg = 2, ge = "PROT_NONE"').when[0]!));
});

test('a constant that an ABI lacks has no value there', () => {
  assert.throws(() => conditionsOf(ruleOn('kill', 'arg = 1, eq = "SIGNOTHING"'), 'x86-64'), UserError);
});
