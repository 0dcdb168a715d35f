import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { describe, test } from 'node:test';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { checkSyscalls } from '../../../src/policy/check.js';
import type { Instruction } from '../../../src/seccomp/filter/bpf.js';
import { compile } from '../../../src/seccomp/filter/compile/compile.js';
import {
  decodeFilterFile,
  encodeFilterFile,
  type FilterFile,
  MAX_PROGRAM_LENGTH,
} from '../../../src/seccomp/filter/filter-file.js';
import { resolve, resolveCalls } from '../../../src/seccomp/syscalls/resolve.js';
import { bundledSets } from '../../../src/seccomp/syscalls/sets.js';
import { policyFrom } from '../../support/policy.js';
import { type Convention, unusualCalls } from './call-layouts.js';
import { callNames, headersUnavailable } from './call-names.js';
import { type Answer, type CallNames, type MadeCall, PolicyOracle, widthOf } from './policy-oracle.js';
import { callsFor, lineOf } from './random-calls.js';
import { policyTexts } from './random-policies.js';
import { askKernel, encode, kernelUnavailable, thisMachine } from './try-filter.js';

/** Other policies and calls in every run, unless this names the seed of an earlier one. */
const SEED_VARIABLE = 'RANDOM_POLICIES_SEED';
const seed = Number(process.env[SEED_VARIABLE] ?? randomInt(2 ** 31));

/** Policies beside those that rule on calls with unusual arguments. */
const POLICIES = 18;
/** Calls for a policy, of a convention that it opens and of one that it doesn't. */
const CALLS = { open: 400, closed: 5 };

const RETURN = 0x06;
const LOG = 0x7ffc0000;
/** An errno that a filter can return (seccomp(2)) and a policy can't name. */
const LOGGED = 4095;

/** A policy's program, by way of its filter file. */
function programOf(text: string): readonly Instruction[] {
  const policy = policyFrom(text);
  const diagnostics = checkSyscalls(policy, bundledSets(), ['x86-64']);
  assert.deepEqual(
    diagnostics.filter(({ severity }) => severity === 'error'),
    [],
    text,
  );
  const resolved = resolve(resolveCalls(policy.syscalls!, bundledSets()), 'x86-64');
  const programs = new Map([['x86-64' as const, compile(resolved, { limit: MAX_PROGRAM_LENGTH })]]);
  const file = decodeFilterFile(encodeFilterFile({ noNewPrivileges: true, log: false, programs }));
  return (file as FilterFile).programs.get('x86-64')!;
}

/** Whoever makes a call isn't told whether it is recorded: of this program it is, by an errno. */
const showingLog = (program: readonly Instruction[]): Instruction[] =>
  program.map((one) => (one.code === RETURN && one.k === LOG ? { ...one, k: 0x50000 + LOGGED } : one));

function answerOf(line: string): Answer | string {
  if (line === 'passed') return 'allow';
  if (line === 'signal 31') return 'kill';
  return line.startsWith('returned -') ? Number(line.slice('returned -'.length)) : line;
}

/** What the kernel does with calls under a program; a second try tells whether those that pass are recorded. */
function kernelAnswers(program: readonly Instruction[], calls: readonly MadeCall[]): (Answer | string)[] {
  const ask = (filter: readonly Instruction[], asked: readonly MadeCall[]) =>
    asked.length === 0
      ? []
      : askKernel([`filter ${encode(filter)}`, ...asked.map(lineOf)], 'try-calls').map(answerOf);
  const answers = ask(program, calls);
  const passed = calls.flatMap((call, at) => (answers[at] === 'allow' ? [{ call, at }] : []));
  ask(
    showingLog(program),
    passed.map(({ call }) => call),
  ).forEach((answer, index) => {
    answers[passed[index]!.at] = answer === LOGGED ? 'log' : answer;
  });
  return answers;
}

/** What a comparison was good for. */
function* merits(oracle: PolicyOracle, call: MadeCall, name: string, answer: Answer | string) {
  yield typeof answer === 'number' ? 'errno' : answer;
  if (name === '') yield 'unknown number';
  if (oracle.opens(call.convention) && oracle.rulesOn(name).length > 0) yield `rule on ${name}`;
  if (name === 'socketcall' || name === 'ipc') yield 'call that makes others';
  const rule = oracle.ruleFor(call, name);
  if (!oracle.opens(call.convention) || rule === undefined) return;
  for (const condition of rule.when) yield `rule of ${widthOf(condition)} bits`;
  if (rule.when.some(({ arg }) => call.registers[arg]! >> 32n !== 0n)) yield 'rule and dirt above';
}

const COMMON = ['allow', 'log', 'kill', 'errno', 'unknown number'].concat([
  'rule of 32 bits',
  'rule of 64 bits',
  'rule and dirt above',
]);
const MERITS: Readonly<Record<Convention, readonly string[]>> = {
  'x86-64': COMMON,
  x32: [...COMMON, 'rule on preadv2', 'rule on pwritev2'],
  x86: [...COMMON, 'call that makes others', ...unusualCalls().map((name) => `rule on ${name}`)],
};

function compareAll(convention: Convention, names: CallNames, texts: readonly string[]): void {
  const tally = new Map<string, number>();
  for (const [at, text] of texts.entries()) {
    const oracle = new PolicyOracle(text, names);
    const numRuns = oracle.opens(convention) ? CALLS.open : CALLS.closed;
    const calls = fc.sample(callsFor(oracle, convention, names), { numRuns, seed: seed + at });
    const answers = kernelAnswers(programOf(text), calls);
    assert.equal(answers.length, calls.length);
    for (const [index, call] of calls.entries()) {
      const [got, expected] = [answers[index]!, oracle.answers(call)];
      const name = names.get(convention)!.get(call.nr) ?? '';
      if (!expected.includes(got as Answer)) {
        assert.fail(
          `${text}\n${name} ${inspect(call, { breakLength: 110 })}\nexpected ${expected}, got ${got}`,
        );
      }
      for (const merit of merits(oracle, call, name, got)) tally.set(merit, (tally.get(merit) ?? 0) + 1);
    }
  }
  const scarce = MERITS[convention].filter((merit) => (tally.get(merit) ?? 0) < 20);
  assert.deepEqual(scarce, [], inspect(tally));
}

/** Why calls of a convention can't be made here, or undefined. */
function cannotCall(convention: Convention): string | undefined {
  const allow = [{ code: RETURN, jt: 0, jf: 0, k: 0x7fff0000 }];
  const call = { convention, nr: 5000, registers: new Array<bigint>(6).fill(0n) };
  return kernelAnswers(allow, [call])[0] === 'allow'
    ? undefined
    : `the kernel doesn't take ${convention} calls`;
}

if (thisMachine === 'x86-64') {
  const skip = kernelUnavailable('try-calls') ?? headersUnavailable();
  describe(`random policies (to repeat: ${SEED_VARIABLE}=${seed})`, { skip }, () => {
    if (skip !== undefined) return;
    const names = callNames();
    const texts = policyTexts(names, POLICIES, seed);
    for (const convention of ['x86-64', 'x32', 'x86'] as const) {
      test(
        `answer ${convention} calls in the kernel as an oracle says (seed ${seed})`,
        {
          skip: cannotCall(convention),
        },
        () => compareAll(convention, names, texts),
      );
    }
  });
}
