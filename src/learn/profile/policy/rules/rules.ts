/** Rules on arguments, from the values that were seen. */

import type { SyscallSets } from '../../../../seccomp/syscalls/sets.js';
import { valuesOf } from '../arguments.js';
import { dangerousCalls } from '../calls/tiers.js';
import type { ProfilePart, ReachableCalls } from '../input.js';
import { NAMESPACES, namespacesSeen } from '../namespaces.js';
import { nameOfValue, operandOf } from './constants.js';
import { type LearnedRule, OTHERS_LOGGED, type RuleCondition, type RuledCall } from './rule.js';
import { socketRules } from './sockets.js';
import { WORD_ARGUMENTS, type WordArgument } from './table.js';

/** The most values of an argument that a rule names, as many as a person would write down. */
const MOST_VALUES = 40;

/**
 * Rules for calls that are allowed. A call whose values weren't all recorded has none, nor has one with too many.
 * @param allowed whether a call has the tier `allow`
 */
export function argumentRules(
  profile: ProfilePart,
  reachable: ReachableCalls,
  sets: SyscallSets,
  allowed: (call: string) => boolean,
): RuledCall[] {
  const dangerous = dangerousCalls(sets);
  const isReached = (call: string) =>
    !dangerous.has(call) && (reachable === 'unknown' || reachable.has(call));
  const inMemory = allowed('socketcall');
  const onWords = WORD_ARGUMENTS.filter(({ call }) => allowed(call) && !(inMemory && call === 'setsockopt'));
  return [
    ...(allowed('socket') && !inMemory ? socketRules(profile) : []),
    ...(allowed('clone') ? cloneRule(profile) : []),
    ...onWords.flatMap((argument) => wordRules(argument, profile, isReached(argument.call))),
  ];
}

/** @param isReached whether values that weren't seen are let through and logged */
function wordRules(argument: WordArgument, profile: ProfilePart, isReached: boolean): RuledCall[] {
  const { call, argument: arg, vocabulary, usual, worst, subject } = argument;
  const seen = valuesOf(profile, call, arg);
  if (seen === undefined || seen.length === 0 || seen.length > MOST_VALUES) return [];
  const names = [...new Set([...seen.map((value) => operandOf(vocabulary, value)), ...usual])];
  const rule = (action: LearnedRule['action'], op: RuleCondition['op'], operands: readonly string[]) => ({
    syscall: call,
    when: [{ arg, op, operands }],
    action,
  });
  const isSeen = (name: string) => seen.some((value) => nameOfValue(vocabulary, value) === name);
  const refused = worst.filter((name) => !isSeen(name));
  const rest = isReached ? ` ${OTHERS_LOGGED}` : '';
  return [
    {
      call,
      comment: `${subject} that were seen, or that libraries use by themselves.${rest}`,
      decides: true,
      rules: [
        rule('allow', 'in', inOrder(names)),
        ...(isReached && refused.length > 0 ? [rule('refuse', 'in', refused)] : []),
        ...(isReached ? [rule('log', 'ge', ['0'])] : []),
      ],
    },
  ];
}

/** Names first, then numbers, each in order. */
const inOrder = (operands: readonly string[]): string[] =>
  [...operands].sort((a, b) => Number(isNumber(a)) - Number(isNumber(b)) || (a < b ? -1 : 1));

const isNumber = (operand: string): boolean => /^\d/.test(operand);

/** A rule that refuses the namespaces that weren't made. `clone3` has its flags in memory, where no filter looks. */
function cloneRule(profile: ProfilePart): RuledCall[] {
  const seen = namespacesSeen(profile);
  const others = seen && NAMESPACES.filter(([name]) => !seen.has(name)).map(([, flag]) => flag);
  if (!others || others.length === 0) return [];
  const when = [{ arg: 0, op: 'bits-any' as const, operands: [others.join('|')] }];
  const comment =
    "No process was created in a new namespace of these kinds. Filters can't check clone3, whose flags are in memory.";
  return [{ call: 'clone', comment, decides: false, rules: [{ syscall: 'clone', when, action: 'refuse' }] }];
}
