/** Promotes a policy by what its service did under it. */

import { ownCommand } from '../command-lines.js';
import { EXIT, error, UserError } from '../diagnostic.js';
import { type ChecklistItem, checklist } from '../evidence/ledger/checklist.js';
import { makeLedger } from '../evidence/ledger/make-ledger.js';
import { lengthOf, watchedByHost } from '../evidence/ledger/times.js';
import { checklistLines } from '../evidence/policy/text/checklist-text.js';
import { isPromoted, type Promotion, promotion } from '../evidence/promote.js';
import { promotedComments } from '../evidence/promoted-comments.js';
import { kindsIn } from '../evidence/recording/kinds.js';
import type { Recording } from '../evidence/recording/recording.js';
import { spanText } from '../policy/time-span.js';
import { prepareConfined } from '../prepare/confined.js';
import type { Prepared } from '../prepare/prepare.js';
import { type RewrittenPolicy, rewritePolicy } from '../prepare/rewrite-policy.js';
import type { Context } from '../system/context.js';
import { effectiveUnit } from '../unit/effective.js';
import { storedRecordings } from './recordings/store.js';
import { commandsOf } from './unit-facts.js';

export interface Promoted {
  readonly prepared: Prepared;
  /** Seconds that were watched under the policy on one host, that with the most; watches that overlap count once. */
  readonly watched: number;
  readonly promotion: Promotion;
  /** Undefined where nothing is to be changed. */
  readonly policy: RewrittenPolicy | undefined;
}

/**
 * Edits the applied policy of a unit: what it let through and logged is allowed if it was used, and else refused.
 * @param after seconds that one host must have been watched since the policy was applied
 * @param write false: the file stays as it is
 * @throws UserError `not-applied`, `not-promoted`, `recording-incomplete`, the errors of recordings that can't be read,
 *   and as prepareConfined() and rewritePolicy()
 */
export async function promote(
  context: Context,
  text: string,
  after: number,
  write: boolean,
): Promise<Promoted> {
  const prepared = await prepareConfined(context, text, {});
  const { plan, policy, unit, appliedRuns } = prepared;
  if (appliedRuns.since === 0) throw notApplied(prepared);
  const { recordings, diagnostics } = await storedRecordings(context, unit.name, appliedRuns.since);
  // A recording that can't be read may have calls that were used.
  if (diagnostics.length > 0) throw new UserError(diagnostics, EXIT.failure);
  const machine = plan.target.machine;
  const since = recordings
    .map(({ recording }) => recording)
    .filter(({ host }) => host.architecture === machine);
  const watched = Math.max(0, ...watchedByHost(since).map(lengthOf));
  if (watched < after) throw notEnough(prepared, watched, after);
  assertWhole(prepared, since);
  const section = policy.policy.syscalls;
  const ledger = makeLedger(unit.name.full, since, machine);
  const { sets, scope } = plan.target;
  const planned = promotion(section!, plan.policyFile, ledger, sets);
  if (planned.edits.length === 0) return { prepared, watched, promotion: planned, policy: undefined };
  const file = { path: plan.policyFile, text: policy.sources.get(plan.policyFile)! };
  const head = checklistLines(await wholeChecklist(context, prepared));
  const rewrite = {
    edits: [...planned.edits, ...promotedComments(planned, section!, file, head)],
    isProved: (edited: typeof policy.policy) => isPromoted(policy.policy, edited, planned, sets),
    byHand: `'${ownCommand(scope, 'learn --show', plan.unit)}' tells which calls were made`,
  };
  return {
    prepared,
    watched,
    promotion: planned,
    policy: await rewritePolicy(context, prepared, rewrite, write),
  };
}

/** The service's life, as all recordings show it; those that can't be read have no part in it. */
async function wholeChecklist(context: Context, { plan, unit }: Prepared): Promise<ChecklistItem[]> {
  const { recordings } = await storedRecordings(context, unit.name);
  const all = recordings.map(({ recording }) => recording);
  const ledger = makeLedger(unit.name.full, all, plan.target.machine);
  return checklist(ledger, { commands: commandsOf(effectiveUnit(unit.files)) });
}

function notApplied({ plan }: Prepared): UserError {
  const hint = `'${ownCommand(plan.target.scope, 'apply', plan.unit)}' first`;
  return new UserError(error('not-applied', `no policy of ${plan.unit} is applied`, { hint }), EXIT.failure);
}

function notEnough({ plan }: Prepared, watched: number, after: number): UserError {
  const { scope } = plan.target;
  const minutes = Math.ceil((after - watched) / 60);
  const rest = minutes < 60 ? `${minutes}min` : `${Math.ceil(minutes / 60)}h`;
  const words = `learn --background --for ${rest}`;
  const message = `${plan.unit} was watched for ${spanText(watched)} under its policy, not for ${spanText(after)}`;
  const hint = `'${ownCommand(scope, words, plan.unit)}' watches the rest; --after asks for less`;
  return new UserError(error('not-promoted', message, { hint }), EXIT.failure);
}

/** @throws UserError `recording-incomplete` */
function assertWhole({ plan }: Prepared, recordings: readonly Recording[]) {
  const isWithoutCalls = (table: string) => kindsIn(table).includes('calls');
  const wrong = recordings.find(({ lost, blind }) => [...Object.keys(lost), ...blind].some(isWithoutCalls));
  if (!wrong) return;
  const message = `the watch of ${plan.unit} that ended at ${wrong.end} has lost calls: which were used can't be told`;
  throw new UserError(error('recording-incomplete', message, { hint: 'watch it again' }), EXIT.failure);
}
