import { groupBy } from '../collections.js';
import { type Diagnostic, didYouMean, error, type Location } from '../diagnostic.js';
import { ABIS, type Abi, abisOf, kernelNumber } from '../syscalls/abi.js';
import type { Action } from '../syscalls/action.js';
import { formatAction } from '../syscalls/action-text.js';
import { registersWith } from '../syscalls/arguments.js';
import { hiddenFrom } from '../syscalls/conditions.js';
import { MULTIPLEXED } from '../syscalls/multiplex.js';
import type { NamedPolicy } from '../syscalls/named-policy.js';
import { namesake, numbersOf } from '../syscalls/numbers.js';
import { parseOperand } from '../syscalls/operand.js';
import { type Call, evaluate, type SyscallPolicy } from '../syscalls/policy.js';
import { entriesByCall, isOwnRefusal, verdictOn } from '../syscalls/resolve.js';
import type { SyscallsSection } from '../syscalls/section.js';
import type { SyscallSets } from '../syscalls/sets.js';
import type { Expectation, Policy } from './policy.js';

/** A policy's result: by the names of calls, and by numbers on each machine that it is checked for. */
export interface Meaning {
  readonly sets: SyscallSets;
  readonly named: NamedPolicy;
  readonly machines: readonly SyscallPolicy[];
}

/** The action that a call gets through one ABI. */
interface Answer {
  readonly abi: Abi;
  readonly got: Action;
}

/**
 * Errors about `[[expect]]` tables that don't hold for a policy, or name a call that the ABI lacks. Tables for ABIs of
 * other machines are passed over.
 */
export function checkExpectations(policy: Policy, meaning: Meaning): Diagnostic[] {
  return policy.expect.flatMap((expectation) => {
    const spoken = meaning.machines.flatMap(({ machine }) => abiOf(expectation, abisOf(machine)) ?? []);
    const answers = meaning.machines.flatMap((machine) => answersTo(expectation, machine));
    if (spoken.length > 0 && answers.length === 0) return [withoutCall(expectation, spoken)];
    const wrong = answers.filter(({ got }) => got !== expectation.action.value);
    return [...groupBy(wrong, ({ got }) => got)].map(([got, list]) => {
      const { syscall, action } = expectation;
      const abis = list.map(({ abi }) => abi);
      const message = `${syscall.value} on ${abis.join(', ')} gets '${formatAction(got)}', not '${formatAction(action.value)}'`;
      const hint = whatDecides(policy, expectation, abis[0]!, meaning);
      return error('expectation-failed', message, { at: syscall.at, hint });
    });
  });
}

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
    hint: hint ?? "'architecture' names the ABI that has it",
  });
}

function answersTo(expectation: Expectation, meaning: SyscallPolicy): Answer[] {
  const { syscall, args } = expectation;
  const abi = abiOf(expectation, abisOf(meaning.machine));
  const nr = abi && numbersOf(abi).get(syscall.value);
  if (abi === undefined || nr === undefined) return [];
  const values = args.map((arg) => parseOperand(arg, abi, 64));
  const registers = registersWith(abi, syscall.value, values);
  const call: Call = { arch: ABIS[abi].arch, nr: kernelNumber(abi, nr), args: registers };
  return [{ abi, got: evaluate(meaning, call) }];
}

/** A hint at the line, or the missing line, that decides a call's action. */
function whatDecides(
  { syscalls: section }: Policy,
  { syscall: { value: call, at } }: Expectation,
  abi: Abi,
  { sets, named, machines }: Meaning,
): string {
  const place = (there: Location) =>
    there.file === at.file ? `line ${there.line}` : `${there.file}:${there.line}`;
  if (!machines.some(({ abis }) => abis.has(abi))) return `'architectures' leaves ${abi} out`;
  if ((MULTIPLEXED.get(abi) ?? []).some((door) => door.call === call)) {
    return `${call} makes other calls, and gets what they get`;
  }
  if (isOwnRefusal(verdictOn(named, call))) {
    return "the unit's own SystemCallFilter= refuses it; 'inherit = false' replaces that";
  }
  const rules = section!.rules.filter(({ syscall }) => syscall.value === call);
  const [hidden] = rules.flatMap((one) => hiddenFrom(one, abi) ?? []);
  if (hidden) return `on ${abi} '${call}' ${hidden.why}: it gets the strictest answer of its rules`;
  const [rule] = rules;
  if (rule) return `the rules on ${call} come first: ${place(rule.at)}`;
  const found = entryOn(section!, call, sets);
  if (found) return `it comes from '${found.list}': ${place(found.entry.at)}`;
  return section!.allow ? "'allow' doesn't name it" : "no line names it, and 'deny' lets the rest through";
}

/** The list that decides on a call where no rule does, and its entry; undefined if none names the call. */
export function entryOn(section: SyscallsSection, call: string, sets: SyscallSets) {
  for (const list of ['deny', 'log', 'allow'] as const) {
    const entry = entriesByCall(section[list] ?? [], sets).get(call);
    if (entry) return { list, entry };
  }
  return undefined;
}
