import { EXIT, error, UserError } from '../diagnostic.js';
import { denied } from '../live/deny.js';
import { assertCanInject } from '../live/inject.js';
import { type Tightened, tightenUnit } from '../live/tighten-unit.js';
import type { Outcome } from '../outcome.js';
import { parsePolicy } from '../policy/parse.js';
import { probeMachine } from '../prepare/probe/target.js';
import { tightenOutcome } from '../report/tighten.js';
import { COMMAND_LINE, errnoText, listOf, namingOption } from '../run/policy.js';
import type { Context } from '../system/context.js';
import { whileLocked } from '../transaction/lock.js';
import { assertMayChange } from '../transaction/needs-root.js';

export interface TightenWords {
  readonly deny?: readonly string[];
  readonly action?: string;
  /** False sets no_new_privs. */
  readonly newPrivileges?: boolean;
  readonly understood?: string;
  /** Only sees whether it could be done. */
  readonly check?: boolean;
}

/** The options, by the keys that they become. */
const OPTIONS: ReadonlyMap<string, string> = new Map([
  ['deny', '--deny'],
  ['action', '--action'],
]);

/**
 * Refuses calls to all running processes of units, from now on until their next start. No policy is needed. Exit 1 if a unit is
 * as it was before, 2 if its processes were ended, or if nobody knows.
 * @throws UserError `usage`, `needs-root`, `not-live`, and where the calls aren't known
 */
export async function tighten(
  context: Context,
  units: readonly string[],
  options: TightenWords,
): Promise<Outcome> {
  const { check = false } = options;
  if (options.deny === undefined) throw usage('--deny is missing: name the calls to refuse');
  if (options.understood !== undefined && options.understood !== 'locks-out')
    throw usage("--understood takes 'locks-out'");
  assertMayChange(context, {});
  assertCanInject(context);
  const calls = await deniedBy(context, options);
  const how = { check, understood: options.understood !== undefined };
  const all = async (): Promise<Tightened[]> => {
    const results: Tightened[] = [];
    for (const unit of new Set(units)) results.push(await tightenUnit(context, unit, calls, how));
    return results;
  };
  const results = await whileLocked(context, all);
  const outcome = tightenOutcome(results, calls.entries, { look: context.caller.look });
  return { ...outcome, diagnostics: [...calls.diagnostics, ...outcome.diagnostics] };
}

/** The calls of the command line, read and checked as those of a policy are. */
async function deniedBy(context: Context, { deny, action, newPrivileges }: TightenWords) {
  const lines = [
    '[ready]',
    ...listOf('deny', deny),
    ...(action === undefined ? [] : [`action = ${errnoText(action)}`]),
    '',
  ];
  const text = lines.join('\n');
  const sources = new Map([[COMMAND_LINE, text]]);
  try {
    const { policy, diagnostics } = parsePolicy(text, COMMAND_LINE);
    const found = denied(policy, policy.ready!, await probeMachine(context), {
      known: diagnostics,
      noNewPrivileges: newPrivileges === false,
    });
    return { ...found, diagnostics: found.diagnostics.map((one) => namingOption(one, sources, OPTIONS)) };
  } catch (cause) {
    if (!(cause instanceof UserError)) throw cause;
    const named = cause.diagnostics.map((one) => namingOption(one, sources, OPTIONS));
    throw new UserError(named, EXIT.failure);
  }
}

const usage = (message: string) =>
  new UserError(error('usage', message, { hint: "see 'sandbox-unit tighten --help'" }), EXIT.failure);
