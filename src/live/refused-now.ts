/** Calls that what runs is refused already, and that a policy lets through: only a restart gives them back. */

import { shortList } from '../collections.js';
import { ownCommand } from '../command-lines.js';
import { type Diagnostic, error, printable } from '../diagnostic.js';
import { StackComparer } from '../filter/compare/compare-stack.js';
import type { Difference } from '../filter/compare/relation.js';
import { withoutGuard } from '../filter/guard.js';
import type { Plan } from '../plan/plan.js';
import { filterReader } from '../prepare/load/native-program.js';
import { deniedBy, injectionsOf } from '../state/injections.js';
import type { Service } from '../state/service.js';
import { permits } from '../syscalls/action.js';
import { answeredCalls } from '../syscalls/own-sets.js';
import { expandSet, type SyscallSets } from '../syscalls/sets.js';
import type { Context } from '../system/context.js';
import { inPieces } from '../verify/kernel/in-pieces.js';
import { type NamedDifference, nameDifferences } from '../verify/kernel/name-differences.js';
import { createRefusers } from '../verify/kernel/refusers.js';
import { readUnit, type UnitThread } from '../verify/kernel/unit-filters.js';
import { unseen } from '../verify/kernel/unseen.js';

/** The most calls that an error names. */
const MOST_NAMED = 10;

/**
 * Errors where a thread of a service is refused a call that the policy lets through. Its threads stand still while their filters
 * are read. A filter that the service has loaded itself counts: nobody can tell whether it does so at its next start.
 */
export async function refusedNow(
  context: Context,
  plan: Plan,
  { name, state }: Service,
): Promise<readonly Diagnostic[]> {
  const wanted = plan.ready?.held ?? plan.meaning;
  if (wanted === undefined) return [];
  const { system, placement } = context;
  const read = await readUnit(system, state, () => filterReader(context));
  const hidden = (await unseen(system, plan, state, read)).filter(({ severity }) => severity === 'error');
  if (hidden.length > 0) return hidden;
  const comparer = new StackComparer();
  const refusers = createRefusers(state, plan.target);
  const isUnknown = unknownToSystemd(plan);
  const seen = new Set<number>();
  for (const thread of read.threads) {
    const stack = thread.stack.map(withoutGuard);
    const number = comparer.numberOf(stack);
    if (seen.has(number)) continue;
    seen.add(number);
    const work = comparer.compare(stack, wanted);
    const { differences, uncompared, sampled } = await inPieces(system, work, () => comparer.spent);
    const refused = nameDifferences(wanted, differences.filter(isTaken), refusers)
      .filter(isOfCalls)
      .filter(({ calls, got, by }) => !calls.every((call) => isUnknown(call, got, by)));
    const restarts = `'${ownCommand(placement.scope, 'apply', name)}' restarts it, and the call passes then`;
    if (refused.length > 0) {
      const denied = deniedBy(await injectionsOf(context, { name, state }));
      return [loosens(thread, name, refused, [...byTighten(refused, denied, plan.target.sets), restarts])];
    }
    if (uncompared + thread.unread > 0 || sampled > 0) return [unknown(thread, name, restarts)];
  }
  return [];
}

/** Whether calls pass by the policy and are refused by filters. */
const isTaken = ({ expected, got }: Difference): boolean => permits(expected) && !permits(got);

/** Whether no other directive refuses them: those stay as they are. */
const isOfCalls = ({ by }: NamedDifference): boolean => by.every((name) => name.startsWith('SystemCall'));

/** A function that tells calls which systemd's filter answers with ENOSYS because it doesn't know them: at each start it does. */
function unknownToSystemd({ target: { sets } }: Plan) {
  const known = new Set(expandSet(sets, '@known') ?? []);
  return (call: string, got: string, by: readonly string[]): boolean =>
    got === 'ENOSYS' &&
    by.includes('SystemCallFilter') &&
    (!known.has(call) || (sets.unresolved?.has(call) ?? false));
}

/** The way to keep what `tighten` refuses, if calls are refused by that. */
function byTighten(
  differences: readonly NamedDifference[],
  denied: readonly string[],
  sets: SyscallSets,
): string[] {
  const isSet = (entry: string) => entry.startsWith('@');
  // A call's own name wins over a set that holds it.
  const ordered = [...denied.filter(isSet), ...denied.filter((entry) => !isSet(entry))];
  const calls = new Set(differences.flatMap((one) => one.calls));
  const found = answeredCalls(ordered, sets).filter(({ call }) => calls.has(call));
  const words = [...new Map(found.map(({ call, answer }) => [call, `"${call}:${answer}"`])).values()];
  if (words.length === 0) return [];
  return [`sandbox-unit tighten refuses them: to keep that, add ${words.join(', ')} to deny`];
}

const who = ({ name, pid }: UnitThread): string => `${printable(name || 'what has ended since')} (${pid})`;

function loosens(
  thread: UnitThread,
  unit: string,
  differences: readonly NamedDifference[],
  ways: readonly string[],
): Diagnostic {
  const calls = [...new Set(differences.flatMap((one) => one.calls))];
  const message = `${unit} would need more than it has: the policy lets through what ${who(thread)} is refused as it runs: ${shortList(calls, MOST_NAMED)}`;
  return error('live-loosens', message, { hint: ways.join('; ') });
}

const unknown = (thread: UnitThread, unit: string, hint: string): Diagnostic =>
  error(
    'live-loosens',
    `nobody knows whether ${unit} would need more than it has: filters of ${who(thread)} are too much work to compare`,
    { hint },
  );
