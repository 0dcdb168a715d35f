/**
 * Tests of learn/profile/reachable/code/x86-64.ts, learn/profile/reachable/code/x86-64-cursor.ts and
 * learn/profile/reachable/code/x86-64-opcodes.ts: objdump is the oracle.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { Registers } from '../../../../../src/learn/profile/reachable/code/registers.js';
import type { CodeVisitor } from '../../../../../src/learn/profile/reachable/code/walker.js';
import { stubOfX8664, walkX8664 } from '../../../../../src/learn/profile/reachable/code/x86-64.js';
import { readImage } from '../../../../../src/systemd/formats/elf-image.js';
import type { CodeSegment } from '../../../../../src/systemd/formats/elf-tables.js';
import { inLayer, layerAvailable } from '../../../../support/layer.js';
import { inputs } from '../../../../support/thorough.js';
import { debianTree } from '../../../../support/tree.js';

const code = (hex: string, address = 0x1000) => ({
  address,
  bytes: Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex')),
});

/** Everything that a walk tells, as text. */
function told(hex: string): string[] {
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
  const segment = code(hex);
  const falls = walkX8664(segment, 0x1000, 0x1000 + segment.bytes.length, visitor);
  return falls ? [...found, 'falls'] : found;
}

const CASES: readonly [what: string, hex: string, told: readonly string[]][] = [
  ['a number', 'b8 39000000 0f05 c3', ['syscall 57']],
  ['a wide move', '48c7c0 0f000000 0f05', ['syscall 15', 'falls']],
  ['zero by XOR', '31c0 0f05 c3', ['syscall 0']],
  ['a number in the low byte of zero', '31c0 b038 0f05 c3', ['syscall 56']],
  ['a number in the low byte of something', '8b07 b038 0f05 c3', ['syscall']],
  ['a number in the second byte', '31c0 b438 0f05 c3', ['syscall']],
  ['a number by way of another register', 'ba 3c000000 89d0 0f05 c3', ['syscall 60']],
  ['a number in r12', '41bc ca000000 4489e0 0f05 c3', ['syscall 202']],
  ['an SSE register of the number 0', 'b8 0e000000 0f104610 0f05 c3', ['syscall 14']],
  ['a number that is compared', 'b8 0e000000 83f801 0f05 c3', ['syscall 14']],
  ['a number that is changed', 'b8 0e000000 83c001 0f05 c3', ['syscall']],
  ['a number that a call may change', 'b8 0e000000 e8 00000000 0f05 c3', ['call 100a', 'syscall']],
  ['the first argument', '4889f8 0f05 c3', ['syscall argument0']],
  ['the second argument, sign-extended', '4863c6 0f05 c3', ['syscall argument1']],
  ['a word of the stack', '488b442410 0f05 c3', ['syscall argument6']],
  ['a word of other memory', '8b07 0f05 c3', ['syscall']],
  [
    'two numbers',
    '85ff 7407 b8 01000000 eb05 b8 02000000 0f05 c3',
    ['jump 100b', 'jump 1010', 'syscall 1 2'],
  ],
  [
    'a number before a loop that is entered in its middle',
    '41b9 ca000000 eb03 0f1f00 4489c8 0f05 85c0 75f7 c3',
    ['jump 100b', 'syscall 202', 'jump 100b'],
  ],
  ['a call through memory', 'bf 05000000 ff15 00010000 c3', ['memory 110b', 'indirect [5]']],
  ['a load of two words', '0f2805 00010000 c3', ['memory 1107 2 words']],
  ['a load of four words', 'c5fd6f05 00010000 c3', ['memory 1108 4 words']],
  ['a conditional move', 'b8 01000000 ba 02000000 0f44c2 0f05 c3', ['syscall 1 2']],
  ['a call through a register', 'bf 05000000 ffd0 c3', ['indirect [5]']],
  ['an address', '488d3d f0ff0000 c3', ['address 10ff7']],
  ['a comparison of memory with an immediate', '833d 00010000 07 c3', ['memory 1107']],
  ['jumps by 8 and by 32 bits', '7500 0f8f 10000000 e9 00000000', ['jump 1002', 'jump 1018', 'jump 100d']],
  ['a return and padding', 'c3 6690 0f1f4000 cc', []],
  ['nothing', '', ['falls']],
];

for (const [what, hex, expected] of CASES) {
  test(`a walk reports ${what}`, () => assert.deepEqual(told(hex), expected));
}

test('a stub of the linkage table names its slot', () => {
  const pad = '00'.repeat(16);
  assert.equal(stubOfX8664(code(`ff25 10000000 68 00000000${pad}`), 0x1000), 0x1016);
  assert.equal(stubOfX8664(code(`f30f1efa f2ff25 10000000${pad}`), 0x1000), 0x101b);
  assert.equal(stubOfX8664(code(`f30f1efa ff25 10000000${pad}`), 0x1000), 0x101a);
  assert.equal(stubOfX8664(code(`ff35 10000000${pad}`), 0x1000), undefined);
  assert.equal(stubOfX8664(code('ff25 10000000'), 0x1000), undefined);
});

test('no bytes make a walk fail or run forever', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      assert.ok(Array.isArray(told(Buffer.from(bytes).toString('hex'))));
    }),
    inputs(3000),
  );
});

for (const library of ['libc.so.6', 'libm.so.6', 'libcrypto.so.3']) {
  test(`instructions of ${library} begin where objdump has them`, { skip: layerAvailable() }, async () => {
    const path = `/usr/lib/x86_64-linux-gnu/${library}`;
    const image = readImage(readFileSync(join(debianTree('toolchain'), path)))!;
    const text = image.code.reduce((one, other) => (other.bytes.length > one.bytes.length ? other : one));
    const { stdout } = await inLayer(['objdump', '-d', '--no-show-raw-insn', '-j.text', path]);
    const theirs = stdout.split('\n').flatMap((line) => /^ +([0-9a-f]+):\t/.exec(line)?.[1] ?? []);
    const ours = beginnings(text, image.starts);
    const missing = theirs.filter((at) => !ours.has(Number.parseInt(at, 16)));
    // XOP, which no processor has had for years, is taken for something shorter.
    assert.ok(
      theirs.length > 50_000 && missing.length < theirs.length / 5000,
      missing.slice(0, 20).join(' '),
    );
  });
}

/** The addresses of all instructions, function by function. */
function beginnings(segment: CodeSegment, starts: readonly number[]): Set<number> {
  const end = segment.address + segment.bytes.length;
  const inside = starts.filter((start) => start >= segment.address && start < end);
  const found = new Set<number>();
  const arrive = Registers.prototype.arrive;
  Registers.prototype.arrive = function (at) {
    found.add(at);
    arrive.call(this, at);
  };
  try {
    const ignore = () => {};
    const visitor = {
      call: ignore,
      jump: ignore,
      memory: ignore,
      address: ignore,
      indirect: ignore,
      syscall: ignore,
    };
    for (const [i, start] of inside.entries()) walkX8664(segment, start, inside[i + 1] ?? end, visitor);
  } finally {
    Registers.prototype.arrive = arrive;
  }
  return found;
}
