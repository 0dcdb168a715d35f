/** A policy's text with all changes that explanations propose for it, and the proof that it means just these. */

import { type Diagnostic, hasErrors } from '../diagnostic.js';
import type { Context } from '../machine/context.js';
import { checkSyscalls } from '../policy/check.js';
import type { TextEdit } from '../policy/edit.js';
import type { Phase, Policy } from '../policy/policy.js';
import { hasJust, type NewLines, serviceEdits } from '../policy/service-lines.js';
import type { Prepared } from '../prepare/prepare.js';
import { type RewrittenPolicy, rewritePolicy } from '../prepare/rewrite-policy.js';
import { ALLOW } from '../seccomp/syscalls/action.js';
import { conditionsOf, holdsAlways } from '../seccomp/syscalls/conditions.js';
import type { NamedPolicy, NamedVerdict } from '../seccomp/syscalls/named-policy.js';
import { callNames } from '../seccomp/syscalls/numbers.js';
import { holds } from '../seccomp/syscalls/policy.js';
import { verdictOn } from '../seccomp/syscalls/resolve.js';
import type { RuleEntry } from '../seccomp/syscalls/section.js';
import { ownCommand } from '../systemd/command-lines.js';
import { type Explanation, isFinding } from './explanation.js';
import { type Confinement, failedExpectations, named } from './refused-call.js';
import type { NamedCall } from './tally.js';

/** The edits of a policy's file that explanations propose, each once; additions to a list by their names. */
export const editsOf = (explanations: readonly Explanation[]): TextEdit[] => {
  const edits = explanations.flatMap(({ changes }) => changes.flatMap(({ edit }) => edit ?? []));
  const once = [...new Map(edits.map((edit) => [JSON.stringify(edit), edit])).values()];
  const nameOf = (edit: TextEdit) => (edit.kind === 'add' ? edit.name : '');
  return once.sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : nameOf(a) > nameOf(b) ? 1 : 0));
};

/** Findings that edits of the policy's file alone let through. */
export const mendedBy = (explanations: readonly Explanation[]): Explanation[] =>
  explanations.filter(({ changes }) => changes.length > 0 && changes.every(({ edit }) => edit !== undefined));

/** Findings for which something is left to do besides, or nothing is proposed. */
export function unpatched(explanations: readonly Explanation[]): Explanation[] {
  const mended = new Set(mendedBy(explanations));
  return explanations.filter((one) => isFinding(one) && !mended.has(one));
}

/** The policy and the machine that it is for. */
type Ruled = Pick<Confinement, 'policy' | 'sets' | 'machine'>;

/**
 * Whether a patched policy is without errors, lets the calls through, each in the table that refused it, has the new lines of
 * `[service]`, and is in all else as before; the unit's own filter is left aside.
 * @param policy the patched one
 */
export function isProved(
  before: Ruled,
  policy: Policy,
  explanations: readonly Explanation[],
  lines: NewLines = new Map(),
): boolean {
  const after = { ...before, policy };
  const edited = explanations.filter(({ changes }) => changes.some(({ edit }) => edit !== undefined));
  const isOf = (phase: Phase) => (one: Explanation) => (one.cause.phase ?? 'start') === phase;
  return (
    !hasErrors(errorsOf(after)) &&
    hasJust(before.policy, policy, lines) &&
    PHASES.every((phase) => isProvedIn(phase, [before, after], edited.filter(isOf(phase)))) &&
    restOf(before.policy) === restOf(policy)
  );
}

const PHASES: readonly Phase[] = ['start', 'ready'];

/** @param edited explanations of calls that the table of this phase shall let through, and no others */
function isProvedIn(
  phase: Phase,
  policies: readonly [before: Ruled, after: Ruled],
  edited: readonly Explanation[],
): boolean {
  const [was, is] = policies.map((one) => named({ ...one, own: undefined }, phase)) as [
    NamedPolicy,
    NamedPolicy,
  ];
  const calls = new Set(edited.map(({ call }) => call.name));
  const others = [...new Set([...callNames(), ...was.verdicts.keys(), ...is.verdicts.keys()])];
  return (
    edited.every(({ call }) => isLetThrough(verdictOn(is, call.name), call)) &&
    [...calls].every((name) => keepsRules(verdictOn(was, name), verdictOn(is, name))) &&
    others.every((name) => calls.has(name) || textOf(verdictOn(was, name)) === textOf(verdictOn(is, name))) &&
    was.unlisted === is.unlisted
  );
}

/** Whether new rules stand before all others, which are as before. */
const keepsRules = (was: NamedVerdict, is: NamedVerdict): boolean =>
  is.rules.length >= was.rules.length &&
  textOf(is.rules.slice(is.rules.length - was.rules.length)) === textOf(was.rules);

const errorsOf = (ruled: Ruled): Diagnostic[] => [
  ...checkSyscalls(ruled.policy, ruled.sets, [ruled.machine]),
  ...failedExpectations({ ...ruled, own: undefined }),
];

function isLetThrough({ rules, otherwise }: NamedVerdict, { abi, args }: NamedCall): boolean {
  const isMet = (rule: RuleEntry) =>
    args === undefined
      ? rule.when.every(holdsAlways)
      : conditionsOf(rule, abi!)?.every((condition) => holds(condition, args)) === true;
  const rule = args === undefined ? rules[0] : rules.find(isMet);
  return rule ? isMet(rule) && rule.action.value === ALLOW : otherwise === ALLOW;
}

/** Data as text, without the places of entries. */
const textOf = (data: unknown): string =>
  JSON.stringify(data, (key, value) => (key === 'at' || key === 'valueAt' ? undefined : withBigints(value)));

const withBigints = (value: unknown): unknown => (typeof value === 'bigint' ? `${value}n` : value);

/** Everything in a policy that no change of calls or directives is about. */
function restOf({ syscalls, ready, expect: _, service: __, ...rest }: Policy): string {
  const tables = [syscalls, ready].map((table) => {
    const { allow: _allow, deny: _deny, rules: _rules, ...section } = table ?? EMPTY;
    return section;
  });
  return textOf({ ...rest, tables });
}

const EMPTY = { allow: [], deny: [], rules: [] };

/**
 * Writes the changes that explanations propose into the policy's file, if the new text is proved to let just these calls
 * through.
 * @param lines new lines of `[service]`, written with them
 * @returns undefined if no edit of the file is proposed
 * @throws UserError `not-written`, and as System.replace()
 */
export async function writePolicy(
  context: Context,
  prepared: Prepared,
  explanations: readonly Explanation[],
  lines: NewLines = new Map(),
): Promise<RewrittenPolicy | undefined> {
  const { plan, policy } = prepared;
  const edits = [...editsOf(explanations), ...serviceEdits(policy.policy, lines)];
  if (edits.length === 0) return undefined;
  const { target, unit } = plan;
  const ruled = { policy: policy.policy, sets: target.sets, machine: target.machine };
  return rewritePolicy(context, prepared, {
    edits,
    isProved: (edited) => isProved(ruled, edited, explanations, lines),
    byHand: `'${ownCommand(target.scope, 'explain', unit)}' shows what to write`,
  });
}
