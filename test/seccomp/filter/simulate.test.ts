import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Instruction } from '../../../src/seccomp/filter/bpf.js';
import { simulate } from '../../../src/seccomp/filter/simulate.js';

const one = (code: number, k = 0, jt = 0, jf = 0): Instruction => ({ code, jt, jf, k });
const RETURN_A = one(0x16);
const CALL = {
  arch: 0xc000003e,
  nr: 59,
  args: [0x1111111122222222n, 1n, 2n, 3n, 4n, 0xfffffffffffffffen],
};

const ld = (value: number) => one(0x00, value);
const ldx = (value: number) => one(0x01, value);

/** What is in the accumulator after these instructions. */
const ACCUMULATOR: readonly [string, readonly Instruction[], number][] = [
  ['the number', [one(0x20, 0)], 59],
  ['the convention', [one(0x20, 4)], 0xc000003e],
  ['the lower half of the first argument', [one(0x20, 16)], 0x22222222],
  ['the upper half of the first argument', [one(0x20, 20)], 0x11111111],
  ['the lower half of the last argument', [one(0x20, 56)], 0xfffffffe],
  ['the upper half of the last argument', [one(0x20, 60)], 0xffffffff],
  ['a constant', [ld(7)], 7],
  ['the size of the data', [one(0x80)], 64],
  ['the size of the data by way of X', [one(0x81), one(0x87)], 64],
  ['a word of memory', [ld(7), one(0x02, 15), ld(0), one(0x60, 15)], 7],
  ['a word of memory, stored from X', [ldx(7), one(0x03, 0), one(0x60, 0)], 7],
  ['a word of memory, loaded to X', [ld(7), one(0x02, 0), one(0x61, 0), ld(0), one(0x87)], 7],
  ['what was moved to X and back', [ld(7), one(0x07), ld(0), one(0x87)], 7],
  ['a sum that wraps', [ld(0xffffffff), one(0x04, 2)], 1],
  ['a difference that wraps', [ld(1), one(0x14, 2)], 0xffffffff],
  ['a product that wraps', [ld(0xffffffff), one(0x24, 0xffffffff)], 1],
  ['a quotient without sign', [ld(0xffffffff), one(0x34, 2)], 0x7fffffff],
  ['a disjunction', [ld(0x80000001), one(0x44, 6)], 0x80000007],
  ['a conjunction', [ld(0xfffffff0), one(0x54, 0x8000ffff)], 0x8000fff0],
  ['a left shift', [ld(3), one(0x64, 31)], 0x80000000],
  ['a right shift without sign', [ld(0x80000000), one(0x74, 31)], 1],
  ['a negation', [ld(1), one(0x84)], 0xffffffff],
  ['an exclusive disjunction', [ld(0xff), one(0xa4, 0x80000001)], 0x800000fe],
  ['a sum with X', [ldx(5), ld(2), one(0x0c, 9)], 7],
  ['a difference with X', [ldx(5), ld(2), one(0x1c, 9)], 0xfffffffd],
  ['a product with X', [ldx(5), ld(2), one(0x2c, 9)], 10],
  ['a quotient with X', [ldx(2), ld(5), one(0x3c, 9)], 2],
  ['a disjunction with X', [ldx(5), ld(2), one(0x4c, 8)], 7],
  ['a conjunction with X', [ldx(6), ld(3), one(0x5c, 8)], 2],
  ['an exclusive disjunction with X', [ldx(6), ld(3), one(0xac, 8)], 5],
  ['a shift by X modulo 32', [ldx(33), ld(1), one(0x6c, 0)], 2],
  ['a right shift by X modulo 32', [ldx(33), ld(4), one(0x7c, 0)], 2],
];

for (const [what, program, expected] of ACCUMULATOR) {
  test(`a program can return ${what}`, () => {
    assert.equal(simulate([...program, RETURN_A], CALL).action, expected);
  });
}

const [YES, NO] = [one(0x06, 1), one(0x06, 0)];

const COMPARISONS: readonly [string, readonly Instruction[], boolean][] = [
  ['jeq of equals', [ld(0x80000000), one(0x15, 0x80000000, 0, 1)], true],
  ['jeq of others', [ld(0x80000000), one(0x15, 0, 0, 1)], false],
  ['jgt without sign', [ld(0x80000000), one(0x25, 1, 0, 1)], true],
  ['jgt of equals', [ld(1), one(0x25, 1, 0, 1)], false],
  ['jge of equals', [ld(0xffffffff), one(0x35, 0xffffffff, 0, 1)], true],
  ['jge of less', [ld(1), one(0x35, 0x80000000, 0, 1)], false],
  ['jset of one bit', [ld(0x80000001), one(0x45, 0x80000000, 0, 1)], true],
  ['jset of none', [ld(1), one(0x45, 6, 0, 1)], false],
  ['jeq with X', [ldx(5), ld(5), one(0x1d, 9, 0, 1)], true],
  ['jgt with X', [ldx(5), ld(6), one(0x2d, 9, 0, 1)], true],
  ['jge with X', [ldx(5), ld(4), one(0x3d, 0, 0, 1)], false],
  ['jset with X', [ldx(4), ld(7), one(0x4d, 0, 0, 1)], true],
];

for (const [what, program, expected] of COMPARISONS) {
  test(`${what} ${expected ? 'holds' : "doesn't hold"}`, () => {
    assert.equal(simulate([...program, YES, NO], CALL).action, Number(expected));
  });
}

test('the result has the number of instructions, and whether a register was read', () => {
  const program = [one(0x20, 0), one(0x15, 59, 1, 0), one(0x20, 16), one(0x05, 1), NO, one(0x06, 0x50001)];
  const at59 = { action: 0x50001, instructions: 4, loadedArguments: false };
  assert.deepEqual(simulate(program, CALL), at59);
  assert.deepEqual(simulate(program, { ...CALL, nr: 60 }), {
    ...at59,
    instructions: 5,
    loadedArguments: true,
  });
});

test('a division by X = 0 ends the program with SECCOMP_RET_KILL_THREAD', () => {
  const outcome = simulate([ld(5), one(0x3c), YES], CALL);
  assert.deepEqual(outcome, { action: 0, instructions: 2, loadedArguments: false });
});

const REFUSED: readonly [string, readonly Instruction[], string][] = [
  ['no instruction', [], 'instruction 0: past the end of the program'],
  ['no return', [ld(1)], 'instruction 1: past the end of the program'],
  ['a jump too far', [one(0x05, 2), YES], 'instruction 3: past the end of the program'],
  ['a jump that wraps', [one(0x05, 0xffffffff), YES], 'instruction 4294967296: past the end of the program'],
  ['a load beyond the data', [one(0x20, 64), YES], 'instruction 0: no word at offset 64'],
  ['an unaligned load', [one(0x20, 18), YES], 'instruction 0: no word at offset 18'],
  ['the instruction pointer', [one(0x20, 8), YES], 'instruction 0: the instruction pointer is not known'],
  ['its upper half', [one(0x20, 12), YES], 'instruction 0: the instruction pointer is not known'],
  ['a store beyond memory', [one(0x02, 16), YES], 'instruction 0: no memory word 16'],
  ['a load beyond memory', [one(0x61, 16), YES], 'instruction 0: no memory word 16'],
  ['a load of unset memory', [one(0x60, 1), YES], 'instruction 0: memory word 1 is read before it is set'],
  ['a division by 0', [one(0x34, 0), YES], 'instruction 0: division by zero'],
  ['a shift by 32', [one(0x64, 32), YES], 'instruction 0: shift by 32'],
  ['a right shift by 33', [one(0x74, 33), YES], 'instruction 0: shift by 33'],
  ['a remainder', [one(0x94, 2), YES], 'instruction 0: unknown code 0x94'],
  ['a half word', [one(0x28, 0), YES], 'instruction 0: unknown code 0x28'],
  ['a load to X from the data', [one(0x21, 0), YES], 'instruction 0: unknown code 0x21'],
  ['a return of X', [one(0x0e)], 'instruction 0: unknown code 0xe'],
  ['a jump by X', [one(0x0d), YES], 'instruction 0: unknown code 0xd'],
  ['an unknown jump', [one(0x55), YES], 'instruction 0: unknown code 0x55'],
  ['an unknown transfer', [one(0x17), YES], 'instruction 0: unknown code 0x17'],
  ['an unknown store', [one(0x0a), YES], 'instruction 0: unknown code 0xa'],
  ['a negation with X', [one(0x8c), YES], 'instruction 0: unknown code 0x8c'],
  ['a code of nine bits', [one(0x106), YES], 'instruction 0: unknown code 0x106'],
];

for (const [what, program, message] of REFUSED) {
  test(`${what} is an error`, () => {
    assert.throws(() => simulate(program, CALL), { name: 'ProgramError', message });
  });
}
