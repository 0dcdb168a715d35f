import { ownCommand } from '../command-lines.js';
import { type Diagnostic, error, note } from '../diagnostic.js';
import { headerOf } from '../emit/drop-in-facts.js';
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
}

/**
 * Calls that leave no record, and the way to see them. An error where no call is on record and the service was killed for one.
 */
export function noRecord(prepared: Prepared, signs: Signs): Diagnostic[] {
  const { unit, target } = prepared.plan;
  const command = ownCommand(target.scope, 'explain --record', unit);
  const watch = ownCommand(target.scope, 'learn --for 1min', unit);
  const hint = `'${watch}' sees them while they are refused; '${command}' restarts it, and records those of its start with none refused`;
  const answer = silentAnswer(prepared);
  const silent =
    answer !== undefined
      ? `its policy lets fail with ${answer}`
      : signs.found && letsSomeFail(prepared)
        ? 'its policy or a directive lets fail with an errno'
        : undefined;
  return noRecordOf({ unit, silent, hint }, signs);
}

/** A unit without a call on record. */
interface Unrecorded {
  readonly unit: string;
  /** Lets calls fail without a record, as `its policy lets fail with EPERM`; undefined if all leave one. */
  readonly silent: string | undefined;
  readonly hint: string;
}

/** The reason for one, whatever it is confined by. */
export function noRecordOf({ unit, silent, hint }: Unrecorded, { found, killed }: Signs): Diagnostic[] {
  const unrecorded = `calls that ${silent ?? 'fail with an errno'} leave no record`;
  if (found) return silent === undefined ? [] : [note('no-record', unrecorded, { hint })];
  const killer = `${unit} was killed for a refused call that left no record`;
  if (killed) return [error('records-incomplete', killer, { hint })];
  return [note('no-record', unrecorded, { hint })];
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
  if (files.length === 0 || files.some(({ content }) => headerOf(content).permissive)) return undefined;
  const { syscalls, ready } = policy.policy;
  const sections = [...(syscalls ? [syscalls] : []), ...(ready ? [readyCalls(ready)] : [])];
  const silent = sections.map(refusal).find((action) => errnoOf(action) !== undefined);
  return silent === undefined ? undefined : formatAction(silent);
}
