/** Where the kernel takes the arguments of 32-bit x86 calls from, and what rules on them come to. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compile } from '../../src/filter/compile.js';
import { assertProven } from '../../src/filter/prove.js';
import { registersWith } from '../../src/syscalls/arguments.js';
import { numbersOf } from '../../src/syscalls/numbers.js';
import { resolve, resolveCalls } from '../../src/syscalls/resolve.js';
import { bundledSets } from '../../src/syscalls/sets.js';
import { syscallsFrom } from '../support/policy.js';
import { conventionTries } from './kernel-tries.js';
import { askKernel, callLine, encode, kernelUnavailable, thisMachine, type Way } from './try-filter.js';

function obstacle(): string | undefined {
  const found = kernelUnavailable();
  if (found !== undefined || thisMachine !== 'x86-64') return found ?? 'needs an x86-64 processor';
  const { lines, expected } = conventionTries('x86');
  return askKernel(lines)[0] === expected[0] ? undefined : "the kernel doesn't run x86 programs";
}

const skip = obstacle();
const FILE = 100n;
const MEMORY = 0x20000000n;
const [KIB4, MIB, GIB4] = [4096n, 1n << 20n, 1n << 32n];
const [READ, WRITE, EXEC] = [1n, 2n, 4n];
const PRIVATE_ANONYMOUS = 0x22n;
/** For the upper halves of registers, which x86 calls don't have. */
const DIRT = [0n, 0xdeadbeefn << 32n, 0xffffffffn << 32n, 1n << 63n];

/** Fills the memory. */
const words = (...values: bigint[]): string =>
  `memory ${Buffer.from(Uint32Array.from(values.map((value) => Number(BigInt.asUintN(32, value)))).buffer).toString('hex')}`;

/** A call of x86 with its arguments as 64-bit machines count them. */
const call = (name: string, args: readonly bigint[], dirt = 0n, way: Way = 'int80'): string =>
  callLine(
    way,
    numbersOf('x86').get(name)!,
    registersWith('x86', name, args).map((register) => register | dirt),
  );

/** A call as it is, by its six registers. */
const raw = (name: string, registers: readonly bigint[], way: Way = 'int80'): string =>
  callLine(way, numbersOf('x86').get(name)!, [
    ...registers,
    ...new Array<bigint>(6 - registers.length).fill(0n),
  ]);

/** What calls come to one after another. */
const outcomes = (lines: readonly string[]) =>
  askKernel(lines).map((line) =>
    /^returned -(?:\d{1,3}|[1-3]\d{3})$/.test(line)
      ? line
      : line.replace(/^returned -?\d{5,}$/, 'returned an address'),
  );

const EINVAL = 'returned -22';
const EFAULT = 'returned -14';
const EBADF = 'returned -9';
const DONE = 'returned 0';
const NEGATIVE = 1n << 63n;

/** Calls on an empty file, without a filter, in turn. */
const TAKEN: readonly [name: string, args: readonly bigint[], outcome: string][] = [
  // Four bytes behind the first 4 GiB, read back from the second of them on.
  ['pwrite64', [FILE, MEMORY, 4n, GIB4], 'returned 4'],
  ['pread64', [FILE, MEMORY, 4n, GIB4 + 1n], 'returned 3'],
  ['pread64', [FILE, MEMORY, 4n, 1n], 'returned 4'],
  ['pread64', [FILE, MEMORY, 0n, NEGATIVE], EINVAL],
  ['pwrite64', [FILE, MEMORY, 0n, NEGATIVE], EINVAL],
  ['ftruncate64', [FILE, GIB4 + 2n], DONE],
  ['pread64', [FILE, MEMORY, 4n, GIB4], 'returned 2'],
  ['ftruncate64', [FILE, NEGATIVE], EINVAL],
  ['truncate64', [MEMORY, NEGATIVE], EINVAL],
  ['truncate64', [MEMORY, GIB4], 'returned -2'],
  ['ftruncate64', [FILE, 0n], DONE],
  ['fallocate', [FILE, 0n, GIB4, 3n], DONE],
  ['pread64', [FILE, MEMORY, 4n, GIB4], 'returned 3'],
  ['fallocate', [FILE, 0n, NEGATIVE, 3n], EINVAL],
  ['fallocate', [FILE, 0n, 0n, NEGATIVE], EINVAL],
  ['sync_file_range', [FILE, 0n, KIB4, 0n], DONE],
  ['sync_file_range', [FILE, NEGATIVE, KIB4, 0n], EINVAL],
  ['sync_file_range', [FILE, 0n, NEGATIVE, 0n], EINVAL],
  ['sync_file_range', [FILE, 0n, KIB4, 64n], EINVAL],
  ['fadvise64', [FILE, GIB4, KIB4, 0n], DONE],
  ['fadvise64', [FILE, GIB4, KIB4, 64n], EINVAL],
  ['fadvise64_64', [FILE, GIB4, GIB4, 0n], DONE],
  ['fadvise64_64', [FILE, GIB4, NEGATIVE, 0n], EINVAL],
  ['fadvise64_64', [FILE, GIB4, GIB4, 64n], EINVAL],
  ['fanotify_mark', [0xffffffffn, 1n, 1n, 0n, MEMORY], EBADF],
  ['fanotify_mark', [0xffffffffn, 1n, GIB4, 0n, MEMORY], EINVAL],
  ['preadv', [FILE, MEMORY, 1n, GIB4 + 1n], 'returned 2'],
  ['preadv', [FILE, MEMORY, 1n, 1n], 'returned 4'],
  ['preadv', [FILE, MEMORY, 1n, NEGATIVE], EINVAL],
  ['pwritev', [FILE, MEMORY, 1n, NEGATIVE], EINVAL],
  ['preadv2', [FILE, MEMORY, 1n, GIB4 + 1n], 'returned 2'],
  ['preadv2', [FILE, MEMORY, 1n, GIB4 + 1n, 0n, 1n << 31n], 'returned -95'],
  ['pwritev2', [FILE, MEMORY, 1n, NEGATIVE], EINVAL],
  // CLONE_SETTLS: the memory is no struct user_desc, and where there is none it can't be read.
  ['clone', [0x80011n, 0n, 0n, 0n, MEMORY], EINVAL],
  ['clone', [0x80011n, 0n, 0n, MEMORY, 0n], EFAULT],
];

for (const dirt of DIRT) {
  test(`x86 calls take their arguments from where they are put (${dirt.toString(16)} above them)`, {
    skip,
  }, () => {
    const lines = TAKEN.map(([name, args]) => call(name, args, dirt));
    const found = askKernel(['file', words(MEMORY + 8n, 4n), ...lines]);
    assert.deepEqual(
      found.map((outcome, at) => [TAKEN[at]![0], outcome]),
      TAKEN.map(([name, , outcome]) => [name, outcome]),
    );
  });
}

/** The lines of a filter for a policy that opens x86. */
function filterOf(rules: string): string {
  const section = syscallsFrom(`architectures = ["x86"]\nrules = [${rules}]`);
  const policy = resolve(resolveCalls(section, bundledSets()), 'x86-64');
  const program = compile(policy);
  assertProven(program, policy);
  return `filter ${encode(program)}`;
}

const rule = (call: string, condition: string) =>
  `{ syscall = "${call}", when = [{ ${condition} }], action = "ENETDOWN" }`;
const DOWN = 'returned -100';

const REFUSED: readonly [rule: string, refused: readonly bigint[], passes: readonly bigint[]][] = [
  [
    rule('fallocate', `arg = 3, gt = ${MIB}, width = 64`),
    [FILE, 0n, 0n, 8n * MIB],
    [FILE, 0n, 8n * MIB, MIB],
  ],
  [rule('fallocate', `arg = 2, bits-any = ${GIB4}, width = 64`), [FILE, 0n, GIB4, 1n], [FILE, 0n, 1n, KIB4]],
  [
    rule('pread64', `arg = 3, ge = ${GIB4}, width = 64`),
    [FILE, MEMORY, 0n, GIB4],
    [FILE, MEMORY, 0n, GIB4 - 1n],
  ],
  [
    rule('pread64', `arg = 3, eq = ${GIB4 + 1n}, width = 64`),
    [FILE, MEMORY, 0n, GIB4 + 1n],
    [FILE, MEMORY, 0n, 1n],
  ],
  [rule('ftruncate64', `arg = 1, gt = ${MIB}, width = 64`), [FILE, GIB4], [FILE, MIB]],
  [rule('fadvise64', 'arg = 3, eq = 4'), [FILE, 0n, 0n, 4n], [FILE, 4n, 4n, 0n]],
  [rule('clone', 'arg = 3, eq = 4097'), [0n, 0n, 0n, 4097n, 0n], []],
];

for (const [text, refused, passes] of REFUSED) {
  const name = /"(\w+)"/.exec(text)![1]!;
  test(`on x86 ${text} refuses ${refused.join(' ')} and lets ${passes.join(' ')} pass`, { skip }, () => {
    const lines = [refused, ...(passes.length > 0 ? [passes] : [])];
    const expected = [DOWN, ...(passes.length > 0 ? [DONE] : [])];
    const calls = DIRT.flatMap((dirt) => lines.map((args) => call(name, args, dirt)));
    assert.deepEqual(
      askKernel(['file', words(0n), filterOf(text), ...calls]),
      DIRT.flatMap(() => expected),
    );
  });
}

const mapping = (protection: bigint) => words(0n, KIB4, protection, PRIVATE_ANONYMOUS, -1n, 0n);

test('x86 calls whose arguments are in memory are refused whatever they are, where a rule refuses some', {
  skip,
}, () => {
  const filter = filterOf(rule('mmap', 'arg = 2, bits-set = "PROT_WRITE|PROT_EXEC"'));
  const tries = [
    mapping(WRITE | EXEC),
    raw('mmap', [MEMORY], 'inject'),
    mapping(READ),
    raw('mmap', [MEMORY]),
  ];
  const mmap2 = raw('mmap2', [0n, KIB4, WRITE | EXEC, PRIVATE_ANONYMOUS, 0xffffffffn, 0n], 'inject');
  assert.deepEqual(outcomes(tries), ['returned 42', 'returned an address']);
  assert.deepEqual(outcomes([filter, ...tries, mmap2]), [DOWN, DOWN, 'returned 42']);
});

test('x86 calls that take IDs of 16 bits are refused whatever they are, where a rule refuses some', {
  skip,
}, () => {
  const beyond = [0x12340000n | BigInt(process.getuid!()), 0n];
  const setuid = raw('setuid', beyond.slice(0, 1));
  assert.deepEqual(outcomes([setuid]), [DONE]);
  assert.deepEqual(outcomes([filterOf(rule('setuid', `arg = 0, eq = ${process.getuid!()}`)), setuid]), [
    DOWN,
  ]);
});
