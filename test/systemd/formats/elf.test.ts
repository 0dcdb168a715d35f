import assert from 'node:assert/strict';
import { closeSync, openSync, readSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { elfMachine, HEAD_SIZE, readProgram } from '../../../src/systemd/formats/elf.js';
import { elf, PT_INTERP, PT_LOAD } from '../../support/elf.js';

const text = (string: string) => new TextEncoder().encode(string);

const LOADER = '/lib64/ld-linux-x86-64.so.2';
const DYNAMIC = { kind: 'dynamic', interpreter: LOADER } as const;
const OTHER = { kind: 'other' } as const;

const CASES: readonly [what: string, head: Uint8Array, facts: ReturnType<typeof readProgram>][] = [
  ['a static program', elf(), OTHER],
  ['a dynamic program', elf({ types: [6, PT_INTERP, PT_LOAD], interpreter: LOADER }), DYNAMIC],
  ['a 32-bit program', elf({ bits: 32, types: [PT_LOAD, PT_INTERP], interpreter: LOADER }), OTHER],
  [
    'a dynamic program whose headers are longer than usual',
    elf({ types: [PT_LOAD, PT_INTERP], interpreter: LOADER, headerSize: 64 }),
    DYNAMIC,
  ],
  [
    'a dynamic program whose loader is named beyond the head',
    elf({ types: [PT_INTERP], interpreter: LOADER, interpreterAt: 1 << 20 }),
    { ...DYNAMIC, interpreter: '' },
  ],
  ['a program whose headers are beyond the head', elf({ tableAt: 1 << 20 }), OTHER],
  ['a program whose headers end beyond the head', elf({ count: 40, length: 2048 }), OTHER],
  ['a program that claims 65535 headers of no size', elf({ count: 0xffff, headerSize: 0 }), OTHER],
  ['an object file, which has no program headers', elf({ types: [] }), OTHER],
  ['a big-endian program', elf({ bigEndian: true }), OTHER],
  ['a head that is cut off', elf().subarray(0, 63), OTHER],
  ['a class that there is not', elf().map((byte, i) => (i === 4 ? 3 : byte)), OTHER],
  ['an empty file', new Uint8Array(), OTHER],
  ['a text', text('hello\n'.repeat(20)), OTHER],
  ['a script', text('#!/bin/sh\necho\n'), { kind: 'script', interpreter: '/bin/sh', words: [] }],
  [
    'a script with an argument',
    text('#! /usr/bin/env\tpython3\n'),
    { kind: 'script', interpreter: '/usr/bin/env', words: ['python3'] },
  ],
  ['a script of one line', text('#!/bin/sh'), { kind: 'script', interpreter: '/bin/sh', words: [] }],
  ['a script without an interpreter', text('#! \n/bin/sh\n'), OTHER],
  ['only the mark of a script', text('#!'), OTHER],
];

for (const [what, head, facts] of CASES) {
  test(`${what} is read as ${facts.kind}`, () => {
    assert.deepEqual(readProgram(head), facts);
  });
}

test('an ELF header can be in a larger buffer', () => {
  const large = new Uint8Array(4096);
  large.set(elf({ types: [PT_INTERP], interpreter: LOADER }), 100);
  assert.deepEqual(readProgram(large.subarray(100, 2148)), DYNAMIC);
});

test('the program that runs this test is read correctly', () => {
  const head = new Uint8Array(HEAD_SIZE);
  const fd = openSync(process.execPath, 'r');
  readSync(fd, head);
  closeSync(fd);
  const facts = readProgram(head);
  assert.ok(facts.kind === 'dynamic' && /^\/.*\/ld-.*so/.test(facts.interpreter), JSON.stringify(facts));
});

const MACHINES: readonly [number: number, machine: string | undefined][] = [
  [62, 'x86-64'],
  [183, 'arm64'],
  [243, 'riscv64'],
  [3, undefined],
  [0, undefined],
];

for (const [number, machine] of MACHINES) {
  test(`code of kind ${number} is for ${machine ?? 'a machine that is not known'}`, () => {
    const head = elf();
    head[18] = number;
    assert.equal(elfMachine(head), machine);
  });
}

test("a file that isn't ELF is for no machine", () => {
  assert.equal(elfMachine(text('#!/bin/sh\n')), undefined);
  assert.equal(elfMachine(elf({ bigEndian: true }).map((byte, i) => (i === 18 ? 62 : byte))), undefined);
  assert.equal(elfMachine(new Uint8Array()), undefined);
});

test('no header causes an exception', () => {
  const start = fc.constantFrom(
    text('#!'),
    elf().subarray(0, 64),
    elf({ bits: 32 }).subarray(0, 64),
    text(''),
  );
  fc.assert(
    fc.property(start, fc.uint8Array({ maxLength: 300 }), fc.array(fc.nat(63)), (prefix, rest, holes) => {
      const head = Uint8Array.from([...prefix, ...rest]);
      for (const at of holes) if (at > 5 && at < head.length) head[at] = rest[at] ?? 0xff;
      assert.ok(['dynamic', 'script', 'other'].includes(readProgram(head).kind));
    }),
  );
});
