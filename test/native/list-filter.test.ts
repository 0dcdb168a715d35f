import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, describe, test } from 'node:test';
import fc from 'fast-check';
import type { Instruction } from '../../src/seccomp/filter/bpf.js';
import { simulate } from '../../src/seccomp/filter/simulate.js';
import { validate } from '../../src/seccomp/filter/validate.js';
import { abisOf, type Machine, X32_BIT } from '../../src/seccomp/syscalls/abi.js';
import { type Action, ALLOW, errnoAction, KILL, LOG } from '../../src/seccomp/syscalls/action.js';
import { callNames, numbersOf } from '../../src/seccomp/syscalls/numbers.js';
import { compiledByLibseccomp, knownToLibseccomp } from '../seccomp/filter/libseccomp.js';
import { askKernel, callLine, encode, kernelUnavailable } from '../seccomp/filter/try-filter.js';
import { layerAvailable } from '../support/layer.js';
import { launcherObstacle, sharedFolder } from '../support/native.js';
import { archOf, compilePure, decodeProgram, type Pure, words } from '../support/pure.js';
import { inRepository } from '../support/repository.js';

const skip = launcherObstacle();
const folder = sharedFolder();
let answers: Pure;

before(async () => {
  if (!skip) answers = await compilePure(folder);
});

type ListMachine = 'x86-64' | 'arm64';
const LIST_MACHINES: readonly ListMachine[] = ['x86-64', 'arm64'];

interface List {
  readonly machine: ListMachine;
  readonly allows: boolean;
  readonly log: boolean;
  readonly calls: readonly string[];
}

const ask = (machine: Machine, environments: readonly (readonly string[])[]): Promise<string[]> =>
  answers(
    'e',
    environments.map((words_) =>
      Buffer.concat([words(archOf(machine)), ...words_.map((word) => Buffer.from(`${word}\0`))]),
    ),
  );

async function programFor({ machine, allows, log, calls }: List): Promise<Instruction[]> {
  const name = allows ? 'SECCOMP_SYSCALL_ALLOW' : 'SECCOMP_SYSCALL_DENY';
  const environment = [`${name}=${calls.join(':')}`, ...(log ? ['SECCOMP_DEFAULT_ACTION=log'] : [])];
  const [hex] = await ask(machine, [environment]);
  assert.match(hex!, /^[0-9a-f]+$/);
  return decodeProgram(hex!);
}

const zeros = [0n, 0n, 0n, 0n, 0n, 0n];

/** Numbers of tables, near them, and where conventions meet. */
function* numbersToAsk(): Generator<number> {
  for (let nr = 0; nr < 2048; nr++) yield nr;
  for (let nr = 0; nr < 1024; nr++) yield (X32_BIT | nr) >>> 0;
  yield* [X32_BIT - 1, 0x7fffffff, 0x80000000, 0xbfffffff, 0xc0000000, 0xfffffffe, 0xffffffff];
}

const ARCHES = [0, 0x40000003, 0x40000028, 0xc000003e, 0xc00000b7, 0xc00000f3, 0xffffffff];

/** What a list means, written without the table of the native helper. */
function meaning({ machine, allows, log, calls }: List, arch: number, nr: number): Action {
  const refusal = log ? LOG : KILL;
  if (arch !== archOf(machine)) return refusal;
  const isX32 = machine === 'x86-64' && ((nr >= X32_BIT && nr !== 0xffffffff) || (nr >= 512 && nr <= 547));
  if (isX32) return refusal;
  const isListed = calls.some((call) => numbersOf(abisOf(machine)[0]!).get(call) === nr);
  return isListed === allows ? ALLOW : refusal;
}

const list = (): fc.Arbitrary<List> =>
  fc.record({
    machine: fc.constantFrom(...LIST_MACHINES),
    allows: fc.boolean(),
    log: fc.boolean(),
    calls: fc.oneof(
      fc.array(fc.constantFrom(...callNames()), { minLength: 1, maxLength: 8 }),
      fc.subarray([...callNames()], { minLength: 1 }),
    ),
  });

async function assertMeans(one: List): Promise<void> {
  const program = await programFor(one);
  assert.equal(validate(program), undefined);
  for (const arch of ARCHES)
    for (const nr of numbersToAsk()) {
      const action = simulate(program, { arch, nr, args: zeros }).action;
      if (action !== meaning(one, arch, nr))
        assert.deepEqual({ arch, nr, action }, { arch, nr, action: meaning(one, arch, nr) });
    }
}

test('the filter of a list matches the list, for every number', { skip }, async () => {
  await fc.assert(fc.asyncProperty(list(), assertMeans), { numRuns: 60, endOnFailure: true });
});

test('the filters with the most branches are correct, and fit', { skip }, async () => {
  for (const machine of LIST_MACHINES)
    for (const allows of [true, false]) {
      const calls = [...numbersOf(machine)].filter(([, nr]) => nr % 2 === 0).map(([name]) => name);
      await assertMeans({ machine, allows, log: false, calls });
      await assertMeans({ machine, allows, log: false, calls: [...callNames()] });
    }
});

test('the kernel accepts the longest filter and answers as it says', {
  skip: skip ?? kernelUnavailable(),
}, async () => {
  const machine = process.arch === 'arm64' ? 'arm64' : 'x86-64';
  const number = (call: string) => numbersOf(machine).get(call)!;
  const named = ['getppid', 'uname'];
  const even = [...numbersOf(machine)].filter(([, nr]) => nr % 2 === 0).map(([name]) => name);
  const calls = [...new Set([...even, ...named])].filter((call) => call !== 'getpid');
  const program = await programFor({ machine, allows: false, log: false, calls });
  const lines = [
    `filter ${encode(program)}`,
    'check',
    callLine('native', number('uname'), zeros),
    callLine('native', number('getppid'), zeros),
    callLine('native', number('close'), [0xfee1f117n, ...zeros.slice(1)]),
    callLine('native', 1001, zeros),
  ];
  assert.deepEqual(askKernel(lines), ['taken', 'signal 31', 'signal 31', 'returned -2989', 'returned -38']);
  if (process.arch !== 'x64') return;
  const others = [callLine('int80', 20, zeros), callLine('native', X32_BIT + 39, zeros)];
  assert.deepEqual(askKernel([lines[0]!, ...others]), ['signal 31', 'signal 31']);
});

test("only a close of the library's marked descriptor gets the mark", {
  skip,
}, async () => {
  for (const machine of LIST_MACHINES)
    for (const calls of [['close'], ['read']]) {
      const one: List = { machine, allows: true, log: false, calls };
      const program = await programFor(one);
      const arch = archOf(machine);
      const nr = numbersOf(machine).get('close')!;
      const action = (fd: bigint, call = nr) =>
        simulate(program, { arch, nr: call, args: [fd, ...zeros.slice(1)] }).action;
      assert.equal(action(0xfee1f117n), errnoAction(2989));
      assert.equal(action(0xffffffff_fee1f117n), errnoAction(2989)); // the kernel takes 32 bits of it
      for (let bit = 0n; bit < 32n; bit++)
        assert.equal(action(0xfee1f117n ^ (1n << bit)), meaning(one, arch, nr));
      assert.equal(action(0xfee1f117n, numbersOf(machine).get('dup')), KILL);
    }
});

describe('libseccomp, given the same list,', { skip: skip ?? layerAvailable() }, () => {
  test('answers every number the same', async () => {
    const known = await knownToLibseccomp([...callNames()]);
    const lists = fc.sample(list(), { numRuns: 60, seed: 3 }).map((one) => ({
      ...one,
      log: false,
      calls: [...new Set(one.calls)].filter((call) => known.has(call) && numbersOf(one.machine).has(call)),
    }));
    const some = lists.filter(({ calls }) => calls.length > 0);
    const theirs = await compiledByLibseccomp(
      some.map(({ machine, allows, calls }) => ({
        machine,
        otherwise: allows ? KILL : ALLOW,
        abis: new Map([
          [machine, new Map(calls.map((call) => [call, [{ when: [], action: allows ? ALLOW : KILL }]]))],
        ]),
      })),
    );
    for (const [at, one] of some.entries()) {
      const ours = await programFor(one);
      for (const arch of ARCHES)
        for (const nr of numbersToAsk()) {
          // x32's calls without their bit are ours to refuse.
          if (one.machine === 'x86-64' && nr >= 512 && nr <= 547) continue;
          const [we, they] = [ours, theirs[at]!].map(
            (program) => simulate(program, { arch, nr, args: zeros }).action,
          );
          if (we !== they) assert.deepEqual({ one, arch, nr, action: we }, { one, arch, nr, action: they });
        }
    }
  });
});

test('the names and numbers of the native helper are those of policies', () => {
  const text = readFileSync(inRepository('native-helper/sandboxify/call-table.h'), 'utf8');
  const rows = [...text.matchAll(/^CALL\((\w+), (\w+), (\w+)\)$/gm)].map(([, ...row]) => row);
  const number = (machine: ListMachine, name: string) =>
    String(numbersOf(machine).get(name) ?? 'CALL_ABSENT');
  assert.deepEqual(
    rows,
    [...callNames()].map((name) => [name, number('x86-64', name), number('arm64', name)]),
  );
});

const ALLOW_LIST = 'SECCOMP_SYSCALL_ALLOW';
const DENY_LIST = 'SECCOMP_SYSCALL_DENY';
const ACTION = 'SECCOMP_DEFAULT_ACTION';
const NAMES_HINT = 'the names are those of syscalls(2)';

/** Environments, and what is said of them. */
const ENVIRONMENTS: readonly [environment: readonly string[], answer: string][] = [
  [[], 'nothing'],
  [['PATH=/bin', `${ALLOW_LIST}ED=read`, ALLOW_LIST, `X${DENY_LIST}=read`], 'nothing'],
  [[`${ACTION}=log`], 'nothing'],
  [[`${ACTION}=allow`], 'no filter'],
  [
    [`${ACTION}=allow`, `${DENY_LIST}=uname`],
    `${ACTION}=allow means no filter, but there is a list; unset one of them`,
  ],
  ...['', 'kill', 'LOG', 'log ', 'allow:'].map((value): [string[], string] => [
    [`${ACTION}=${value}`, `${DENY_LIST}=uname`],
    `${ACTION} can't be '${value}'; set it to log, or unset it to kill at a refused call`,
  ]),
  [[`${ALLOW_LIST}=read`, `${DENY_LIST}=`], `${ALLOW_LIST} and ${DENY_LIST} are both set; unset one of them`],
  [[`${DENY_LIST}=read`, 'A=', `${DENY_LIST}=read`], `the environment has '${DENY_LIST}' twice`],
  [[`${ACTION}=log`, `${ACTION}=log`, `${DENY_LIST}=read`], `the environment has '${ACTION}' twice`],
  [[`${ALLOW_LIST}=`], `${ALLOW_LIST} is empty; name calls, separated by colons, or unset it`],
  [[`${DENY_LIST}=`], `${DENY_LIST} is empty; name calls, separated by colons, or unset it`],
  ...[':', 'read:', ':read', 'read::write'].map((value): [string[], string] => [
    [`${DENY_LIST}=${value}`],
    `${DENY_LIST} has an empty name; names are separated by single colons`,
  ]),
  ...['unmae', ' uname', 'uname ', 'UNAME', '@mount', '63', 'una', 'unamee', 'uname,read'].map(
    (name): [string[], string] => [
      [`${ALLOW_LIST}=read:${name}:write`],
      `${ALLOW_LIST} has an unknown call '${name}'; ${NAMES_HINT}`,
    ],
  ),
  [
    [`${DENY_LIST}=read:\x1b[2J${'x'.repeat(100)}`],
    `${DENY_LIST} has an unknown call '\\x1b[2J${'x'.repeat(60)}'; ${NAMES_HINT}`,
  ],
];

test('the list of the environment is printable, or refused', { skip }, async () => {
  const said = await ask(
    'x86-64',
    ENVIRONMENTS.map(([environment]) => environment),
  );
  const found = said.map((line) => line.replace(/^sandboxify: /, ''));
  assert.deepEqual(
    found,
    ENVIRONMENTS.map(([, answer]) => answer),
  );
});

test('no environment makes the helper read out of bounds', { skip }, async () => {
  const part = fc.constantFrom(
    ALLOW_LIST,
    DENY_LIST,
    ACTION,
    '=',
    ':',
    'read',
    'uname',
    'log',
    'allow',
    'x',
    ' ',
  );
  const word = fc.array(part, { maxLength: 6 }).map((parts) => parts.join(''));
  const environments = fc.array(fc.array(word, { maxLength: 4 }), { minLength: 300, maxLength: 300 });
  await fc.assert(
    fc.asyncProperty(environments, async (batch) => {
      for (const line of await ask('arm64', batch))
        assert.match(line, /^(nothing|no filter|[0-9a-f]+|sandboxify: .*)$/);
    }),
    { numRuns: 10, endOnFailure: true },
  );
});
