import { denied } from '../../apply/live/deny.js';
import { assertCanInject } from '../../apply/live/inject.js';
import { type Tightened, tightenUnit } from '../../apply/live/tighten-unit.js';
import { assertMayChange, changedByOthers } from '../../apply/lock.js';
import { type Diagnostic, EXIT, UserError, warning } from '../../diagnostic.js';
import type { Context } from '../../machine/context.js';
import type { Outcome } from '../../outcome.js';
import { probeMachine } from '../../prepare/probe/target.js';
import { tightenOutcome } from '../report/tighten.js';
import { errnoOf, namesOf, namingOption, optionsPolicy } from '../run/policy.js';
import { wrongUsage } from './usage.js';

export interface TightenWords {
  readonly deny?: readonly string[];
  readonly action?: string;
  /** False sets no_new_privs. */
  readonly newPrivileges?: boolean;
  readonly understood?: string;
  /** Only sees whether it could be done. */
  readonly check?: boolean;
}

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
  if (options.deny === undefined) throw wrongUsage('tighten', '--deny is missing: name the calls to refuse');
  if (options.understood !== undefined && options.understood !== 'locks-out')
    throw wrongUsage('tighten', "--understood takes only 'locks-out'");
  assertMayChange(context, {}, 'run it with sudo');
  assertCanInject(context);
  const calls = await deniedBy(context, options);
  const how = { check, understood: options.understood !== undefined };
  const results: Tightened[] = [];
  for (const unit of new Set(units)) results.push(await tightenUnit(context, unit, calls, how));
  const changed = await changedByOthers(context);
  const outcome = tightenOutcome(results, calls.entries, { theme: context.caller.theme });
  // Nobody asks what a filter leaves open that nothing was given.
  const isGiven = results.some(({ state }) => state !== 'refused');
  const meanwhile = results
    .filter(({ unit, state }) => state === 'tightened' && changed.includes(unit))
    .map(({ unit }) => changedMeanwhile(unit));
  return {
    ...outcome,
    diagnostics: [...(isGiven ? calls.diagnostics : []), ...outcome.diagnostics, ...meanwhile],
  };
}

/** A warning about a unit that another run may restart. Nobody waits for that: in an incident, minutes count. */
const changedMeanwhile = (unit: string): Diagnostic =>
  warning('busy', `another sandbox-unit is changing ${unit} and may restart it, which removes the filter`, {
    hint: 'run the command again when the other one has ended',
  });

/** The calls of the command line, read and checked as those of a policy are. */
async function deniedBy(context: Context, { deny = [], action, newPrivileges }: TightenWords) {
  const names = namesOf('--deny', deny);
  try {
    const { policy, diagnostics } = optionsPolicy('ready', [
      ['--deny', 'deny', names],
      ...(action === undefined ? [] : [['--action', 'action', errnoOf(action)] as const]),
    ]);
    const found = denied(policy, policy.ready!, await probeMachine(context), {
      known: diagnostics,
      noNewPrivileges: newPrivileges === false,
    });
    const told = found.diagnostics.map(namingOption);
    return { ...found, diagnostics: openTogether(told) };
  } catch (cause) {
    if (!(cause instanceof UserError)) throw cause;
    // A call that isn't known may be the one that a warning misses.
    const named = cause.diagnostics.filter(({ severity }) => severity === 'error').map(namingOption);
    throw new UserError(named, EXIT.failure);
  }
}

/** Warnings about calls that do the same as a refused one, as one with all of them. */
function openTogether(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  const open = diagnostics.filter(({ code }) => code === 'open-door');
  if (open.length < 2) return diagnostics;
  const named = open.flatMap(({ hint = '' }) =>
    [...hint.matchAll(/['"]([\w:]+)['"]/g)].map(([, call]) => call!),
  );
  const calls = [...new Set(named)];
  const message = `--deny: ${calls.length} other calls do the same as refused ones`;
  const hint = `add them: --deny ${calls.join()}`;
  const others = diagnostics.filter(({ code }) => code !== 'open-door');
  return [...others, warning('open-door', message, { hint })];
}
