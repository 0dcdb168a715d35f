/** Ends the trial of a policy: calls that it lets through and logs are allowed if they were used, else refused. */

import type { Location } from '../../diagnostic.js';
import { kindsIn } from '../../observe/recording/kinds.js';
import type { RecordedArguments } from '../../observe/recording/recording.js';
import type { TextEdit } from '../../policy/edit.js';
import type { Policy } from '../../policy/policy.js';
import type { Abi } from '../../seccomp/syscalls/abi.js';
import { type Action, ALLOW, ENOSYS, LOG } from '../../seccomp/syscalls/action.js';
import { formatAction } from '../../seccomp/syscalls/action-text.js';
import { conditionsOf, holdsAlways } from '../../seccomp/syscalls/conditions.js';
import { holds } from '../../seccomp/syscalls/policy.js';
import { callsOf, refusal, resolveCalls, verdictOn } from '../../seccomp/syscalls/resolve.js';
import type { CallEntry, RuleEntry, SyscallsSection } from '../../seccomp/syscalls/section.js';
import type { SyscallSets } from '../../seccomp/syscalls/sets.js';
import { FALL_BACK } from './policy/calls/tables.js';
import { OTHERS_LOGGED, OTHERS_REFUSED } from './policy/rules/rule.js';
import type { Profile, ProfileCall } from './profile.js';

/** Calls that were made under the policy, and the values of their arguments. */
export interface UsedCalls extends Pick<Profile, 'lost' | 'blind'> {
  readonly calls: readonly Pick<ProfileCall, 'architecture' | 'name'>[];
  readonly arguments: readonly Pick<
    RecordedArguments,
    'architecture' | 'name' | 'arguments' | 'values' | 'lost'
  >[];
}

export interface Promotion {
  /** Logged calls that were used, and are allowed from now on. */
  readonly allowed: readonly string[];
  /** Logged calls that weren't used, and are refused from now on. */
  readonly unused: readonly string[];
  /** Calls whose rules now refuse other arguments than those that are allowed. */
  readonly ruled: readonly string[];
  /** Calls whose rules go on logging: other arguments were used, or that is unknown. */
  readonly kept: readonly string[];
  readonly edits: readonly TextEdit[];
}

/**
 * Plans the promotion of the entries and rules that a policy's own file has; those of its bases stay.
 * @param file the path of that file
 */
export function promotion(
  section: SyscallsSection,
  file: string,
  used: UsedCalls,
  sets: SyscallSets,
): Promotion {
  const isOwn = ({ at }: { readonly at: { readonly file: string } }) => at.file === file;
  const made = new Set(used.calls.map(({ name }) => name));
  const entries = section.log.filter(isOwn);
  const logged = [...new Set(entries.flatMap((entry) => callsOf(entry, sets)))].sort();
  const allowed = logged.filter((name) => made.has(name));
  const rules = section.rules.filter((rule) => isOwn(rule) && isCatchAll(rule));
  const kept = rules.filter((rule) => !isCovered(rule, section, used));
  const ruled = rules.filter((rule) => !kept.includes(rule));
  const answer = formatAction(refusal(section));
  const unused = logged.filter((name) => !made.has(name));
  return {
    allowed,
    unused,
    ruled: ruled.map(({ syscall }) => syscall.value),
    kept: kept.map(({ syscall }) => syscall.value),
    edits: [
      ...entries.map(({ name, at }): TextEdit => ({ kind: 'take-out', entry: name, at })),
      ...added('allow', 'Used', section.allow === undefined ? [] : allowed, section.allow?.filter(isOwn)),
      ...added('deny', 'Not used', deniedOnes(unused, section, sets), section.deny.filter(isOwn)),
      ...ruled.map(({ action }): TextEdit => ({ kind: 'replace', at: action.at, text: `"${answer}"` })),
    ],
  };
}

/** Edits of the comment that a learned policy has on top of the first rule on a call, which a promotion makes untrue. */
export function promotedComments(
  { ruled, kept }: Promotion,
  { rules }: SyscallsSection,
  file: string,
): TextEdit[] {
  const like = new RegExp(`^(# .*)${OTHERS_LOGGED.replace('.', '\\.')}$`, 'm');
  const calls = [...new Set(ruled)].filter((call) => !kept.includes(call));
  return calls.map((call) => ({
    ...{ kind: 'comment', like, text: `$1${OTHERS_REFUSED}` },
    above: rules.find(({ syscall, at }) => syscall.value === call && at.file === file)!.at,
  }));
}

const added = (
  list: 'allow' | 'deny',
  how: string,
  names: readonly string[],
  entries: readonly CallEntry[] = [],
): TextEdit[] =>
  names.map((name) => ({
    ...{ kind: 'add', list, name, after: entries.at(-1)?.at },
    heading: `${how} while it was let through and logged`,
  }));

/** Entries for calls that would else be let through, or get another answer than the one they need. */
function deniedOnes(names: readonly string[], section: SyscallsSection, sets: SyscallSets): string[] {
  const [needed, others] = [
    names.filter((name) => FALL_BACK.has(name)),
    names.filter((name) => !FALL_BACK.has(name)),
  ];
  return [...openOnes(others, section, sets), ...needed.map((name) => `${name}:ENOSYS`)];
}

/** Calls that the lists would let through once they aren't logged any more. */
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

/** Whether a rule logs all calls that no rule before it decides on. */
const isCatchAll = ({ action, when }: RuleEntry): boolean => action.value === LOG && when.every(holdsAlways);

/** Whether each value that was used is decided on by a rule before this one. */
function isCovered(rule: RuleEntry, { rules }: SyscallsSection, used: UsedCalls): boolean {
  const call = rule.syscall.value;
  const earlier = rules.slice(0, rules.indexOf(rule)).filter(({ syscall }) => syscall.value === call);
  const abis = new Set(
    used.calls.filter(({ name }) => name === call).map(({ architecture }) => architecture),
  );
  if (abis.size === 0) return true;
  if ([...Object.keys(used.lost), ...used.blind].some((table) => kindsIn(table).includes('arguments')))
    return false;
  // Each row has all calls of an ABI: one that has all of them suffices.
  const rows = used.arguments.filter(({ name }) => name === call);
  return [...abis].every((abi) =>
    rows.some(
      (row) =>
        row.architecture === abi &&
        row.lost === 0 &&
        row.values.length > 0 &&
        row.values.every((values) => isDecided(earlier, row, values)),
    ),
  );
}

function isDecided(
  rules: readonly RuleEntry[],
  { architecture, arguments: places }: UsedCalls['arguments'][number],
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

/**
 * Whether an edited policy says of the logged calls and rules what a promotion is for, and of all else what it said.
 * @param before the policy that the promotion was planned for
 */
export function isPromoted(
  before: Policy,
  after: Policy,
  { allowed, unused, edits }: Promotion,
  sets: SyscallSets,
): boolean {
  if (!before.syscalls || !after.syscalls) return false;
  const [was, is] = [before.syscalls, after.syscalls].map((section) => resolveCalls(section, sets));
  const answers = new Map<string, Action>([
    ...allowed.map((name): [string, Action] => [name, ALLOW]),
    ...unused.map((name): [string, Action] => [
      name,
      FALL_BACK.has(name) ? ENOSYS : refusal(after.syscalls!),
    ]),
  ]);
  const replaced = new Set(edits.flatMap((edit) => (edit.kind === 'replace' ? [placeText(edit.at)] : [])));
  const isPlanned = ({ action: { at } }: RuleEntry) => replaced.has(placeText(at));
  const planned = rulesText(before.syscalls.rules, (rule) =>
    isPlanned(rule) ? refusal(after.syscalls!) : rule.action.value,
  );
  const names = new Set([...was!.verdicts.keys(), ...is!.verdicts.keys()]);
  return (
    rulesText(after.syscalls.rules, ({ action }) => action.value) === planned &&
    was!.unnamed === is!.unnamed &&
    was!.unlisted === is!.unlisted &&
    was!.architectures.join() === is!.architectures.join() &&
    [...names].every(
      (name) => verdictOn(is!, name).otherwise === (answers.get(name) ?? verdictOn(was!, name).otherwise),
    )
  );
}

const placeText = ({ file, line, column }: Location): string => `${file}:${line}:${column}`;

/** All rules in their order, without their places. */
const rulesText = (rules: readonly RuleEntry[], actionOf: (rule: RuleEntry) => Action): string =>
  JSON.stringify(
    rules.map((rule) => [
      rule.syscall.value,
      actionOf(rule),
      rule.when.map(({ arg, op, width, operands }) => [arg, op, width, ...operands.map(operandText)]),
    ]),
  );

const operandText = ({ value }: { readonly value: bigint | string }): string => `${typeof value} ${value}`;
