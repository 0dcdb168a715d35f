/** Promotes a policy by what its service did under it. */

import { EXIT, error, UserError } from '../diagnostic.js';
import type { Context } from '../machine/context.js';
import { kindsIn } from '../observe/recording/kinds.js';
import type { Recording } from '../observe/recording/recording.js';
import { storedRecordings } from '../observe/recordings/store.js';
import type { TextEdit } from '../policy/edit.js';
import type { Policy } from '../policy/policy.js';
import { hasJust } from '../policy/service-lines.js';
import { prepareConfined } from '../prepare/confined.js';
import type { Prepared } from '../prepare/prepare.js';
import { type RewrittenPolicy, rewritePolicy } from '../prepare/rewrite-policy.js';
import { ownCommand } from '../systemd/command-lines.js';
import { spanText } from '../systemd/time-span.js';
import { makeProfile } from './profile/make-profile.js';
import { SEAL } from './profile/policy/text/policy-text.js';
import { isPromoted, type Promotion, promotedComments, promotion } from './profile/promote.js';
import { lengthOf, watchedByHost } from './profile/times.js';
import { type PromotedLines, promotedLines } from './promoted-lines.js';

export interface Promoted {
  readonly prepared: Prepared;
  /** Seconds that were watched under the policy on one host, that with the most; watches that overlap count once. */
  readonly watched: number;
  readonly promotion: Promotion;
  /** Undefined where the policy has no lines that wait. */
  readonly lines: PromotedLines | undefined;
  /** Undefined where nothing is to be changed. */
  readonly policy: RewrittenPolicy | undefined;
}

export interface PromoteHow {
  /** Seconds that one host must have been watched since the policy was applied. */
  readonly after: number;
  /** Whether lines of `[service]` are stated that wait for more than was seen. */
  readonly now?: boolean;
  /** False: the file stays as it is. */
  readonly write: boolean;
}

/**
 * Edits the applied policy of a unit: what it let through and logged is allowed if it was used, and else refused. Lines of
 * `[service]` that wait are stated where the recordings prove them by now.
 * @throws UserError `not-applied`, `not-promoted`, `recording-incomplete`, the errors of recordings that can't be read,
 *   and as prepareConfined() and rewritePolicy()
 */
export async function promote(
  context: Context,
  text: string,
  { after, now = false, write }: PromoteHow,
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
  const profile = makeProfile(unit.name.full, since, machine);
  const { sets, scope } = plan.target;
  const planned = promotion(section!, plan.policyFile, profile, sets);
  const lines = await promotedLines(context, prepared, now);
  const edits = [...planned.edits, ...(lines?.edits ?? [])];
  const promoted = { prepared, watched, promotion: planned, lines };
  if (edits.length === 0) return { ...promoted, policy: undefined };
  const isProved = (edited: Policy) =>
    isPromoted(policy.policy, edited, planned, sets) &&
    hasJust(policy.policy, edited, lines?.stated ?? new Map()) &&
    edited.startPre.length === policy.policy.startPre.length + (lines?.beforehand ?? 0);
  const rewrite = {
    edits: [...edits, ...promotedComments(planned, section!, plan.policyFile), UNSEALED],
    isProved,
    byHand: `'${ownCommand(scope, 'learn --show', plan.unit)}' shows which calls were made`,
  };
  return { ...promoted, policy: await rewritePolicy(context, prepared, rewrite, write) };
}

/** A checksum is of the text as `learn --write` wrote it. */
const UNSEALED: TextEdit = { kind: 'cut', like: new RegExp(`^\\n?${SEAL}.*\\n`, 'm') };

function notApplied({ plan }: Prepared): UserError {
  const hint = `run '${ownCommand(plan.target.scope, 'apply', plan.unit)}' first`;
  return new UserError(error('not-applied', `no policy is applied to ${plan.unit}`, { hint }), EXIT.failure);
}

function notEnough({ plan }: Prepared, watched: number, after: number): UserError {
  const { scope } = plan.target;
  const minutes = Math.ceil((after - watched) / 60);
  const rest = minutes < 60 ? `${minutes}min` : `${Math.ceil(minutes / 60)}h`;
  const words = `learn --background --for ${rest}`;
  const message = `${plan.unit} was watched for ${spanText(watched)} under its policy; a promotion needs ${spanText(after)}`;
  const hint = `'${ownCommand(scope, words, plan.unit)}' watches for the remaining time; --after sets a shorter time`;
  return new UserError(error('not-promoted', message, { hint }), EXIT.failure);
}

/** @throws UserError `recording-incomplete` */
function assertWhole({ plan }: Prepared, recordings: readonly Recording[]) {
  const isWithoutCalls = (table: string) => kindsIn(table).includes('calls');
  const wrong = recordings.find(({ lost, blind }) => [...Object.keys(lost), ...blind].some(isWithoutCalls));
  if (!wrong) return;
  const message = `the watch of ${plan.unit} that ended at ${wrong.end} lost calls, so it is unknown which calls were used`;
  throw new UserError(
    error('recording-incomplete', message, { hint: 'watch the service again' }),
    EXIT.failure,
  );
}
