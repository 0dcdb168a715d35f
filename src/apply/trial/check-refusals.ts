/** Refusals to a service while it was tried: which of them speak against its policy. */

import { shortList } from '../../collections.js';
import { asWarning, type Diagnostic, error, note } from '../../diagnostic.js';
import { accessDiagnostic, explanationDiagnostic } from '../../explain/diagnostic.js';
import { callText, type Explanation } from '../../explain/explanation.js';
import type { FoundRefusal } from '../../explain/refusals/found.js';
import type { Prepared } from '../../prepare/prepare.js';
import { ownCommand } from '../../systemd/command-lines.js';
import { READY_RELOAD } from './trial.js';

export interface TrialCheck {
  /** Reasons to take the policy back. */
  readonly failures: readonly Diagnostic[];
  readonly notes: readonly Diagnostic[];
}

/** The most calls, and the most other refusals, that have an error each. */
const MOST_CALLS = 5;

/** Refusals in a trial. */
export interface FoundInTrial {
  readonly explanations: readonly Explanation[];
  /** Refusals by lines of the policy, those of calls left out. */
  readonly others: readonly FoundRefusal[];
}

/**
 * Checks what was refused by `refused` of [apply]: unless it says otherwise, a call that ended a process takes the policy back,
 * as does one that [ready] refuses. Anything else that failed is a warning, as is a call that may be another's. Calls that
 * the policy doesn't refuse say nothing about it.
 * @param canReload whether systemd can reload the service as it runs now
 */
export function checkRefusals(
  { plan, policy: { policy } }: Prepared,
  { explanations, others: access }: FoundInTrial,
  canReload: boolean,
): TrialCheck {
  const ours = explanations.filter(isPolicys);
  const isFatal = (one: Explanation) => one.certain && (policy.refused?.value ?? ruleFor(one)) === 'rollback';
  const fatal = ours.filter(isFatal);
  const others = ours.filter((one) => !isFatal(one));
  const isFatalAccess = ({ certain }: FoundRefusal) => certain && policy.refused?.value === 'rollback';
  const fatalAccess = access.filter(isFatalAccess);
  const errorsOf = (some: readonly Explanation[], more: readonly FoundRefusal[]) => [
    ...refusalErrors(plan, some),
    ...accessErrors(plan, more),
  ];
  const notes = errorsOf(
    others,
    access.filter((one) => !isFatalAccess(one)),
  ).map(asWarning);
  if (fatal.length + fatalAccess.length === 0) return { failures: [], notes };
  const ways = canReload && fatal.some(isOfReady) ? [READY_RELOAD, KEEP] : [KEEP];
  return {
    failures: [verdict(plan, fatal, ways.join('; ')), ...errorsOf(fatal, fatalAccess)],
    notes,
  };
}

const isOfReady = ({ cause }: Explanation): boolean => cause.phase === 'ready';

/** The default of [ready] is to fail a call: that may end all workers of a service whose main process stays up. */
const ruleFor = (one: Explanation): 'rollback' | 'warn' =>
  one.got === 'failed' && !isOfReady(one) ? 'warn' : 'rollback';

/** Whether a line of the policy refuses the call; the unit's own filters and others did so before. */
const isPolicys = ({ cause }: Explanation): boolean =>
  !['recorded', 'elsewhere', 'own-filter'].includes(cause.kind) && cause.at !== undefined;

const KEEP = 'to accept refused calls, set refused = "warn" in [apply]';

function verdict({ unit }: Prepared['plan'], fatal: readonly Explanation[], hint: string): Diagnostic {
  const isDeath = fatal.every(({ got }) => got !== 'failed');
  const did = fatal.length === 0 ? 'refused requests' : isDeath ? 'ended processes' : 'refused calls';
  return error('refused-in-trial', `the policy ${did} of ${unit} during the trial`, { hint });
}

function refusalErrors(
  { unit, target }: Prepared['plan'],
  explanations: readonly Explanation[],
): Diagnostic[] {
  const first = explanations.slice(0, MOST_CALLS).map((one) => explanationDiagnostic(one, target.machine));
  const rest = explanations.slice(MOST_CALLS).map(({ call }) => callText(call, target.machine));
  if (rest.length === 0) return first;
  const hint = `'${ownCommand(target.scope, 'explain --verbose', unit)}' shows all of them`;
  return [...first, error('refused-call', `further calls: ${shortList(rest, MOST_CALLS)}`, { hint })];
}

function accessErrors({ unit, target }: Prepared['plan'], found: readonly FoundRefusal[]): Diagnostic[] {
  const first = found.slice(0, MOST_CALLS).map(accessDiagnostic);
  const rest = found.length - first.length;
  if (rest === 0) return first;
  const hint = `'${ownCommand(target.scope, 'watch', unit)}' shows all of them`;
  return [...first, error('refused-access', `${rest} further refusals`, { hint })];
}

/** A note that calls may have been refused unseen: logs have no call that failed with an errno, and not all others. */
export const unseenRefusals = ({ unit }: Prepared['plan'], why: Diagnostic): Diagnostic =>
  note('refusals-unseen', `refused calls of ${unit} may have been missed during the trial: ${why.message}`, {
    hint: why.hint,
  });

/** A note that not all refused calls had room. */
export const cutRefusals = ({ unit }: Prepared['plan']): Diagnostic =>
  note('refusals-unseen', `refused calls of ${unit} may have been missed during the trial`);
