import assert from 'node:assert/strict';
import { test } from 'node:test';
import { disassemble, type Instruction } from '../../src/filter/bpf.js';

const one = (code: number, k = 0, jt = 0, jf = 0): Instruction => ({ code, jt, jf, k });

const LINES: readonly [Instruction, string][] = [
  [one(0x20, 4), 'ld [4]'],
  [one(0x00, 16), 'ld #0x10'],
  [one(0x60, 3), 'ld M[3]'],
  [one(0x80), 'ld len'],
  [one(0x01, 16), 'ldx #0x10'],
  [one(0x61, 15), 'ldx M[15]'],
  [one(0x81), 'ldx len'],
  [one(0x02, 1), 'st M[1]'],
  [one(0x03, 1), 'stx M[1]'],
  [one(0x04, 0xffffffff), 'add #0xffffffff'],
  [one(0x54, 0x80), 'and #0x80'],
  [one(0xac), 'xor x'],
  [one(0x84), 'neg'],
  [one(0x07), 'tax'],
  [one(0x87), 'txa'],
  [one(0x05, 300), 'ja 301'],
  [one(0x15, 0xc000003e, 2, 0), 'jeq #0xc000003e, 3, 1'],
  [one(0x2d, 7, 0, 255), 'jgt x, 1, 256'],
  [one(0x35, 0x40000000, 1, 3), 'jge #0x40000000, 2, 4'],
  [one(0x45, 6, 1, 0), 'jset #0x6, 2, 1'],
  [one(0x06, 0x7fff0000), 'ret #0x7fff0000'],
  [one(0x16), 'ret a'],
  [one(0x28, 4, 1, 2), 'invalid code=0x28 jt=1 jf=2 k=0x4'],
  [one(0x0d), 'invalid code=0xd jt=0 jf=0 k=0x0'],
  [one(0x120, 5), 'invalid code=0x120 jt=0 jf=0 k=0x5'],
];

for (const [instruction, line] of LINES) {
  test(`an instruction is shown as '${line}'`, () => {
    assert.equal(disassemble([instruction]), `0: ${line}`);
  });
}

test('lines are numbered, jumps name the line that they lead to', () => {
  const program = [one(0x20, 0), one(0x15, 59, 8, 0), ...new Array<Instruction>(10).fill(one(0x06, 0x50001))];
  assert.equal(
    disassemble(program).split('\n').slice(0, 3).join('\n'),
    ' 0: ld [0]\n 1: jeq #0x3b, 10, 2\n 2: ret #0x50001',
  );
});

test('an empty program has an empty listing', () => {
  assert.equal(disassemble([]), '');
});
