import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Instruction } from '../../../src/seccomp/filter/bpf.js';
import { validate } from '../../../src/seccomp/filter/validate.js';

const one = (code: number, k = 0, jt = 0, jf = 0): Instruction => ({ code, jt, jf, k });
const END = one(0x06, 0x7fff0000);
const ends = (length: number) => new Array<Instruction>(length).fill(END);

const TAKEN: readonly [string, readonly Instruction[]][] = [
  ['one return', [END]],
  ['4096 instructions', ends(4096)],
  ['a jump to the last instruction', [one(0x05, 1), ...ends(2)]],
  ['comparisons to the last instruction', [one(0x15, 0, 1, 1), ...ends(2)]],
  [
    'memory that is set on every way',
    [one(0x15, 0, 1, 0), one(0x05, 0), one(0x02, 3), one(0x60, 3), one(0x16)],
  ],
];

for (const [what, program] of TAKEN) {
  test(`${what} is accepted`, () => {
    assert.equal(validate(program), undefined);
  });
}

const REFUSED: readonly [string, readonly Instruction[], string][] = [
  ['nothing', [], '0 instructions, but only 1 to 4096 are allowed'],
  ['4097 instructions', ends(4097), '4097 instructions, but only 1 to 4096 are allowed'],
  ['no return at the end', [END, one(0x00)], 'the last instruction is not a return'],
  ['a remainder', [one(0x94, 3), END], 'instruction 0: unknown code 0x94'],
  ['a half word', [one(0x28), END], 'instruction 0: unknown code 0x28'],
  ['a load beyond the data', [END, one(0x20, 64), END], 'instruction 1: no word at offset 64'],
  ['an unaligned load', [one(0x20, 2), END], 'instruction 0: no word at offset 2'],
  ['a division by 0', [one(0x34), END], 'instruction 0: division by zero'],
  ['a shift by 32', [one(0x74, 32), END], 'instruction 0: shift by 32'],
  ['a memory word too many', [one(0x03, 16), END], 'instruction 0: no memory word 16'],
  ['a jump past the end', [one(0x05, 1), END], 'instruction 0: a jump past the end of the program'],
  [
    'a jump far past the end',
    [one(0x05, 0xffffffff), END],
    'instruction 0: a jump past the end of the program',
  ],
  [
    'a comparison past the end',
    [one(0x15, 0, 0, 1), END],
    'instruction 0: a jump past the end of the program',
  ],
  [
    'the other way past the end',
    [one(0x15, 0, 1, 0), END],
    'instruction 0: a jump past the end of the program',
  ],
  [
    'memory that one way leaves unset',
    [one(0x15, 0, 0, 1), one(0x02, 3), one(0x60, 3), END],
    'instruction 2: reads a memory word that may not be set',
  ],
  ['an offset of nine bits', [one(0x15, 0, 256, 0), ...ends(300)], 'instruction 0: a field is out of range'],
  ['a negative offset', [one(0x15, 0, 0, -1), END], 'instruction 0: a field is out of range'],
  ['a constant of 33 bits', [one(0x06, 2 ** 32)], 'instruction 0: a field is out of range'],
  ['a fraction', [one(0x06, 0.5)], 'instruction 0: a field is out of range'],
  ['a code of nine bits', [one(0x106), END], 'instruction 0: unknown code 0x106'],
];

for (const [what, program, problem] of REFUSED) {
  test(`${what} is refused`, () => {
    assert.equal(validate(program), problem);
  });
}
