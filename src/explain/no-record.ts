import { ownCommand } from '../command-lines.js';
import { type Diagnostic, error, note } from '../diagnostic.js';
import { isPermissiveDropIn } from '../emit/files.js';
import type { Prepared } from '../prepare/prepare.js';
import { type Action, ENOSYS, errnoOf } from '../syscalls/action.js';
import { formatAction } from '../syscalls/action-text.js';
import { readyCalls } from '../syscalls/ready.js';
import { refusal } from '../syscalls/resolve.js';
import { letsCallsFail } from '../verify/kernel/refusers.js';

/** Facts by which calls may have been refused although none is on record. */
interface Signs {
  /** Whether some are on record. */
  readonly found: boolean;
  /** Whether a filter has killed the service. */
  readonly killed: boolean;
  /** Whether the kernel has left out some records. */
  readonly suppressed: boolean;
}

/**
 * The reason why no call of a unit may be on record, or not all, and the way out. An error where none is and some may have
 * been refused all the same, by its policy or in records that are missing.
 */
export function noRecord(prepared: Prepared, signs: Signs): Diagnostic[] {
  const { unit, target } = prepared.plan;
  const command = ownCommand(target.scope, 'explain --record', unit);
  const watch = ownCommand(target.scope, 'learn --for 1min', unit);
  const hint = `'${watch}' sees them while they are refused; '${command}' restarts it, and records those of its start with none refused`;
  const answer = silentAnswer(prepared);
  const silent =
    answer !== undefined
      ? `its policy lets them fail with ${answer}`
      : signs.found && letsSomeFail(prepared)
        ? 'its policy or a directive lets some fail with an errno'
        : undefined;
  return noRecordOf({ unit, silent, hint }, signs);
}

/** A unit without a call on record. */
interface Unrecorded {
  readonly unit: string;
  /** Why calls that are refused may leave no record; undefined if all leave one. */
  readonly silent: string | undefined;
  readonly hint: string;
}

/** The reason for one, whatever it is confined by. */
export function noRecordOf(
  { unit, silent, hint }: Unrecorded,
  { found, killed, suppressed }: Signs,
): Diagnostic[] {
  if (found) {
    const message = `further calls of ${unit} may have been refused: ${silent}, which leaves no record`;
    return silent === undefined ? [] : [note('no-record', message, { hint })];
  }
  const untold = (why: string) => [
    error('records-inconclusive', `whether calls of ${unit} were refused can't be told: ${why}`, { hint }),
  ];
  if (killed) {
    const message = `${unit} was killed for a refused call that left no record`;
    return [error('records-inconclusive', message, { hint })];
  }
  if (suppressed) return untold('records are missing');
  if (silent !== undefined) return untold(`${silent}, which leaves no record`);
  const why = 'calls that fail with an errno leave no record, nor do all that are many at a time';
  return [note('no-record', why, { hint })];
}

/** Whether what is in force lets single calls fail with an errno. Upon ENOSYS another call is made, which is no loss. */
function letsSomeFail({ policy, appliedRuns, unit }: Prepared): boolean {
  const { syscalls, ready } = policy.policy;
  const lists = appliedRuns.files.length === 0 ? [] : [syscalls, ready];
  const own = lists.flatMap((list) => [
    ...(list?.deny ?? []).map(({ action }) => action),
    ...(list?.rules ?? []).map(({ action }) => action.value),
  ]);
  const isErrno = (action?: Action) =>
    action !== undefined && action !== ENOSYS && errnoOf(action) !== undefined;
  return own.some(isErrno) || letsCallsFail(unit.state!);
}

/** The errno that calls get which the policy in force refuses without an action of their own; undefined if none. */
function silentAnswer({ policy, appliedRuns }: Prepared): string | undefined {
  const { files } = appliedRuns;
  if (files.length === 0 || files.some(({ content }) => isPermissiveDropIn(content))) return undefined;
  const { syscalls, ready } = policy.policy;
  const sections = [...(syscalls ? [syscalls] : []), ...(ready ? [readyCalls(ready)] : [])];
  const silent = sections.map(refusal).find((action) => errnoOf(action) !== undefined);
  return silent === undefined ? undefined : formatAction(silent);
}
