/** Ends the trial of a learned policy. */
import { shortList } from '../../../collections.js';
import { type Diagnostic, EXIT, note, warning } from '../../../diagnostic.js';
import { type Promoted, promote as promoteUnit } from '../../../learn/promote.js';
import type { Context } from '../../../machine/context.js';
import type { Outcome } from '../../../outcome.js';
import { ownCommand } from '../../../systemd/command-lines.js';
import { spanText } from '../../../systemd/time-span.js';
import { painted, textDiff } from '../../report/diff.js';
import { onlyUnit } from '../usage.js';
import { earlyWarning, waitingNote } from './waiting-notes.js';
import { timeOf } from './watch.js';

export interface PromoteOptions {
  readonly after?: string;
  readonly check?: boolean;
  readonly now?: boolean;
}

/** Seconds that a service must have been watched: a week, with its nights and its Sunday. */
const WEEK = 604_800;

/** Changes the policy of one unit. With --check exit 3 if it would be changed; 2 if it can't be told what was used. */
export async function promote(
  context: Context,
  units: readonly string[],
  { after, check = false, now = false }: PromoteOptions,
): Promise<Outcome> {
  const unit = onlyUnit(units);
  const seconds = timeOf('--after', after) ?? (now ? 0 : WEEK);
  const promoted = await promoteUnit(context, unit, { after: seconds, now, write: !check });
  const { prepared, policy, promotion, watched, lines } = promoted;
  const { edits: _, ...calls } = promotion;
  return {
    exit: check && policy ? EXIT.pending : EXIT.ok,
    json: {
      unit: prepared.plan.unit,
      policy: prepared.plan.policyFile,
      seconds: watched,
      ...calls,
      ...linesJson(lines),
    },
    text: policy
      ? painted(textDiff(prepared.plan.policyFile, policy.before, policy.after), context.caller.theme)
      : '',
    diagnostics: [...diagnosticsOf(promoted, check), ...linesNotes(context, promoted, now)],
    sources: prepared.sources,
  };
}

const linesJson = (lines: Promoted['lines']) =>
  lines && { stated: [...lines.stated.keys()], waiting: lines.waiting };

/** Notes about lines of `[service]`. */
function linesNotes(context: Context, { prepared: { plan }, lines }: Promoted, now: boolean): Diagnostic[] {
  if (!lines) return [];
  const { left, waiting, awaited, stated } = lines;
  const names = left.map(({ name, reason }) => `${name} (${reason})`);
  return [
    ...(names.length > 0 ? [note('not-stated', `not stated: ${names.join(', ')}`)] : []),
    ...waitingNote(context, { unit: plan.unit, waiting, awaited }),
    ...(now ? earlyWarning(awaited, stated.size) : []),
  ];
}

function diagnosticsOf(
  { prepared, policy, promotion, watched, lines }: Promoted,
  check: boolean,
): Diagnostic[] {
  const { plan } = prepared;
  const { allowed, unused, ruled, kept } = promotion;
  const left = kept.map((call) =>
    warning(
      'still-logged',
      `'${call}' was used with arguments that no rule covers, or its arguments are unknown`,
      {
        hint: `add a rule for them: '${ownCommand(plan.target.scope, 'learn --show', plan.unit)}' shows them`,
      },
    ),
  );
  if (!policy)
    return [
      ...left,
      note('not-promoted', `${plan.policyFile} has no other calls that are allowed and logged`),
    ];
  const are = check ? 'would be' : 'are';
  const which = allowed.length > 0 ? ` (${shortList(allowed, 8)})` : '';
  const counts = `${allowed.length} used calls${which} ${are} allowed, ${unused.length} unused calls ${are} refused`;
  const rules = ruled.length > 0 ? `; other arguments of ${shortList(ruled, 8)} ${are} refused, too` : '';
  const count = lines?.stated.size ?? 0;
  const added = count > 0 ? `; ${count} lines of [service] ${are} stated` : '';
  const apply = `run '${ownCommand(plan.target.scope, 'apply', plan.unit)}' to apply it`;
  return [
    ...left,
    note(
      'promoted',
      `watched for ${spanText(watched)}: ${counts}${rules}${added}`,
      check ? {} : { hint: apply },
    ),
  ];
}
