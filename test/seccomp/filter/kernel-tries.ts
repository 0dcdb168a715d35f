/** Filters and calls to try on a kernel by try-filter.c, and what must come of them. */
import fc from 'fast-check';
import type { Instruction } from '../../../src/seccomp/filter/bpf.js';
import { compile } from '../../../src/seccomp/filter/compile/compile.js';
import { registersToTry } from '../../../src/seccomp/filter/samples.js';
import { simulate } from '../../../src/seccomp/filter/simulate.js';
import { validate } from '../../../src/seccomp/filter/validate.js';
import { ABIS, type Abi, abisOf, kernelNumber, type Machine } from '../../../src/seccomp/syscalls/abi.js';
import { type Action, ALLOW, errnoAction, KILL } from '../../../src/seccomp/syscalls/action.js';
import { evaluate, type SyscallPolicy, type Verdict } from '../../../src/seccomp/syscalls/policy.js';
import { value, verdict } from '../../support/policies.js';
import { anyProgram, validProgram } from './programs.js';
import { callLine, encode, type Way } from './try-filter.js';

/** What try-filter reads, and what it must answer. */
export interface Tries {
  readonly lines: readonly string[];
  readonly expected: readonly string[];
}

/** Far beyond every table: let through, this call fails with ENOSYS and does nothing. */
const NOWHERE = 5000;

/** What a call for NOWHERE comes to when a filter returns this (seccomp(2)); without a tracer TRACE is ENOSYS. */
function consequence(action: Action): string {
  switch ((action & 0xffff0000) >>> 0) {
    case 0x00050000:
      return `returned ${0 - Math.min(action & 0xffff, 4095)}`;
    case 0x7fc00000:
    case 0x7ff00000:
    case 0x7ffc0000:
    case 0x7fff0000:
      return 'returned -38';
    default:
      return 'signal 31';
  }
}

const filterLine = (program: readonly Instruction[]) => `filter ${encode(program)}`;

const ZEROS = new Array<bigint>(6).fill(0n);

/** Programs of which some are what the kernel takes, after some whose length alone decides. */
export function validityTries(numRuns: number, lengths: readonly number[] = [0, 1, 4096, 4097]): Tries {
  const none = { code: 0x06, jt: 0, jf: 0, k: ALLOW };
  const long = lengths.map((length) => new Array<Instruction>(length).fill(none));
  const programs = [...long, ...fc.sample(anyProgram(), { numRuns, seed: 1 })];
  return {
    lines: programs.flatMap((program) => [filterLine(program), 'check']),
    expected: programs.map((program) => (validate(program) === undefined ? 'taken' : 'refused 22')),
  };
}

/** Replaces the returns by one that shows twelve bits of the accumulator as an errno. */
function showingAccumulator(program: readonly Instruction[], shift: number): Instruction[] {
  const end = [
    { code: 0x74, jt: 0, jf: 0, k: shift },
    { code: 0x54, jt: 0, jf: 0, k: 0xfff },
    { code: 0x44, jt: 0, jf: 0, k: 0x50000 },
    { code: 0x16, jt: 0, jf: 0, k: 0 },
  ];
  return [...program.slice(0, -1), ...end];
}

/** Programs that show what they computed, each with a call by the machine's own instruction. */
export function simulationTries(machine: Machine, numRuns: number): Tries {
  const { arch } = ABIS[abisOf(machine)[0]!];
  const one = fc.tuple(
    validProgram(),
    fc.constantFrom(0, 10, 20),
    fc.array(value(64), { minLength: 6, maxLength: 6 }),
  );
  const tries = fc
    .sample(one, { numRuns, seed: 2 })
    .map(([program, shift, args]) => ({ program: showingAccumulator(program, shift), args }))
    .concat(
      fc.sample(one, { numRuns: numRuns / 10, seed: 3 }).map(([program, , args]) => ({ program, args })),
    )
    .filter(({ program }) => validate(program) === undefined);
  return {
    lines: tries.flatMap(({ program, args }) => [filterLine(program), callLine('native', NOWHERE, args)]),
    expected: tries.map(({ program, args }) =>
      consequence(simulate(program, { arch, nr: NOWHERE, args }).action),
    ),
  };
}

/** A policy with one verdict for NOWHERE in every convention of a machine. */
const policyWith = (machine: Machine, one: Verdict): SyscallPolicy => ({
  machine,
  abis: new Map(
    abisOf(machine).map((abi) => [abi, { verdicts: new Map([[NOWHERE, one]]), unlisted: ALLOW }]),
  ),
});

/** How a call of each convention is made on its machine. */
export const WAYS: Partial<Record<Abi, Way>> = {
  'x86-64': 'native',
  x32: 'native',
  x86: 'int80',
  arm64: 'native',
  riscv64: 'native',
};

/** A call through a filter that allows all: a kernel that has the convention answers as expected. */
export function conventionTries(abi: Abi): Tries {
  const allow = [{ code: 0x06, jt: 0, jf: 0, k: ALLOW }];
  return {
    lines: [filterLine(allow), callLine(WAYS[abi]!, kernelNumber(abi, NOWHERE), ZEROS)],
    expected: ['returned -38'],
  };
}

/**
 * A 64-bit program that makes 32-bit calls (int 0x80) shows the filter whole registers on some kernels and cut ones on
 * others: there only rules on the lower halves have a meaning, so only these are tried with dirt above them.
 */
const registersOf =
  (abi: Abi, { rules }: Verdict) =>
  (args: bigint[]) =>
    ABIS[abi].registerBits === 32 && rules.some(({ when }) => when.some(({ width }) => width === 64))
      ? args.map((arg) => BigInt.asUintN(32, arg))
      : args;

/** Rules on a call of one convention, each with the registers that tell one outcome from another. */
export function ruleTries(machine: Machine, abi: Abi, numRuns: number): Tries {
  const verdicts = fc.sample(
    verdict().filter(({ rules }) => rules.length > 0),
    { numRuns, seed: 4 },
  );
  const [lines, expected]: [string[], string[]] = [[], []];
  const nr = kernelNumber(abi, NOWHERE);
  for (const one of verdicts) {
    const policy = policyWith(machine, one);
    lines.push(filterLine(compile(policy)));
    for (const args of registersToTry(one, 64).slice(0, 60).map(registersOf(abi, one))) {
      lines.push(callLine(WAYS[abi]!, nr, args));
      expected.push(consequence(evaluate(policy, { arch: ABIS[abi].arch, nr, args })));
    }
  }
  return { lines, expected };
}

/** x86-64's own instruction with numbers at the edges of its two conventions. */
export function edgeTries(): Tries {
  const { arch } = ABIS['x86-64'];
  const numbers = [NOWHERE, 511, 512, 547, 548, 0x3fffffff, 0x40000000, 0x40001388, 0x7fffffff].concat([
    0x80000000, 0xbfffffff, 0xc0000000, 0xfffffffe, 0xffffffff,
  ]);
  const only = (...abis: [Abi, Action][]): SyscallPolicy => ({
    machine: 'x86-64',
    abis: new Map(abis.map(([abi, unlisted]) => [abi, { verdicts: new Map(), unlisted }])),
  });
  const policies = [
    only(['x86-64', errnoAction(7)]),
    only(['x32', errnoAction(8)]),
    only(['x86', errnoAction(9)]),
    only(['x86-64', errnoAction(7)], ['x32', errnoAction(8)]),
    only(['x86-64', KILL], ['x32', errnoAction(8)], ['x86', errnoAction(9)]),
  ];
  const tries = policies.flatMap((policy) => numbers.map((nr) => ({ policy, nr })));
  return {
    lines: tries.flatMap(({ policy, nr }) => [filterLine(compile(policy)), callLine('native', nr, ZEROS)]),
    expected: tries.map(({ policy, nr }) => consequence(evaluate(policy, { arch, nr, args: ZEROS }))),
  };
}
