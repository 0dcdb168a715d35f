import { EXIT, error, UserError } from '../../diagnostic.js';
import { isPending } from '../../plan/emit/changes.js';
import { MAX_SPAN, parseTimeSpan } from '../../systemd/time-span.js';
import type { PendingApply } from '../unit-result.js';

/** Least time to confirm a change, in milliseconds. */
const LEAST = 10_000;

/** The time to confirm a change of a unit by which people and machines get in, in milliseconds. */
const OF_ACCESS = 120_000;

/** How long a change waits to be confirmed, in milliseconds; false: not at all; undefined where nobody has said. */
export type ConfirmOption = number | false | undefined;

/**
 * The time that an option gives.
 * @param text as on the command line; false for the option that takes it back
 * @throws UserError `usage`
 */
export function askedWait(text: string | false | undefined): ConfirmOption {
  if (typeof text !== 'string') return text;
  const span = parseTimeSpan(text);
  if (span !== undefined && span >= LEAST && span <= MAX_SPAN) return span;
  const hint = "the option takes a time from 10s to 1h: 'sandbox-unit apply --confirm 2min UNIT'";
  throw new UserError(error('usage', `--confirm ${text} is not a valid time`, { hint }), EXIT.failure);
}

interface ConfirmSettings {
  readonly confirm?: ConfirmOption;
  readonly restart?: boolean | undefined;
}

/**
 * Decides in which time a unit's change must be confirmed, in milliseconds; undefined where it holds at once, as one that
 * changes no file, or isn't tried. Where nobody has said, it is asked for units by which people and machines get in.
 */
export function confirmWithin(
  { changes, prepared }: PendingApply,
  { confirm: asked, restart }: ConfirmSettings,
): number | undefined {
  if (!isPending(changes) || restart === false || asked === false) return undefined;
  return asked ?? (prepared.plan.isAccess ? OF_ACCESS : undefined);
}
