import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { UserError } from '../../../src/diagnostic.js';
import type { Instruction } from '../../../src/seccomp/filter/bpf.js';
import {
  decodeFilterFile,
  encodeFilterFile,
  type FilterFile,
  GUARD_LENGTH,
  LAUNCHER_CALLS,
  MAX_PROGRAM_LENGTH,
  TRACER_CALLS,
} from '../../../src/seccomp/filter/filter-file.js';
import { MACHINES } from '../../../src/seccomp/syscalls/abi.js';
import { isKnownCall, numbersOf } from '../../../src/seccomp/syscalls/numbers.js';

const LOAD: Instruction = { code: 0x20, jt: 0, jf: 0, k: 0 };
const RETURN: Instruction = { code: 0x06, jt: 0, jf: 0, k: 0x7fff0000 };

const file = (change: Partial<FilterFile> = {}): FilterFile => ({
  noNewPrivileges: true,
  log: false,
  programs: new Map([['x86-64', [LOAD, RETURN]]]),
  ...change,
});

const bytesOf = (hex: string) => Uint8Array.from(Buffer.from(hex.replace(/\s/g, ''), 'hex'));

test('the bytes follow the format', () => {
  const programs = new Map([
    ['arm64', [{ code: 0x15, jt: 0, jf: 0, k: 0x01020304 }, RETURN]],
    ['x86-64', [{ code: 0x06, jt: 0, jf: 0, k: 0x80000000 }]],
  ] as const);
  assert.deepEqual(
    encodeFilterFile(file({ log: true, programs })),
    bytesOf(`
      53425855 4e495446  01000000 00000000 03000000 02000000
      3e0000c0 00000000 01000000
      b70000c0 00000000 02000000
      0600 00 00 00000080
      1500 00 00 04030201
      0600 00 00 0000ff7f`),
  );
});

test('filter files of stage entry have two programs for a machine', () => {
  const refuse: Instruction = { code: 0x06, jt: 0, jf: 0, k: 0x80000000 };
  const programs = new Map([['x86-64', [refuse]]] as const);
  assert.deepEqual(
    encodeFilterFile(file({ programs, start: new Map([['x86-64', [LOAD, RETURN]]]) })),
    bytesOf(`
      53425855 4e495446  01000000 01000000 01000000 02000000
      3e0000c0 00000000 01000000
      3e0000c0 01000000 02000000
      0600 00 00 00000080
      2000 00 00 00000000
      0600 00 00 0000ff7f`),
  );
});

test('filter files of stage ready have one program for a machine', () => {
  const ready = file({ programs: new Map([['x86-64', [RETURN]]]), ready: true });
  const bytes = encodeFilterFile(ready);
  assert.equal(bytes[12], 2);
  assert.deepEqual(decodeFilterFile(bytes), ready);
  const both = { ...ready, start: ready.programs };
  assert.throws(() => encodeFilterFile(both), /has programs of stage 'entry' at stage 'ready'/);
});

test('a written file reads back', () => {
  const straight = fc.array(
    fc.oneof(
      fc.constantFrom(0, 4, 16, 60).map((k) => ({ code: 0x20, jt: 0, jf: 0, k })),
      fc.nat(0xffffffff).map((k) => ({ code: 0x54, jt: 0, jf: 0, k })),
      fc.nat(0xffffffff).map((k) => ({ code: 0x15, jt: 0, jf: 0, k })),
    ),
    { maxLength: 50 },
  );
  const programs = fc
    .tuple(fc.subarray([...MACHINES], { minLength: 1 }), straight)
    .map(([machines, body]) => new Map(machines.map((machine) => [machine, [...body, RETURN]])));
  const files = fc
    .record({ noNewPrivileges: fc.boolean(), log: fc.boolean(), programs, entry: fc.boolean() })
    .map(({ entry, ...one }): FilterFile => {
      const start = new Map([...one.programs].map(([machine, body]) => [machine, [LOAD, ...body]]));
      return { ...one, ...(entry ? { start } : {}) };
    });
  fc.assert(
    fc.property(files, (one) => {
      assert.deepEqual(decodeFilterFile(encodeFilterFile(one)), one);
    }),
  );
});

test('equal files give equal bytes, whatever the order of their programs', () => {
  const forward = new Map(MACHINES.map((machine) => [machine, [RETURN]]));
  const backward = new Map([...MACHINES].reverse().map((machine) => [machine, [RETURN]]));
  assert.deepEqual(
    encodeFilterFile(file({ programs: forward })),
    encodeFilterFile(file({ programs: backward })),
  );
});

test('a buffer is read from the place where the file begins', () => {
  const bytes = encodeFilterFile(file());
  const within = new Uint8Array(bytes.length + 10);
  within.set(bytes, 3);
  assert.deepEqual(decodeFilterFile(within.subarray(3, 3 + bytes.length)), file());
});

describe('a file that the launcher would refuse is not written:', () => {
  const long = (length: number) => [...Array.from({ length: length - 1 }, () => LOAD), RETURN];
  const CASES: readonly [string, FilterFile['programs'], string][] = [
    ['no program', new Map(), 'the filter has no program'],
    [
      'an empty program',
      new Map([['arm64', []]]),
      "the filter's program for arm64: 0 instructions, but only 1 to 4096 are allowed",
    ],
    [
      'a program that leaves no room for the guard',
      new Map([['x86-64', long(MAX_PROGRAM_LENGTH + 1)]]),
      "the filter's program for x86-64: 4079 instructions, but at most 4078 are allowed",
    ],
    [
      'a program that the kernel refuses',
      new Map([['x86-64', [LOAD]]]),
      "the filter's program for x86-64: the last instruction is not a return",
    ],
    [
      'an instruction that does not fit',
      new Map([['x86-64', [{ ...RETURN, k: 2 ** 32 }]]]),
      "the filter's program for x86-64: instruction 0: a field is out of range",
    ],
  ];
  for (const [name, programs, message] of CASES) {
    test(name, () => {
      assert.throws(
        () => encodeFilterFile(file({ programs })),
        new UserError({ severity: 'error', code: 'cannot-start', message }),
      );
    });
  }

  test('one of the two programs of stage entry', () => {
    const both = new Map(MACHINES.map((machine) => [machine, [RETURN]]));
    const message = "the filter has only one of the two programs of stage 'entry' for arm64";
    for (const [programs, start] of [
      [file().programs, both],
      [both, file().programs],
    ] as const) {
      assert.throws(
        () => encodeFilterFile(file({ programs, start })),
        new UserError({ severity: 'error', code: 'cannot-start', message }),
      );
    }
  });

  test('the longest program is written', () => {
    const programs = new Map([['x86-64', long(MAX_PROGRAM_LENGTH)]] as const);
    assert.equal(encodeFilterFile(file({ programs })).length, 24 + 12 + 8 * MAX_PROGRAM_LENGTH);
  });
});

describe('an invalid file is refused:', () => {
  const good = encodeFilterFile(file());
  const changed = (offset: number, ...bytes: number[]) => {
    const copy = good.slice();
    copy.set(bytes, offset);
    return copy;
  };
  const twice = new Uint8Array([
    ...changed(20, 2).slice(0, 24),
    ...good.slice(24, 36),
    ...good.slice(24, 36),
    ...good.slice(36),
    ...good.slice(36),
  ]);
  const CASES: readonly [string, Uint8Array, string][] = [
    ['empty', new Uint8Array(), 'the filter file is too short'],
    ['cut within the header', good.slice(0, 23), 'the filter file is too short'],
    ['cut within the table', good.slice(0, 35), 'the filter file is too short'],
    ['cut within the program', good.slice(0, -1), 'the filter file is not as long as its header says'],
    [
      'with a byte too many',
      new Uint8Array([...good, 0]),
      'the filter file is not as long as its header says',
    ],
    ['of another kind', changed(7, 0), 'the filter file has an unknown header'],
    ['of version 2', changed(8, 2), 'the filter file has version 2, but only 1 is supported'],
    ['for an unknown stage', changed(12, 3), 'the filter file has an unknown stage 3'],
    ['with an unknown flag', changed(16, 5), 'the filter file has unknown flags 0x5'],
    ['with the highest flag', changed(16, 0, 0, 0, 0x80), 'the filter file has unknown flags 0x80000000'],
    ['with no program', changed(20, 0), 'the filter file has 0 programs, not 1 to 8'],
    ['with nine programs', changed(20, 9), 'the filter file has 9 programs, not 1 to 8'],
    [
      'for an unknown architecture',
      changed(24, 0, 0, 0, 0),
      'the filter file has a program for an unknown architecture 0x0',
    ],
    ['with another role', changed(28, 1), 'the filter file has a program of an unknown role 1'],
    [
      'of stage entry without the programs of the start',
      changed(12, 1),
      "the filter has only one of the two programs of stage 'entry' for x86-64",
    ],
    [
      'with a length beyond all bytes',
      changed(32, 255, 255, 255, 255),
      'the filter file is not as long as its header says',
    ],
    ['with two programs for a machine', twice, 'the filter file has two programs for x86-64'],
    [
      'with a program that the kernel refuses',
      changed(36, 0xff),
      "the filter's program for x86-64: instruction 0: unknown code 0xff",
    ],
  ];
  for (const [name, bytes, message] of CASES) {
    test(name, () => {
      const result = decodeFilterFile(bytes);
      assert.deepEqual('message' in result ? [result.code, result.message] : result, [
        'cannot-start',
        message,
      ]);
    });
  }
});

test('the launcher leaves room for the guard in the longest program', () => {
  assert.equal(GUARD_LENGTH + MAX_PROGRAM_LENGTH, 4096);
});

test("the launcher's calls exist on every machine that it supports", () => {
  for (const call of [...LAUNCHER_CALLS, ...TRACER_CALLS]) {
    assert.ok(isKnownCall(call), call);
    for (const abi of ['x86-64', 'arm64'] as const) assert.ok(numbersOf(abi).has(call), `${call} on ${abi}`);
  }
  for (const list of [LAUNCHER_CALLS, TRACER_CALLS]) assert.deepEqual([...list].sort(), list);
});
