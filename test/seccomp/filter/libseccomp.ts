/** Policies that libseccomp can express too, and its own programs for them, made by oracle.c. */
import fc from 'fast-check';
import type { Instruction } from '../../../src/seccomp/filter/bpf.js';
import { ABIS, type Abi, abisOf, type Machine } from '../../../src/seccomp/syscalls/abi.js';
import { type Action, errnoAction } from '../../../src/seccomp/syscalls/action.js';
import { MULTIPLEXED } from '../../../src/seccomp/syscalls/multiplex.js';
import { numbersOf } from '../../../src/seccomp/syscalls/numbers.js';
import type {
  ArgumentRule,
  Condition,
  SyscallPolicy,
  Verdict,
} from '../../../src/seccomp/syscalls/policy.js';
import { inLayer } from '../../support/layer.js';
import * as policies from '../../support/policies.js';
import { decodeProgram } from '../../support/pure.js';

/**
 * A policy by the names of calls. libseccomp has one action for all that no rule matches, doesn't keep the order of
 * rules, and takes no rule with that one action: so all of that is the same here.
 */
export interface NamedPolicy {
  readonly machine: Machine;
  readonly otherwise: Action;
  readonly abis: ReadonlyMap<Abi, ReadonlyMap<string, readonly ArgumentRule[]>>;
}

/** libseccomp stops one short of the highest errno. */
const action = () => policies.action().filter((one) => one !== errnoAction(4095));

/** SCMP_ARCH_X32 (seccomp.h); for the kernel x32 is x86-64. */
const X32_TOKEN = 0x4000003e;
const token = (abi: Abi) => (abi === 'x32' ? X32_TOKEN : ABIS[abi].arch);

/** libseccomp compares whole registers on these, and only lower halves on the others, x32 among them. */
const comparesWhole = (abi: Abi) => abi !== 'x32' && ABIS[abi].registerBits === 64;

/**
 * Calls of which libseccomp makes more than one number, so that it takes no rule for just that: on x86 what goes through
 * socketcall and ipc too, on arm the number that it calls arm_sync_file_range.
 */
export const isAmbiguous = (abi: Abi, call: string) =>
  (abi === 'arm' && call === 'sync_file_range2') ||
  (MULTIPLEXED.get(abi) ?? []).some((door) => [door.call, ...[...door.calls.values()].flat()].includes(call));

const maskedCondition = (arg: number): fc.Arbitrary<Condition> =>
  fc
    .record({
      op: fc.constantFrom('eq' as const, 'bits-set' as const, 'bits-clear' as const),
      operand: policies.value(32),
    })
    .filter(({ op, operand }) => op === 'eq' || operand !== 0n)
    .map(({ op, operand }) => ({ arg, op, width: 32, values: [operand] }));

const plainCondition = (abi: Abi, arg: number): fc.Arbitrary<Condition> => {
  const width = comparesWhole(abi) ? 64 : 32;
  return fc
    .record({
      op: fc.constantFrom('eq' as const, 'ne', 'lt', 'le', 'gt', 'ge'),
      operand: policies.value(width),
    })
    .map(({ op, operand }) => ({ arg, op, width, values: [operand] }));
};

/** One rule with conditions on different arguments. */
const oneRule = (abi: Abi): fc.Arbitrary<ArgumentRule[]> =>
  fc
    .subarray([0, 1, 2, 3, 4, 5], { minLength: 1, maxLength: 3 })
    .chain((args) => fc.tuple(...args.map((arg) => fc.oneof(maskedCondition(arg), plainCondition(abi, arg)))))
    .chain((when) => action().map((then) => [{ when, action: then }]));

/**
 * Several rules that exclude each other, so that their order is none. 64-bit comparisons stay out: libseccomp 2.6.0
 * merges those of one call wrongly (GHSA-4q85-33p6-j5g6).
 */
const exclusiveRules = (): fc.Arbitrary<ArgumentRule[]> =>
  fc
    .tuple(fc.nat({ max: 5 }), fc.uniqueArray(policies.value(32), { minLength: 2, maxLength: 5 }))
    .chain(([arg, values]) =>
      fc.tuple(
        ...values.map((operand) =>
          action().map((then) => ({
            when: [{ arg, op: 'eq' as const, width: 32 as const, values: [operand] }],
            action: then,
          })),
        ),
      ),
    );

const unconditional = (): fc.Arbitrary<ArgumentRule[]> =>
  action().map((then) => [{ when: [], action: then }]);

export function namedPolicy(known: ReadonlySet<string>): fc.Arbitrary<NamedPolicy> {
  const rules = (abi: Abi, otherwise: Action) =>
    fc
      .oneof({ weight: 3, arbitrary: unconditional() }, oneRule(abi), exclusiveRules())
      .map((list) => list.filter((rule) => rule.action !== otherwise));
  const calls = (abi: Abi, otherwise: Action) =>
    fc
      .array(
        fc.tuple(
          fc.constantFrom(
            ...[...numbersOf(abi).keys()].filter((call) => known.has(call) && !isAmbiguous(abi, call)),
          ),
          rules(abi, otherwise),
        ),
        { maxLength: 60 },
      )
      .map((entries): [Abi, ReadonlyMap<string, readonly ArgumentRule[]>] => [abi, new Map(entries)]);
  return fc
    .record({ machine: fc.constantFrom<Machine>('x86-64', 'arm64', 'riscv64'), otherwise: action() })
    .chain(({ machine, otherwise }) =>
      fc
        .subarray([...abisOf(machine)], { minLength: 1 })
        .chain((abis) => fc.tuple(...abis.map((abi) => calls(abi, otherwise))))
        .map((entries) => ({ machine, otherwise, abis: new Map(entries) })),
    );
}

export function toPolicy({ machine, otherwise, abis }: NamedPolicy): SyscallPolicy {
  const verdict = (rules: readonly ArgumentRule[]): Verdict => ({ rules, otherwise });
  return {
    machine,
    abis: new Map(
      [...abis].map(([abi, calls]) => [
        abi,
        {
          verdicts: new Map([...calls].map(([call, rules]) => [numbersOf(abi).get(call)!, verdict(rules)])),
          unlisted: otherwise,
        },
      ]),
    ),
  };
}

const hex = (number: number | bigint) => number.toString(16);

function comparison({ arg, op, values, width }: Condition, abi: Abi): string {
  const operand = hex(values[0]!);
  if (op === 'bits-set') return `${arg} masked-eq ${operand} ${operand}`;
  if (op === 'bits-clear') return `${arg} masked-eq ${operand} 0`;
  if (width === 32 && comparesWhole(abi)) return `${arg} masked-eq ffffffff ${operand}`;
  return `${arg} ${op} 0 ${operand}`;
}

function description({ otherwise, abis }: NamedPolicy): string[] {
  const lines = [...abis].flatMap(([abi, calls]) => [
    `abi ${hex(token(abi))}`,
    ...[...calls].flatMap(([call, rules]) =>
      rules.map((rule) =>
        ['rule', call, hex(rule.action), ...rule.when.map((condition) => comparison(condition, abi))].join(
          ' ',
        ),
      ),
    ),
  ]);
  return [`filter ${hex(otherwise)}`, ...lines, 'end'];
}

async function ask(lines: readonly string[]): Promise<string[]> {
  const build =
    'cc -O1 -Wall -Wextra -Werror -o /tmp/oracle test/seccomp/filter/oracle.c -lseccomp && exec /tmp/oracle';
  const { status, stdout, stderr } = await inLayer(['sh', '-c', build], { input: `${lines.join('\n')}\n` });
  if (status !== 0) throw new Error(`oracle.c: ${status} ${stderr}`);
  return stdout.trimEnd().split('\n');
}

/** Of these calls the ones that libseccomp has in its tables. */
export async function knownToLibseccomp(calls: readonly string[]): Promise<Set<string>> {
  const answers = await ask(calls.map((call) => `knows ${call}`));
  return new Set(calls.filter((_, at) => answers[at] === 'yes'));
}

/** libseccomp's programs for these policies. */
export async function compiledByLibseccomp(list: readonly NamedPolicy[]): Promise<Instruction[][]> {
  return (await ask(list.flatMap(description))).map(decodeProgram);
}
