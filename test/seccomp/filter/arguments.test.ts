/** Where the kernel takes the arguments of 32-bit x86 calls from, and what rules on them come to. */
import assert from 'node:assert/strict';
import { compile } from '../../../src/seccomp/filter/compile/compile.js';
import { assertProven } from '../../../src/seccomp/filter/prove.js';
import { numbersOf } from '../../../src/seccomp/syscalls/numbers.js';
import { resolve, resolveCalls } from '../../../src/seccomp/syscalls/resolve.js';
import { bundledSets } from '../../../src/seccomp/syscalls/sets.js';
import { syscallsFrom } from '../../support/policy.js';
import { testsUnless } from '../../support/tests-unless.js';
import { DIRT, FILE, MEMORY, words, x86ArgumentTries, x86Call, x86Registers } from './argument-tries.js';
import { conventionTries } from './kernel-tries.js';
import { askKernel, callLine, encode, kernelUnavailable, thisMachine } from './try-filter.js';

function obstacle(): string | undefined {
  const found = kernelUnavailable();
  if (found !== undefined || thisMachine !== 'x86-64') return found ?? 'needs an x86-64 processor';
  const { lines, expected } = conventionTries('x86');
  return askKernel(lines)[0] === expected[0] ? undefined : "the kernel doesn't run x86 programs";
}

const test = testsUnless(obstacle());
const [KIB4, MIB, GIB4] = [4096n, 1n << 20n, 1n << 32n];
const [READ, WRITE, EXEC] = [1n, 2n, 4n];
const PRIVATE_ANONYMOUS = 0x22n;
const DONE = 'returned 0';

/** The outcomes of calls in their order. */
const outcomes = (lines: readonly string[]) =>
  askKernel(lines).map((line) =>
    /^returned -(?:\d{1,3}|[1-3]\d{3})$/.test(line)
      ? line
      : line.replace(/^returned -?\d{5,}$/, 'returned an address'),
  );

for (const dirt of DIRT) {
  test(`x86 calls take their arguments from where they are put (${dirt.toString(16)} above them)`, () => {
    const { lines, expected } = x86ArgumentTries(dirt);
    assert.deepEqual(askKernel(lines), expected);
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
  test(`on x86 ${text} refuses ${refused.join(' ')} and lets ${passes.join(' ')} pass`, () => {
    const lines = [refused, ...(passes.length > 0 ? [passes] : [])];
    const expected = [DOWN, ...(passes.length > 0 ? [DONE] : [])];
    const calls = DIRT.flatMap((dirt) => lines.map((args) => x86Call(name, args, dirt)));
    assert.deepEqual(
      askKernel(['file', words(0n), filterOf(text), ...calls]),
      DIRT.flatMap(() => expected),
    );
  });
}

const mapping = (protection: bigint) => words(0n, KIB4, protection, PRIVATE_ANONYMOUS, -1n, 0n);

test('x86 calls whose arguments are in memory are refused whatever they are, where a rule refuses some', () => {
  const filter = filterOf(rule('mmap', 'arg = 2, bits-set = "PROT_WRITE|PROT_EXEC"'));
  const tries = [
    mapping(WRITE | EXEC),
    x86Registers('mmap', [MEMORY], 'inject'),
    mapping(READ),
    x86Registers('mmap', [MEMORY]),
  ];
  const mmap2 = x86Registers('mmap2', [0n, KIB4, WRITE | EXEC, PRIVATE_ANONYMOUS, 0xffffffffn, 0n], 'inject');
  assert.deepEqual(outcomes(tries), ['returned 42', 'returned an address']);
  assert.deepEqual(outcomes([filter, ...tries, mmap2]), [DOWN, DOWN, 'returned 42']);
});

test('x86 calls that take IDs of 16 bits are refused whatever they are, where a rule refuses some', () => {
  const beyond = [0x12340000n | BigInt(process.getuid!()), 0n];
  const setuid = x86Registers('setuid', beyond.slice(0, 1));
  assert.deepEqual(outcomes([setuid]), [DONE]);
  assert.deepEqual(outcomes([filterOf(rule('setuid', `arg = 0, eq = ${process.getuid!()}`)), setuid]), [
    DOWN,
  ]);
});

/** S_ISUID and rights, as chmod(2) takes them: 16 bits, whatever is above. */
const MODE = 0o4755n;

for (const condition of [`eq = ${MODE}`, `in = [1, ${MODE}]`, `gt = ${MODE - 1n}`, 'bits-set = "S_ISUID"']) {
  test(`a rule on a mode, ${condition}, holds whatever is above 16 bits`, () => {
    const nr = numbersOf('x86-64').get('fchmod')!;
    const fchmod = (mode: bigint) => callLine('native', nr, [FILE, mode, 0n, 0n, 0n, 0n]);
    const refused = [MODE, 0x50000n | MODE, (0xdead_beefn << 32n) | MODE, 0xffff_0000n | MODE].map(fchmod);
    const passing = [0o600n, 0x50000n | 0o600n].map(fchmod);
    assert.deepEqual(
      askKernel([
        'file',
        ...refused,
        filterOf(rule('fchmod', `arg = 1, ${condition}`)),
        ...refused,
        ...passing,
      ]),
      [...refused.map(() => DONE), ...refused.map(() => DOWN), DONE, DONE],
    );
  });
}
