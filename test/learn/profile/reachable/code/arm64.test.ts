import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { stubOfArm64, walkArm64 } from '../../../../../src/learn/profile/reachable/code/arm64.js';
import type { CodeVisitor } from '../../../../../src/learn/profile/reachable/code/walker.js';
import { inputs } from '../../../../support/thorough.js';

const code = (words: readonly number[]) => {
  const bytes = new Uint8Array(words.length * 4);
  const view = new DataView(bytes.buffer);
  words.forEach((word, i) => {
    view.setUint32(i * 4, word, true);
  });
  return { address: 0x1000, bytes };
};

/** Everything that a walk tells, as text. */
function told(words: readonly number[]): string[] {
  const found: string[] = [];
  const at = (what: string) => (address: number) => {
    found.push(`${what} ${address.toString(16)}`);
  };
  const visitor: CodeVisitor = {
    call: at('call'),
    jump: at('jump'),
    memory: (address, words) => {
      found.push(`memory ${address.toString(16)}${words > 1 ? ` ${words} words` : ''}`);
    },
    address: at('address'),
    indirect: (registers) => {
      found.push(`indirect ${JSON.stringify(registers.argument(0).constants)}`);
    },
    syscall: (registers) => {
      const { constants, parameters } = registers.callNumber();
      found.push(
        ['syscall', ...constants.toSorted(), ...parameters.map((index) => `argument${index}`)].join(' '),
      );
    },
  };
  const falls = walkArm64(code(words), 0x1000, 0x1000 + words.length * 4, visitor);
  return falls ? [...found, 'falls'] : found;
}

const SVC = 0xd4000001;
const RET = 0xd65f03c0;
const NOP = 0xd503201f;

const CASES: readonly [what: string, words: readonly number[], told: readonly string[]][] = [
  ['a number', [0xd2800708, SVC, RET], ['syscall 56']], // mov x8, #56
  ['a number by way of another register', [0xd2800702, 0xaa0203e8, SVC, RET], ['syscall 56']], // mov x8, x2
  ['zero', [0xaa1f03e8, SVC, RET], ['syscall 0']], // mov x8, xzr
  ['a number that is changed', [0xd2800708, 0x91000508, SVC, RET], ['syscall']], // add x8, x8, #1
  ['a number that is loaded', [0xd2800708, 0xf9400008, SVC, RET], ['syscall']], // ldr x8, [x0]
  ['a number that is loaded in a pair', [0xd2800708, 0xa9402008, SVC, RET], ['syscall']], // ldp x8, x8, [x0]
  ['a number that is stored', [0xd2800708, 0xf9000008, SVC, RET], ['syscall 56']], // str x8, [x0]
  ['a number that is stored in a pair', [0xd2800708, 0xa9be03e8, SVC, RET], ['syscall 56']], // stp x8, x0, [sp, #-32]!
  ['a number that is compared', [0xd2800708, 0xf100011f, SVC, RET], ['syscall 56']], // cmp x8, #0
  ['an argument', [0xaa0003e8, SVC, RET], ['syscall argument0']],
  ['the seventh argument', [0xaa0603e8, SVC, RET], ['syscall argument6']],
  ['a call', [0x94000010, RET], ['call 1040']],
  ['a call back', [NOP, 0x97fffffe, RET], ['call ffc']],
  ['a jump', [0x14000010], ['jump 1040']],
  ['conditions', [0x54000080, 0xb4000080, 0x36080080, RET], ['jump 1010', 'jump 1014', 'jump 1018']],
  ['a call through a register', [0xd28000a0, 0xd63f0100, RET], ['indirect [5]']], // mov x0, #5; blr x8
  ['a jump through a register', [0xd61f0200], ['indirect []']],
  // adrp x0, +0x2000; add x0, x0, #0x10; ldr x1, [x0, #8]
  ['an address and a load', [0xd0000000, 0x91004000, 0xf9400401, RET], ['address 3010', 'memory 3018']],
  // mov x2, #1; csel x8, x2, xzr, eq
  ['a conditional choice', [0xd2800022, 0x9a9f0048, SVC, RET], ['syscall 0 1']],
  // adrp x0, +0x2000; ldr x1, [x0, #8]; mov x0, #5; blr x1
  [
    'a call of what was loaded',
    [0xd0000000, 0xf9400401, 0xd28000a0, 0xd63f0020, RET],
    ['memory 3008', 'memory 3008', 'indirect [5]'],
  ],
  ['a load of two words', [0xd0000000, 0x3dc00400, RET], ['memory 3010 2 words']], // ldr q0, [x0, #16]
  ['an address beside', [0x10000080, RET], ['address 1010']], // adr x0, +16
  [
    'two numbers', // cbz x0, +12; mov x8, #1; b +8; mov x8, #2
    [0xb4000060, 0xd2800028, 0x14000002, 0xd2800048, SVC, RET],
    ['jump 100c', 'jump 1010', 'syscall 1 2'],
  ],
  ['nothing that goes on behind a return', [RET, NOP, 0], []],
  ['an end that goes on', [NOP, 0xd2800708], ['falls']],
];

for (const [what, words, expected] of CASES) {
  test(`a walk reports ${what}`, () => assert.deepEqual(told(words), expected));
}

test('a stub of the linkage table names its slot', () => {
  const stub = [0xd0000010, 0xf9400a11, 0x91004210, 0xd61f0220]; // adrp x16; ldr x17, [x16, #16]; add; br x17
  assert.equal(stubOfArm64(code(stub), 0x1000), 0x3010);
  assert.equal(stubOfArm64(code([0xd503245f, ...stub]), 0x1000), 0x3010);
  assert.equal(stubOfArm64(code([NOP, ...stub]), 0x1000), undefined);
  assert.equal(stubOfArm64(code(stub.slice(0, 2)), 0x1000), undefined);
});

test('no instruction makes a walk fail', () => {
  const word = fc.integer({ min: 0, max: 0xffffffff });
  fc.assert(
    fc.property(fc.array(word, { maxLength: 16 }), (words) => Array.isArray(told(words))),
    inputs(3000),
  );
});
