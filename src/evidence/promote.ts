/** Ends the time of trial of a policy: calls that it lets through and records are allowed if they were used, else refused. */

import type { TextEdit } from '../policy/edit.js';
import type { Policy } from '../policy/policy.js';
import type { Abi } from '../syscalls/abi.js';
import { type Action, ALLOW, LOG } from '../syscalls/action.js';
import { formatAction } from '../syscalls/action-text.js';
import { conditionsOf, holdsAlways } from '../syscalls/conditions.js';
import { holds } from '../syscalls/policy.js';
import { callsOf, refusal, resolveCalls, verdictOn } from '../syscalls/resolve.js';
import type { CallEntry, RuleEntry, SyscallsSection } from '../syscalls/section.js';
import type { SyscallSets } from '../syscalls/sets.js';
import type { RecordedArguments } from './recording/recording.js';

/** Calls that were made under the policy, and the values of their arguments. */
export interface Used {
  readonly calls: readonly { readonly name: string; readonly architecture: string }[];
  readonly arguments: readonly Pick<
    RecordedArguments,
    'architecture' | 'name' | 'arguments' | 'values' | 'lost'
  >[];
}

export interface Promotion {
  /** Recorded calls that were used, and are allowed from now on. */
  readonly allowed: readonly string[];
  /** Recorded calls that weren't used, and are refused from now on. */
  readonly refused: readonly string[];
  /** Calls whose rules now refuse other arguments than those that are allowed. */
  readonly ruled: readonly string[];
  /** Calls whose rules go on recording: other arguments were used, or that can't be told. */
  readonly kept: readonly string[];
  readonly edits: readonly TextEdit[];
}

/**
 * Plans the promotion of the entries and rules that a policy's own file has; those of its bases stay.
 * @param file the path of that file
 */
export function promotion(section: SyscallsSection, file: string, used: Used, sets: SyscallSets): Promotion {
  const isOwn = ({ at }: { readonly at: { readonly file: string } }) => at.file === file;
  const made = new Set(used.calls.map(({ name }) => name));
  const entries = section.log.filter(isOwn);
  const recorded = [...new Set(entries.flatMap((entry) => callsOf(entry, sets)))].sort();
  const allowed = recorded.filter((name) => made.has(name));
  const rules = section.rules.filter((rule) => isOwn(rule) && isCatchAll(rule));
  const kept = rules.filter((rule) => !isCovered(rule, section, used));
  const ruled = rules.filter((rule) => !kept.includes(rule));
  const answer = formatAction(refusal(section));
  const refused = recorded.filter((name) => !made.has(name));
  return {
    allowed,
    refused,
    ruled: ruled.map(({ syscall }) => syscall.value),
    kept: kept.map(({ syscall }) => syscall.value),
    edits: [
      ...entries.map(({ name, at }): TextEdit => ({ kind: 'take-out', entry: name, at })),
      ...added('allow', section.allow === undefined ? [] : allowed, section.allow?.filter(isOwn)),
      ...added('deny', openOnes(refused, section, sets), section.deny.filter(isOwn)),
      ...ruled.map(({ action }): TextEdit => ({ kind: 'replace', at: action.at, text: `"${answer}"` })),
    ],
  };
}

const added = (
  list: 'allow' | 'deny',
  names: readonly string[],
  entries: readonly CallEntry[] = [],
): TextEdit[] => names.map((name) => ({ kind: 'add', list, name, after: entries.at(-1)?.at }));

/** Calls that the lists would let through once they aren't recorded any more. */
function openOnes(
  names: readonly string[],
  { allow, implicit }: SyscallsSection,
  sets: SyscallSets,
): string[] {
  if (allow === undefined) return [...names];
  const entries = implicit?.value === false ? allow : [...allow, { name: '@default' }];
  const open = new Set(entries.flatMap((entry) => callsOf(entry, sets)));
  return names.filter((name) => open.has(name));
}

/** Whether a rule records all calls that no rule before it decides on. */
const isCatchAll = ({ action, when }: RuleEntry): boolean => action.value === LOG && when.every(holdsAlways);

/** Whether each value that was used is decided on by a rule before this one. */
function isCovered(rule: RuleEntry, { rules }: SyscallsSection, used: Used): boolean {
  const call = rule.syscall.value;
  const earlier = rules.slice(0, rules.indexOf(rule)).filter(({ syscall }) => syscall.value === call);
  const made = used.calls.filter(({ name }) => name === call);
  const seen = used.arguments.filter(({ name }) => name === call);
  return (
    made.every(({ architecture }) => seen.some((one) => one.architecture === architecture)) &&
    seen.every(({ lost }) => lost === 0) &&
    seen.every((one) => one.values.every((values) => isDecided(earlier, one, values)))
  );
}

function isDecided(
  rules: readonly RuleEntry[],
  { architecture, arguments: places }: Used['arguments'][number],
  values: readonly string[],
): boolean {
  const registers = Array.from({ length: 6 }, () => 0n);
  for (const [i, place] of places.entries()) registers[place] = BigInt(values[i]!);
  return rules.some(({ syscall, when }) => {
    if (!when.every(({ arg }) => places.includes(arg))) return false;
    return conditionsOf({ syscall, when } as RuleEntry, architecture as Abi)?.every((one) =>
      holds(one, registers),
    );
  });
}

/** Whether an edited policy says of the recorded calls what a promotion is for, and no other calls differ. */
export function isPromoted(
  before: Policy,
  after: Policy,
  { allowed, refused }: Promotion,
  sets: SyscallSets,
): boolean {
  if (!before.syscalls || !after.syscalls) return false;
  const [was, is] = [before.syscalls, after.syscalls].map((section) => resolveCalls(section, sets));
  const answers = new Map<string, Action>([
    ...allowed.map((name): [string, Action] => [name, ALLOW]),
    ...refused.map((name): [string, Action] => [name, refusal(after.syscalls!)]),
  ]);
  const names = new Set([...was!.verdicts.keys(), ...is!.verdicts.keys()]);
  return [...names].every(
    (name) => verdictOn(is!, name).otherwise === (answers.get(name) ?? verdictOn(was!, name).otherwise),
  );
}
