/**
 * Tests of seccomp/filter/prove.ts, seccomp/filter/prove-arguments.ts, seccomp/filter/prove-numbers.ts and seccomp/filter/verdicts.ts: no wrong
 * program is proven.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Instruction } from '../../../src/seccomp/filter/bpf.js';
import { compile } from '../../../src/seccomp/filter/compile/compile.js';
import { assertProven, type ProofFailure, prove } from '../../../src/seccomp/filter/prove.js';
import { registersToTry } from '../../../src/seccomp/filter/samples.js';
import { simulate } from '../../../src/seccomp/filter/simulate.js';
import { constantAction } from '../../../src/seccomp/filter/verdicts.js';
import { ABIS, kernelNumber } from '../../../src/seccomp/syscalls/abi.js';
import { ALLOW, errnoAction, KILL } from '../../../src/seccomp/syscalls/action.js';
import {
  type Condition,
  evaluate,
  type SeccompData,
  type SyscallPolicy,
  type Verdict,
  verdictAt,
} from '../../../src/seccomp/syscalls/policy.js';
import { policyOf, syscallPolicy } from '../../support/policies.js';
import { inputs } from '../../support/thorough.js';
import { mutant } from './programs.js';

const EPERM = errnoAction(1);
const ZEROS: readonly bigint[] = new Array<bigint>(6).fill(0n);
const ONES: readonly bigint[] = new Array<bigint>(6).fill(2n ** 64n - 1n);
const LOOKS = 'looks at the arguments of a call that its number decides';
const DIFFERS = 'answers a call in another way than the policy';

const one = (code: number, k = 0, jt = 0, jf = 0): Instruction => ({ code, jt, jf, k });

test('what the compiler makes of any policy is proven, for all arguments', () => {
  fc.assert(
    fc.property(syscallPolicy(), (policy) => {
      const proof = prove(compile(policy), policy);
      assert.ok(proof.ok);
      assert.equal(proof.sampled, 0);
    }),
    inputs(500),
  );
});

/** What a mistake in the compiler would look like: a test, a constant or a target that is next to the right one. */
function slip(program: readonly Instruction[]): fc.Arbitrary<Instruction[]> {
  const change = fc.constantFrom<(before: Instruction) => Partial<Instruction>>(
    ({ k }) => ({ k: (k + 1) >>> 0 }),
    ({ k }) => ({ k: (k - 1) >>> 0 }),
    ({ k }) => ({ k: (k ^ 0x80000000) >>> 0 }),
    ({ k }) => ({ k: (k ^ 4) >>> 0 }),
    ({ jt, jf }) => ({ jt: jf, jf: jt }),
    ({ jt }) => ({ jt: jt + 1 }),
    ({ jt }) => ({ jt: Math.max(0, jt - 1) }),
    ({ jf }) => ({ jf: jf + 1 }),
    ({ jf }) => ({ jf: Math.max(0, jf - 1) }),
    ({ code }) => (code === 0x35 ? { code: 0x25 } : { code: 0x35 }),
    ({ code }) => (code === 0x15 ? { code: 0x45 } : { code: 0x15 }),
  );
  return fc
    .tuple(fc.nat({ max: program.length - 1 }), change)
    .map(([at, alter]) =>
      program.map((before, index) => (index === at ? { ...before, ...alter(before) } : before)),
    );
}

/** Calls around everything that a policy or a program compares with. */
function* callsAround(program: readonly Instruction[], policy: SyscallPolicy): Generator<SeccompData> {
  const constants = program.flatMap(({ k }) => [k - 1, k, k + 1]).filter((k) => k >= 0 && k <= 0xffffffff);
  const listed = [...policy.abis].flatMap(([abi, { verdicts }]) =>
    [...verdicts.keys()].map((nr) => kernelNumber(abi, nr)),
  );
  const numbers = new Set([...constants, ...listed, 0, 511, 512, 547, 548, 0xffffffff]);
  const operands = [...new Set(constants)].map(BigInt).flatMap((k) => [k, k << 32n, (k << 32n) | k]);
  const arches = new Set([...Object.values(ABIS).map(({ arch }) => arch), ...constants]);
  for (const arch of arches) {
    const known = Object.values(ABIS).some((abi) => abi.arch === arch);
    for (const nr of known ? numbers : [0, 59, 0x40000000]) {
      const verdict = verdictAt(policy, arch, nr);
      yield { arch, nr, args: ZEROS };
      yield { arch, nr, args: ONES };
      if (constantAction(verdict) !== undefined) continue;
      for (const args of registersToTry(verdict, 64)) {
        yield { arch, nr, args };
        for (const operand of operands.slice(0, 20))
          yield { arch, nr, args: args.with(Number(operand % 6n), operand) };
      }
    }
  }
}

/** Whether a program mustn't answer a call as it does. */
function isWrong(program: readonly Instruction[], policy: SyscallPolicy, call: SeccompData): boolean {
  const { action, loadedArguments } = simulate(program, call);
  const decided = constantAction(verdictAt(policy, call.arch, call.nr)) !== undefined;
  return action !== evaluate(policy, call) || (decided && loadedArguments);
}

test('a program with one changed field is not proven if its meaning has changed', () => {
  const seen = { proven: 0, refuted: 0, refused: 0 };
  const changed = syscallPolicy().chain((policy) => {
    const program = compile(policy);
    return fc.oneof(slip(program), mutant(program)).map((mutated) => ({ policy, mutated }));
  });
  fc.assert(
    fc.property(changed, ({ policy, mutated }) => {
      const proof = prove(mutated, policy);
      if (proof.ok) {
        seen.proven += 1;
        for (const call of callsAround(mutated, policy)) assert.ok(!isWrong(mutated, policy, call));
      } else if (proof.counterexample === undefined) {
        seen.refused += 1;
        assert.match(proof.reason, /^(instruction \d+: |the last instruction)/);
      } else {
        seen.refuted += 1;
        const { call, expected, got } = proof.counterexample;
        assert.ok(isWrong(mutated, policy, call));
        assert.deepEqual([expected, got], [evaluate(policy, call), simulate(mutated, call).action]);
      }
    }),
    { numRuns: 1500 },
  );
  assert.ok(seen.refuted > 500 && seen.proven > 20, JSON.stringify(seen));
});

const refute = (program: readonly Instruction[], policy: SyscallPolicy): ProofFailure => {
  const proof = prove(program, policy);
  assert.ok(!proof.ok);
  return proof;
};

test('a single wrong number among 2^32 is found', () => {
  const policy: SyscallPolicy = {
    machine: 'riscv64',
    abis: new Map([['riscv64', { verdicts: new Map(), unlisted: ALLOW }]]),
  };
  const program = [
    one(0x20, 4),
    one(0x15, ABIS.riscv64.arch, 0, 4),
    one(0x20, 0),
    one(0x15, 0x12345678, 1, 0),
    one(0x06, ALLOW),
    one(0x06, EPERM),
    one(0x06, KILL),
  ];
  assert.deepEqual(refute(program, policy), {
    ok: false,
    reason: DIFFERS,
    counterexample: {
      call: { arch: ABIS.riscv64.arch, nr: 0x12345678, args: ZEROS },
      expected: ALLOW,
      got: EPERM,
    },
  });
});

test('a single convention that is let through by mistake is found', () => {
  const policy: SyscallPolicy = { machine: 'arm64', abis: new Map() };
  const program = [one(0x20, 4), one(0x15, 0xdeadbeef, 0, 1), one(0x06, ALLOW), one(0x06, KILL)];
  assert.deepEqual(refute(program, policy).counterexample, {
    call: { arch: 0xdeadbeef, nr: 0, args: ZEROS },
    expected: KILL,
    got: ALLOW,
  });
});

/** Whether a wrong condition in the place of the right one is found, and with registers that show it. */
function assertTold(right: Condition, wrong: Condition): void {
  const policy = (condition: Condition) =>
    policyOf([[7, { rules: [{ when: [condition], action: EPERM }], otherwise: ALLOW }]]);
  const { reason, counterexample } = refute(compile(policy(wrong)), policy(right));
  assert.equal(reason, DIFFERS);
  assert.notEqual(counterexample!.expected, counterexample!.got);
}

const OPERAND = 0x123456789abcdef0n;

test('a change of any bit of an operand is found', () => {
  for (const op of ['eq', 'ne', 'lt', 'le', 'gt', 'ge', 'bits-set', 'bits-clear', 'bits-any'] as const) {
    for (let bit = 0n; bit < 64n; bit++) {
      const right: Condition = { arg: 2, op, values: [OPERAND], width: 64 };
      assertTold(right, { ...right, values: [OPERAND ^ (1n << bit)] });
    }
  }
});

test('a forgotten or an added upper half is found', () => {
  for (const op of ['eq', 'ne', 'lt', 'gt', 'bits-set', 'bits-clear', 'bits-any', 'in'] as const) {
    const right: Condition = {
      arg: 0,
      op,
      values: [op.startsWith('bits') ? (1n << 40n) | 5n : 5n],
      width: 64,
    };
    const wrong: Condition = { ...right, values: [5n], width: 32 };
    assertTold(right, wrong);
    assertTold(wrong, { ...right });
  }
});

test('arguments that are read for a call that its number decides are found, even without effect', () => {
  const policy: SyscallPolicy = { machine: 'arm64', abis: new Map() };
  const program = [one(0x20, 16), one(0x06, KILL)];
  assert.deepEqual(refute(program, policy), {
    ok: false,
    reason: LOOKS,
    counterexample: { call: { arch: ABIS.arm64.arch, nr: 0, args: ZEROS }, expected: KILL, got: KILL },
  });
});

const NOTHING: SyscallPolicy = { machine: 'arm64', abis: new Map() };
const RULED = policyOf([
  [
    7,
    { rules: [{ when: [{ arg: 0, op: 'eq', values: [1n], width: 32 }], action: EPERM }], otherwise: ALLOW },
  ],
]);

/** The program for RULED with its look at the argument replaced. */
const replacingLook = (...instead: Instruction[]) =>
  compile(RULED).flatMap((before) => (before.code === 0x20 && before.k === 16 ? instead : [before]));

const NOT_OURS: readonly [string, readonly Instruction[], SyscallPolicy, string][] = [
  ['nothing', [], NOTHING, '0 instructions, but only 1 to 4096 are allowed'],
  [
    'a program that the kernel refuses',
    [one(0x94, 1), one(0x06, KILL)],
    NOTHING,
    'instruction 0: unknown code 0x94',
  ],
  [
    'a return of the accumulator',
    [one(0x00, KILL), one(0x16)],
    NOTHING,
    'instruction 0: neither the number nor the convention decides here',
  ],
  [
    'a look at the instruction pointer',
    [one(0x20, 8), one(0x06, KILL)],
    NOTHING,
    'instruction 0: neither the number nor the convention decides here',
  ],
  [
    'a comparison before any load',
    [one(0x15, 0), one(0x06, KILL)],
    NOTHING,
    'instruction 0: neither the number nor the convention decides here',
  ],
  [
    'bits of the number',
    [one(0x20, 0), one(0x45, 1), one(0x06, KILL)],
    NOTHING,
    'instruction 1: neither the number nor the convention decides here',
  ],
];

for (const [what, program, policy, reason] of NOT_OURS) {
  test(`${what} is no proof of anything`, () => {
    assert.deepEqual(prove(program, policy), { ok: false, reason });
  });
}

test('a look back at the number among the arguments is no proof of anything', () => {
  const program = replacingLook(one(0x20, 16));
  const at = program.findIndex(({ code, k }) => code === 0x20 && k === 16);
  const changed = program.with(at + 1, one(0x20, 0));
  assert.deepEqual(prove(changed, RULED), {
    ok: false,
    reason: `instruction ${at + 1}: no argument decides here`,
  });
});

test('rules that are too many to compare for all arguments at once are tried, and counted', () => {
  const rules: Verdict['rules'] = Array.from({ length: 60 }, (_, at) => ({
    when: [0, 1, 2, 3].map((step) => ({
      arg: (at + step) % 6,
      op: (['lt', 'bits-any', 'gt'] as const)[(at + step) % 3]!,
      values: [BigInt(7919 * (at + 1) * (step + 1))],
      width: 64,
    })),
    action: errnoAction(1 + (at % 50)),
  }));
  const policy = policyOf([[7, { rules, otherwise: ALLOW }]]);
  const program = compile(policy);
  const proof = prove(program, policy);
  assert.ok(proof.ok);
  assert.equal(proof.sampled, 1);
  assert.ok(proof.calls > 4096);
  const at = program.findIndex(({ k }) => k === errnoAction(25));
  assert.equal(refute(program.with(at, one(0x06, KILL)), policy).reason, DIFFERS);
});

test('a proof has the number of comparisons', () => {
  const proof = prove(compile(RULED), RULED);
  assert.ok(proof.ok);
  assert.equal(proof.sampled, 0);
  assert.ok(proof.calls > 3000, JSON.stringify(proof));
});

test('assertProven returns the proof, or names the call that contradicts it', () => {
  assert.equal(assertProven(compile(RULED), RULED).ok, true);
  const wrong = compile(policyOf([]));
  assert.throws(() => assertProven(wrong, RULED), {
    name: 'Error',
    message:
      'internal error: the filter for x86-64 is not proven: it answers a call in another way than the policy (arch 0xc000003e, number 0x7, arguments 0x1 0x0 0x0 0x0 0x0 0x0: 0x50001 expected, got 0x7fff0000)',
  });
  assert.throws(() => assertProven([], RULED), {
    message:
      'internal error: the filter for x86-64 is not proven: 0 instructions, but only 1 to 4096 are allowed',
  });
});

/** A compiled module with all modules that it loads. */
function modulesOf(url: URL, seen = new Set<string>()): Set<string> {
  if (seen.has(url.href)) return seen;
  seen.add(url.href);
  for (const [, path] of readFileSync(url, 'utf8').matchAll(/^(?:import|export) .*from '(\.[^']+)';$/gm)) {
    modulesOf(new URL(path!, url), seen);
  }
  return seen;
}

test('the proof imports nothing of the compiler', () => {
  const filterModules = (name: string) =>
    [...modulesOf(new URL(`../../../src/seccomp/filter/${name}.js`, import.meta.url))].filter((url) =>
      url.includes('/src/seccomp/filter/'),
    );
  const [compiler, proof] = [filterModules('compile/compile'), filterModules('prove')];
  assert.ok(compiler.length > 5 && proof.length > 5);
  const found = compiler.filter((url) => proof.includes(url));
  assert.deepEqual(found, []);
});
