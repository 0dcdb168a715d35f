/** Calls that what runs is refused already, and that a policy lets through: only a restart gives them back. */

import { remember, shortList } from '../collections.js';
import { ownCommand } from '../command-lines.js';
import { type Diagnostic, error, printable } from '../diagnostic.js';
import { withoutGuard } from '../filter/guard.js';
import { answerTo, callsOf } from '../filter/sample-calls.js';
import type { Stack } from '../filter/stack.js';
import type { Plan } from '../plan/plan.js';
import { filterReader } from '../prepare/load/native-program.js';
import { deniedBy, injectionsOf } from '../state/injections.js';
import type { Service } from '../state/service.js';
import { type Action, ENOSYS, permits } from '../syscalls/action.js';
import { answeredCalls } from '../syscalls/own-sets.js';
import type { SyscallPolicy } from '../syscalls/policy.js';
import { expandSet, type SyscallSets } from '../syscalls/sets.js';
import type { Context } from '../system/context.js';
import type { UnitState } from '../system/unit-state.js';
import { nameOfCall } from '../verify/kernel/name-calls.js';
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
  const refusals = createRefusals(plan, wanted, state);
  const known = new Map(read.threads.map((thread) => [thread.lines, thread]));
  for (const thread of known.values()) {
    const refused = thread.stack.flatMap((program) => refusals(program));
    const restarts = `'${ownCommand(placement.scope, 'apply', name)}' restarts it, and the call passes then`;
    if (refused.length > 0) {
      const denied = deniedBy(await injectionsOf(context, { name, state }));
      return [loosens(thread, name, refused, [...byTighten(refused, denied, plan.target.sets), restarts])];
    }
    if (thread.lines.length > thread.stack.length) return [unknown(thread, name, restarts)];
  }
  return [];
}

/**
 * Makes a function that names the known calls that a program refuses, some arguments of them at least, though the policy
 * lets them pass. Those aren't among them that other directives refuse, or systemd because it doesn't know them: they
 * stay as they are.
 */
function createRefusals(plan: Plan, wanted: SyscallPolicy, state: UnitState) {
  const { machine } = plan.target;
  const passing = callsOf(wanted).filter(({ expected }) => permits(expected));
  const refusers = createRefusers(state, plan.target);
  const isUnknown = unknownToSystemd(plan);
  return remember((program: Stack[number]): readonly string[] => {
    const own = withoutGuard(program);
    const refused = passing.flatMap((sample) => {
      const got = answerTo(own, sample);
      const { abi, call } = nameOfCall(machine, sample);
      if (got !== undefined && permits(got)) return [];
      const by = refusers(call, abi);
      const stays = by.some((one) => !one.startsWith('SystemCall')) || isUnknown(call, got, by);
      return stays ? [] : [call];
    });
    return [...new Set(refused)];
  });
}

/** A function that tells calls which systemd's filter answers with ENOSYS because it doesn't know them: at each start it does. */
function unknownToSystemd({ target: { sets } }: Plan) {
  const known = new Set(expandSet(sets, '@known') ?? []);
  return (call: string, got: Action | undefined, by: readonly string[]): boolean =>
    got === ENOSYS &&
    by.includes('SystemCallFilter') &&
    (!known.has(call) || (sets.unresolved?.has(call) ?? false));
}

/** The way to keep what `tighten` refuses, if calls are refused by that. */
function byTighten(refused: readonly string[], denied: readonly string[], sets: SyscallSets): string[] {
  const isSet = (entry: string) => entry.startsWith('@');
  // A call's own name wins over a set that holds it.
  const ordered = [...denied.filter(isSet), ...denied.filter((entry) => !isSet(entry))];
  const calls = new Set(refused);
  const found = answeredCalls(ordered, sets).filter(({ call }) => calls.has(call));
  const words = [...new Map(found.map(({ call, answer }) => [call, `"${call}:${answer}"`])).values()];
  if (words.length === 0) return [];
  return [`sandbox-unit tighten refuses them: to keep that, add ${words.join(', ')} to deny`];
}

const who = ({ name, pid }: UnitThread): string => `${printable(name || 'what has ended since')} (${pid})`;

function loosens(
  thread: UnitThread,
  unit: string,
  refused: readonly string[],
  ways: readonly string[],
): Diagnostic {
  const calls = [...new Set(refused)];
  const message = `${unit} would need more than it has: the policy lets through what ${who(thread)} is refused as it runs: ${shortList(calls, MOST_NAMED)}`;
  return error('live-loosens', message, { hint: ways.join('; ') });
}

const unknown = (thread: UnitThread, unit: string, hint: string): Diagnostic =>
  error(
    'live-loosens',
    `cannot tell whether ${unit} would need more than it has: ${who(thread)} has more filters than are looked at`,
    { hint },
  );
