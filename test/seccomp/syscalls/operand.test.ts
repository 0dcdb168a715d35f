import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { UserError } from '../../../src/diagnostic.js';
import type { Abi } from '../../../src/seccomp/syscalls/abi.js';
import { parseOperand } from '../../../src/seccomp/syscalls/operand.js';

const AT = { file: 'p.toml', line: 1, column: 1 };

const parse = (value: bigint | string, width: 32 | 64 = 32, abi: Abi = 'x86-64') =>
  parseOperand({ value, at: AT }, abi, width);

const GOOD: readonly [value: bigint | string, width: 32 | 64, result: bigint][] = [
  [0n, 32, 0n],
  [5n, 64, 5n],
  [0xffff_ffffn, 32, 0xffff_ffffn],
  [-1n, 32, 0xffff_ffffn],
  [-1n, 64, 0xffff_ffff_ffff_ffffn],
  [-0x8000_0000n, 32, 0x8000_0000n],
  [-0x8000_0000_0000_0000n, 64, 1n << 63n],
  ['10', 32, 10n],
  ['0x1F', 32, 31n],
  ['0X1f', 32, 31n],
  ['0o17', 32, 15n],
  ['0b101', 32, 5n],
  ['010', 32, 10n],
  ['18446744073709551615', 64, 0xffff_ffff_ffff_ffffn],
  ['0xffffffffffffffff', 64, 0xffff_ffff_ffff_ffffn],
  ['AF_INET', 32, 2n],
  ['AF_INET|1', 32, 3n],
  [' AF_INET |\t0x8 | O_CREAT ', 32, 0x4an],
  ['AT_FDCWD', 32, 0xffff_ff9cn],
];

for (const [value, width, result] of GOOD) {
  test(`${typeof value === 'string' ? `'${value}'` : value} in ${width} bits is ${result}`, () => {
    assert.equal(parse(value, width), result);
  });
}

const BAD: readonly [value: bigint | string, width: 32 | 64, message: string, hint?: string][] = [
  [
    1n << 32n,
    32,
    'policy-value: 4294967296 does not fit into 32 bits',
    'add width = 64 to compare the whole register',
  ],
  [
    -0x8000_0001n,
    32,
    'policy-value: -2147483649 does not fit into 32 bits',
    'add width = 64 to compare the whole register',
  ],
  [1n << 64n, 64, 'policy-value: 18446744073709551616 does not fit into 64 bits'],
  [1n << 64n, 32, 'policy-value: 18446744073709551616 does not fit into 32 bits'],
  [-(1n << 63n) - 1n, 64, 'policy-value: -9223372036854775809 does not fit into 64 bits'],
  ['1|0x100000000', 32, 'policy-value: 4294967296 does not fit into 32 bits'],
  ['AF_INTE', 32, "policy-value: unknown constant 'AF_INTE' on x86-64", "did you mean 'AF_INET'?"],
  ['', 32, "policy-value: unknown constant '' on x86-64", 'write its number instead'],
  ['|', 32, "policy-value: unknown constant '' on x86-64"],
  ['1|', 32, "policy-value: unknown constant '' on x86-64"],
  ['-1', 32, "policy-value: unknown constant '-1' on x86-64"],
  ['1_000', 32, "policy-value: unknown constant '1_000' on x86-64"],
  ['1 2', 32, "policy-value: unknown constant '1 2' on x86-64"],
  ['0x', 32, "policy-value: unknown constant '0x' on x86-64"],
  ['AF_INET,AF_UNIX', 32, "policy-value: unknown constant 'AF_INET,AF_UNIX' on x86-64"],
  ['constructor', 32, "policy-value: unknown constant 'constructor' on x86-64"],
];

for (const [value, width, message, hint] of BAD) {
  test(`${typeof value === 'string' ? `'${value}'` : value} in ${width} bits is no operand`, () => {
    assert.throws(
      () => parse(value, width),
      (cause) => {
        assert.ok(cause instanceof UserError);
        const [found] = cause.diagnostics;
        assert.equal(`${found!.code}: ${found!.message}`, message);
        assert.deepEqual(found!.at, AT);
        if (hint !== undefined) assert.equal(found!.hint, hint);
        return true;
      },
    );
  });
}

test('an endless number is refused', () => {
  assert.throws(() => parse('9'.repeat(1_000_000)), UserError);
});

test('a constant has the value of its ABI', () => {
  const value = (abi: Abi) => parse('O_DIRECTORY', 32, abi);
  assert.deepEqual([value('x86-64'), value('arm64'), value('arm')], [0o200000n, 0o40000n, 0o40000n]);
  assert.throws(
    () => parse('MAP_32BIT', 32, 'arm64'),
    (cause) => {
      assert.ok(cause instanceof UserError);
      const [{ message, hint } = assert.fail()] = cause.diagnostics;
      assert.equal(message, "unknown constant 'MAP_32BIT' on arm64");
      assert.equal(hint, 'x86-64 has it, arm64 does not');
      return true;
    },
  );
});

test("numbers of either sign have the register's value", () => {
  fc.assert(
    fc.property(
      fc.constantFrom<32 | 64>(32, 64),
      fc.bigInt({ min: -(1n << 65n), max: 1n << 65n }),
      (w, n) => {
        const fits = n < 1n << BigInt(w) && n >= -(1n << BigInt(w - 1));
        if (fits) assert.equal(parse(n, w), BigInt.asUintN(w, n));
        else assert.throws(() => parse(n, w), UserError);
      },
    ),
  );
});
