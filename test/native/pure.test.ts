import assert from 'node:assert/strict';
import { before } from 'node:test';
import fc from 'fast-check';
import type { Diagnostic } from '../../src/diagnostic.js';
import type { Instruction } from '../../src/seccomp/filter/bpf.js';
import { compile } from '../../src/seccomp/filter/compile/compile.js';
import {
  decodeFilterFile,
  encodeFilterFile,
  type FilterFile,
  MAX_PROGRAM_LENGTH,
} from '../../src/seccomp/filter/filter-file.js';
import { simulate } from '../../src/seccomp/filter/simulate.js';
import { ABIS, abisOf, MACHINES, type Machine } from '../../src/seccomp/syscalls/abi.js';
import { ALLOW } from '../../src/seccomp/syscalls/action.js';
import { numbersOf } from '../../src/seccomp/syscalls/numbers.js';
import { evaluate, type SeccompData, type SyscallPolicy } from '../../src/seccomp/syscalls/policy.js';
import { launcherObstacle, sharedFolder } from '../support/native.js';
import { callFor, syscallPolicy } from '../support/policies.js';
import { archOf, compilePure, decodeProgram, type Pure, words } from '../support/pure.js';
import { testsUnless } from '../support/tests-unless.js';

const skip = launcherObstacle();
const test = testsUnless(skip);
const folder = sharedFolder();
let answers: Pure;

before(async () => {
  if (!skip) answers = await compilePure(folder);
});

/** Bytes that are nearly a filter file: a good one with some words before its programs changed and its end moved. */
const nearlyFilterFile = (): fc.Arbitrary<Uint8Array> => {
  const ret: Instruction = { code: 0x06, jt: 0, jf: 0, k: ALLOW };
  const lengths = fc.constantFrom(
    0,
    1,
    2,
    3,
    8,
    9,
    MAX_PROGRAM_LENGTH,
    MAX_PROGRAM_LENGTH + 1,
    0x80000000,
    0xffffffff,
  );
  return fc
    .record({
      machines: fc.subarray([...MACHINES], { minLength: 1 }),
      length: fc.constantFrom(1, 2, 3, MAX_PROGRAM_LENGTH),
      entry: fc.boolean(),
      flags: fc.record({ noNewPrivileges: fc.boolean(), log: fc.boolean() }),
      changes: fc.array(fc.tuple(fc.nat(16), fc.oneof(lengths, fc.constantFrom(...MACHINES.map(archOf)))), {
        maxLength: 2,
      }),
      end: fc.constantFrom(0, 0, 0, -1, -8, 1, 8, -100),
    })
    .map(({ machines, length, entry, flags, changes, end }) => {
      const program = Array.from({ length }, () => ret);
      const programs = new Map(machines.map((machine) => [machine, program]));
      const start = entry ? { start: programs } : {};
      const good = Buffer.from(encodeFilterFile({ ...flags, programs, ...start }));
      for (const [word, value] of changes) {
        if (word < 4 + 3 * machines.length * (entry ? 2 : 1)) good.writeUInt32LE(value, 8 + 4 * word);
      }
      return end <= 0
        ? good.subarray(0, Math.max(0, good.length + end))
        : Buffer.concat([good, good.subarray(-8, -8 + end || undefined)]);
    });
};

/** What the launcher on a machine is to answer, by what the command reads in the file: undefined for a refusal. */
function expectedAnswer(
  file: FilterFile | Diagnostic,
  bytes: Uint8Array,
  machine: Machine,
): string | undefined {
  if ('code' in file || !file.programs.has(machine)) return undefined;
  const words = new DataView(bytes.buffer, bytes.byteOffset);
  const count = file.programs.size + (file.start?.size ?? 0);
  const found: string[] = [];
  let offset = 24 + 12 * count;
  for (let at = 24; at < 24 + 12 * count; at += 12) {
    const [arch, role, length] = [0, 4, 8].map((field) => words.getUint32(at + field, true));
    if (arch === archOf(machine)) found[role!] = `${['main', 'start'][role!]}=${length}@${offset}`;
    offset += 8 * length!;
  }
  const flags = (file.noNewPrivileges ? 1 : 0) | (file.log ? 2 : 0);
  return [`flags=${flags}`, ...found].join(' ');
}

test('the launcher and the command read the same filter files, in the same way', async () => {
  const cases = fc.tuple(nearlyFilterFile(), fc.constantFrom(...MACHINES));
  await fc.assert(
    fc.asyncProperty(fc.array(cases, { minLength: 200, maxLength: 200 }), async (batch) => {
      const requests = batch.map(([bytes, machine]) => Buffer.concat([words(archOf(machine)), bytes]));
      const lines = await answers('f', requests);
      batch.forEach(([bytes, machine], index) => {
        const line = lines[index]!;
        const file = decodeFilterFile(bytes);
        // The launcher doesn't mind programs for machines that it has never heard of.
        if ('code' in file && file.message.includes('unknown architecture')) return;
        assert.equal(
          line.startsWith('flags=') ? line : undefined,
          expectedAnswer(file, bytes, machine),
          line,
        );
      });
      assert.ok(lines.some((line) => line.startsWith('flags=')));
    }),
    { numRuns: 10, endOnFailure: true },
  );
});

test('arbitrary bytes are refused without reading past their end', async () => {
  const magic = Buffer.from('SBXUNITF\x01\0\0\0\0\0\0\0');
  const bytes = fc.uint8Array({ maxLength: 200 });
  const hostile = fc.oneof(
    bytes,
    bytes.map((rest) => Buffer.concat([magic, rest])),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(hostile, { minLength: 300, maxLength: 300 }), async (batch) => {
      const lines = await answers(
        'f',
        batch.map((one) => Buffer.concat([words(archOf('x86-64')), one])),
      );
      for (const line of lines) assert.doesNotMatch(line, /^flags=/);
    }),
    { numRuns: 10, endOnFailure: true },
  );
});

test('base64 is read only in its canonical form', async () => {
  const encoded = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString('base64'));
  const odd = fc.string({ unit: fc.constantFrom(...'AQRZaz09+/=-_ \n'), maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(fc.array(fc.oneof(encoded, odd), { minLength: 300, maxLength: 300 }), async (batch) => {
      const lines = await answers(
        'b',
        batch.map((text) => Buffer.from(text)),
      );
      batch.forEach((text, index) => {
        const bytes = Buffer.from(text, 'base64');
        const line = lines[index]!;
        const isCanonical = bytes.toString('base64') === text;
        assert.equal(line.startsWith('bytes='), isCanonical, `${JSON.stringify(text)}: ${line}`);
        if (isCanonical) assert.equal(line, `bytes=${bytes.toString('hex')}`);
      });
    }),
    { numRuns: 10, endOnFailure: true },
  );
});

test('a message is one line of printable characters, whatever it quotes', async () => {
  const name = fc.uint8Array({ maxLength: 3000 }).map((bytes) => bytes.filter((byte) => byte !== 0));
  await fc.assert(
    fc.asyncProperty(fc.array(name, { minLength: 50, maxLength: 50 }), async (batch) => {
      const shown = (bytes: Uint8Array) =>
        [...bytes.slice(0, 160)]
          .map((b) =>
            b >= 0x20 && b <= 0x7e ? String.fromCharCode(b) : `\\x${b.toString(16).padStart(2, '0')}`,
          )
          .join('');
      assert.deepEqual(
        await answers('m', batch),
        batch.map((bytes) => {
          const quoted = `'${shown(bytes)}${bytes.length > 160 ? '...' : ''}'`;
          return `sandbox-unit-launcher: can't open ${quoted} now: ENOENT (no such file or directory); look`;
        }),
      );
    }),
    { numRuns: 10, endOnFailure: true },
  );
});

test('a script is its three lines and nothing else', async () => {
  const good = '#!/launcher --script\nfilter=/a b\nprogram=/c\n';
  const lines = "must have three lines, the first of which begins with '#!'";
  const paths = "must name an absolute path after 'filter=', then one after 'program='";
  const path = (length: number) => `/${'x'.repeat(length - 1)}`;
  const CASES: readonly [string, string][] = [
    [good, 'filter=/a b program=/c'],
    ['#!\nfilter=/\nprogram=/\n', 'filter=/ program=/'],
    ['', lines],
    ['\n\n\n', lines],
    [good.slice(0, -1), lines],
    [`${good}\n`, lines],
    [`${good} `, lines],
    [good.replace('#!', '# '), lines],
    [good.replace('/c', '/\0c'), lines],
    [good.replace('/a', 'a'), paths],
    [good.replace('/c', ''), paths],
    [good.replace('filter', 'Filter'), paths],
    ['#!/launcher --script\nprogram=/c\nfilter=/a\n', paths],
    [`#!\nfilter=${path(6000)}\nprogram=${path(6268)}\n`, `filter=${path(6000)} program=${path(6268)}`],
    [`#!\nfilter=${path(6000)}\nprogram=${path(6269)}\n`, 'is too long'],
  ];
  assert.deepEqual(
    await answers(
      's',
      CASES.map(([text]) => Buffer.from(text)),
    ),
    CASES.map(([, answer]) => answer),
  );
});

test('no bytes and no words make the launcher read out of bounds', async () => {
  const part = fc.constantFrom('#!', '\n', 'filter=', 'program=', '/', '/x', '\0', 'x', '--script');
  const script = fc.array(part, { maxLength: 12 }).map((parts) => Buffer.from(parts.join('')));
  const word = fc.oneof(
    fc.constantFrom(
      '--',
      '--filter=',
      '--filter=/f',
      '--argv0=',
      '--search-path=',
      '--search-path=/a:/b',
      '--help',
    ),
    fc.constantFrom('--script', '--filter-base64=QQ==', '--search-path=/:', 'x', '', '-'),
  );
  const command = fc
    .array(word, { maxLength: 8 })
    .map((words) => Buffer.from(words.map((w) => `${w}\0`).join('')));
  const many = { minLength: 300, maxLength: 300 };
  await fc.assert(
    fc.asyncProperty(fc.array(script, many), fc.array(command, many), async (scripts, commands) => {
      const problem = /^(filter=\/|must |is too long)/;
      for (const line of await answers('s', scripts)) assert.match(line, problem);
      const answer = /^(request=[0-2]|sandbox-unit-launcher: .*; see sandbox-unit-launcher --help)$/;
      for (const line of await answers('o', commands)) assert.match(line, answer);
    }),
    { numRuns: 10, endOnFailure: true },
  );
});

type Key = readonly [bigint, bigint, bigint];

const keyArgument = () => fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });
const key = (): fc.Arbitrary<Key> => fc.tuple(keyArgument(), keyArgument(), keyArgument());

async function guardFor(machine: Machine, value: Key): Promise<Instruction[]> {
  const request = Buffer.alloc(32);
  request.set(words(archOf(machine), numbersOf(abisOf(machine)[0]!).get('execve')!));
  for (const [index, one] of value.entries()) request.writeBigUInt64LE(one, 8 + 8 * index);
  return decodeProgram((await answers('g', [request]))[0]!);
}

/** The launcher's own exec, and calls that differ from it in one bit of one word. */
const nearExecs = (machine: Machine, value: Key): SeccompData[] => {
  const nr = numbersOf(abisOf(machine)[0]!).get('execve')!;
  const exec: SeccompData = { arch: archOf(machine), nr, args: [1n, 2n, 3n, ...value] };
  const bits = Array.from({ length: 64 }, (_, bit) => 1n << BigInt(bit));
  return [
    exec,
    ...abisOf(machine).map((abi) => ({ ...exec, arch: ABIS[abi].arch })),
    ...Array.from({ length: 32 }, (_, bit) => ({ ...exec, nr: (nr ^ (1 << bit)) >>> 0 })),
    ...Array.from({ length: 32 }, (_, bit) => ({ ...exec, arch: (exec.arch ^ (1 << bit)) >>> 0 })),
    ...[3, 4, 5].flatMap((arg) =>
      bits.map((bit) => ({
        ...exec,
        args: exec.args.map((one, n) => (n === arg ? one ^ bit : one)) as never,
      })),
    ),
  ];
};

const isKeyed = (call: SeccompData, machine: Machine, value: Key) =>
  call.arch === archOf(machine) &&
  call.nr === numbersOf(abisOf(machine)[0]!).get('execve') &&
  value.every((one, index) => call.args[3 + index] === one);

test('the guard lets the keyed exec through and leaves every other call to the policy', async () => {
  const cases = syscallPolicy().chain((policy: SyscallPolicy) =>
    fc.record({
      policy: fc.constant(policy),
      key: key(),
      calls: fc.array(callFor(policy), { maxLength: 50 }),
    }),
  );
  await fc.assert(
    fc.asyncProperty(cases, async ({ policy, key: value, calls }) => {
      const whole = [...(await guardFor(policy.machine, value)), ...compile(policy)];
      for (const call of [...calls, ...nearExecs(policy.machine, value)]) {
        const expected = isKeyed(call, policy.machine, value) ? ALLOW : evaluate(policy, call);
        assert.equal(simulate(whole, call).action, expected);
      }
    }),
    { numRuns: 50 },
  );
});

test('a policy starts behind the guard as it would start alone, with A = 0', async () => {
  // Returns A as it is at the start: the guard must not leave a number, an architecture or a key there.
  const returnsA: Instruction[] = [{ code: 0x16, jt: 0, jf: 0, k: 0 }];
  const value: Key = [1n, 2n, 3n];
  for (const machine of MACHINES) {
    const guard = await guardFor(machine, value);
    for (const call of nearExecs(machine, value)) {
      const expected = isKeyed(call, machine, value) ? ALLOW : 0;
      assert.equal(simulate([...guard, ...returnsA], call).action, expected);
    }
  }
});
