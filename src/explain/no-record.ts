import { type Diagnostic, error, note } from '../diagnostic.js';
import { headerOf } from '../plan/emit/drop-in-facts.js';
import type { Prepared } from '../prepare/prepare.js';
import { type Action, ENOSYS, errnoOf } from '../seccomp/syscalls/action.js';
import { readyCalls } from '../seccomp/syscalls/ready.js';
import { refusal } from '../seccomp/syscalls/resolve.js';
import { ownCommand } from '../systemd/command-lines.js';
import type { Scope } from '../systemd/unit/search.js';
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
  const watch = watchCommand(target.scope, unit);
  const hint = `'${watch}' shows them as they are refused; '${command}' restarts the service, and records them with none refused`;
  return noRecordOf({ unit, isSilent: letsSomeFail(prepared), hint }, signs);
}

/** A command that shows refusals of a unit as they come. `watch` is for units of the system. */
export const watchCommand = (scope: Scope, unit: string): string =>
  ownCommand(scope, scope === 'user' ? 'learn --for 1min' : 'watch', unit);

/** A unit without a call on record. */
interface Unrecorded {
  readonly unit: string;
  /** Whether what confines it lets calls fail without a record. */
  readonly isSilent: boolean;
  readonly hint: string;
}

/** Calls of a unit that leave no record, whatever it is confined by. */
export function noRecordOf({ unit, isSilent, hint }: Unrecorded, { found, killed }: Signs): Diagnostic[] {
  const killer = `${unit} was killed for a refused call that left no record`;
  if (killed && !found) return [error('records-incomplete', killer, { hint })];
  const message = 'calls that fail with an errno leave no record';
  return found && !isSilent ? [] : [note('no-record', message, { hint })];
}

/** Whether what is in force lets calls fail with an errno. Upon ENOSYS for a single call another is made, which is no loss. */
function letsSomeFail({ policy, appliedRuns, unit }: Prepared): boolean {
  const { syscalls, ready } = policy.policy;
  const isApplied = appliedRuns.files.some(({ content }) => !headerOf(content).permissive);
  const sections = isApplied ? [syscalls, ready && readyCalls(ready)].filter((one) => one !== undefined) : [];
  const isErrno = (action?: Action) => action !== undefined && errnoOf(action) !== undefined;
  const single = sections.flatMap(({ deny, rules }) => [
    ...deny.map(({ action }) => action),
    ...rules.map(({ action }) => action.value),
  ]);
  return (
    sections.some((section) => isErrno(refusal(section))) ||
    single.some((action) => action !== ENOSYS && isErrno(action)) ||
    letsCallsFail(unit.state!)
  );
}
