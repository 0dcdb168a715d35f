import { groupBy } from '../collections.js';
import { type Diagnostic, didYouMean, error, type Location } from '../diagnostic.js';
import { ABIS, type Abi, abisOf, kernelNumber } from '../seccomp/syscalls/abi.js';
import { type Action, stricter } from '../seccomp/syscalls/action.js';
import { formatAction } from '../seccomp/syscalls/action-text.js';
import { registersWith } from '../seccomp/syscalls/arguments.js';
import { hiddenFrom } from '../seccomp/syscalls/conditions.js';
import { MULTIPLEXED } from '../seccomp/syscalls/multiplex.js';
import type { NamedPolicy } from '../seccomp/syscalls/named-policy.js';
import { namesake, numbersOf } from '../seccomp/syscalls/numbers.js';
import { parseOperand } from '../seccomp/syscalls/operand.js';
import { evaluate, type SeccompData, type SyscallPolicy } from '../seccomp/syscalls/policy.js';
import { entriesByCall, isOwnRefusal, verdictOn } from '../seccomp/syscalls/resolve.js';
import type { SyscallsSection } from '../seccomp/syscalls/section.js';
import type { SyscallSets } from '../seccomp/syscalls/sets.js';
import type { Expectation, Policy } from './policy.js';

/** A filter of a policy: by the names of calls, and by numbers on each machine that it is checked for. */
export interface ResolvedFilter {
  /** The lists and rules that it comes from; undefined for a unit's own filter alone. */
  readonly section: SyscallsSection | undefined;
  readonly sets: SyscallSets;
  readonly named: NamedPolicy;
  readonly machines: readonly SyscallPolicy[];
}

/** Whether an expectation is about a service that serves. */
export const isOfReady = ({ phase }: Expectation): boolean => phase?.value === 'ready';

/** The action that a call gets through one ABI. */
interface AbiAnswer {
  readonly abi: Abi;
  readonly got: Action;
  /** The filter that gives it. */
  readonly by: ResolvedFilter;
}

/**
 * Errors about `[[expect]]` tables on the start of a service that don't hold for a policy, or name a call that the ABI
 * lacks. Tables for ABIs of other machines are passed over.
 */
export const checkExpectations = ({ expect }: Policy, meaning: ResolvedFilter): Diagnostic[] =>
  expect.filter((one) => !isOfReady(one)).flatMap((one) => failuresOf(one, [meaning]));

/**
 * Errors about `[[expect]]` tables on a service that serves, as those of checkExpectations(). What is in force before and
 * the filter of `[ready]` answer together.
 * @param before in force from the start on; undefined where nothing is
 */
export function checkReadyExpectations(
  { expect }: Policy,
  before: ResolvedFilter | undefined,
  ready: ResolvedFilter,
): Diagnostic[] {
  const filters: readonly [ResolvedFilter, ...ResolvedFilter[]] = before ? [ready, before] : [ready];
  return expect.filter(isOfReady).flatMap((one) => failuresOf(one, filters));
}

/** @param filters all that are in force together, for the same machines; of two that are as strict the first answers */
function failuresOf(
  expectation: Expectation,
  filters: readonly [ResolvedFilter, ...ResolvedFilter[]],
): Diagnostic[] {
  const [{ machines }] = filters;
  const spoken = machines.flatMap(({ machine }) => abiOf(expectation, abisOf(machine)) ?? []);
  const answers = machines.flatMap((_, i) =>
    jointAnswer(filters.flatMap((one) => answerOf(expectation, one, i))),
  );
  if (spoken.length > 0 && answers.length === 0) return [withoutCall(expectation, spoken)];
  const wrong = answers.filter(({ got }) => got !== expectation.action.value);
  return [...groupBy(wrong, ({ got }) => got)].map(([got, list]) => {
    const { syscall, action } = expectation;
    const when = isOfReady(expectation) ? ' once it serves' : '';
    const abis = list.map(({ abi }) => abi);
    const message = `${syscall.value} on ${abis.join(', ')} gets '${formatAction(got)}'${when}, not '${formatAction(action.value)}'`;
    const hint = whatDecides(expectation, list[0]!, filters);
    return error('expectation-failed', message, { at: syscall.at, hint });
  });
}

/** The answer that the kernel takes of those by several filters; empty if there is none. */
const jointAnswer = (answers: readonly AbiAnswer[]): AbiAnswer[] =>
  answers.length === 0 ? [] : [answers.reduce((a, b) => (stricter(a.got, b.got) === a.got ? a : b))];

/** The ABI of a machine that an expectation is for; undefined where the machine lacks it. */
function abiOf({ architecture }: Expectation, abis: readonly Abi[]): Abi | undefined {
  const wanted = architecture?.value ?? 'native';
  return wanted === 'native' ? abis[0] : abis.find((one) => one === wanted);
}

function withoutCall({ syscall: { value: call, at } }: Expectation, abis: readonly Abi[]): Diagnostic {
  const near = namesake(call, abis[0]!);
  const hint = near ? `did you mean '${near}'?` : didYouMean(call, numbersOf(abis[0]!).keys());
  return error('expectation-failed', `there is no call '${call}' on ${abis.join(', ')}`, {
    at,
    hint: hint ?? "set 'architecture' to the ABI that has it",
  });
}

/** @param i which of the machines */
function answerOf(expectation: Expectation, by: ResolvedFilter, i: number): AbiAnswer[] {
  const { syscall, args } = expectation;
  const meaning = by.machines[i]!;
  const abi = abiOf(expectation, abisOf(meaning.machine));
  const nr = abi && numbersOf(abi).get(syscall.value);
  if (abi === undefined || nr === undefined) return [];
  const values = args.map((arg) => parseOperand(arg, abi, 64));
  const registers = registersWith(abi, syscall.value, values);
  const call: SeccompData = { arch: ABIS[abi].arch, nr: kernelNumber(abi, nr), args: registers };
  return [{ abi, by, got: evaluate(meaning, call) }];
}

/** A hint at the line, or the missing line, that decides a call's action. */
function whatDecides(
  expectation: Expectation,
  { abi, by }: AbiAnswer,
  [first]: readonly [ResolvedFilter, ...ResolvedFilter[]],
): string {
  const { value: call, at } = expectation.syscall;
  const { section, sets, named, machines } = by;
  const table = by === first ? '[ready]' : '[syscalls]';
  const of = isOfReady(expectation) ? ` of ${table}` : '';
  const place = (there: Location) =>
    there.file === at.file ? `line ${there.line}` : `${there.file}:${there.line}`;
  if (!machines.some(({ abis }) => abis.has(abi))) return `'architectures' leaves ${abi} out`;
  if ((MULTIPLEXED.get(abi) ?? []).some((multiplexer) => multiplexer.call === call)) {
    return `${call} stands for other calls, and gets their actions`;
  }
  if (isOwnRefusal(verdictOn(named, call))) {
    const replaced = section ? "; 'inherit = false' replaces that" : '';
    return `the unit's own SystemCallFilter= refuses it${replaced}`;
  }
  const rules = (section?.rules ?? []).filter(({ syscall }) => syscall.value === call);
  const [hidden] = rules.flatMap((one) => hiddenFrom(one, abi) ?? []);
  if (hidden) return `on ${abi} '${call}' ${hidden.why}: it gets the strictest action of its rules`;
  const [rule] = rules;
  if (rule) return `the rules on ${call} decide: ${place(rule.at)}`;
  const found = section && entryOn(section, call, sets);
  if (found) return `it comes from '${found.list}': ${place(found.entry.at)}`;
  return section?.allow
    ? `'allow'${of} doesn't name it`
    : `no line${of} names it, and 'deny' lets the rest through`;
}

/** The list that decides on a call where no rule does, and its entry; undefined if none names the call. */
export function entryOn(section: SyscallsSection, call: string, sets: SyscallSets) {
  for (const list of ['deny', 'log', 'allow'] as const) {
    const entry = entriesByCall(section[list] ?? [], sets).get(call);
    if (entry) return { list, entry };
  }
  return undefined;
}
