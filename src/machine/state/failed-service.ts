import { type Diagnostic, note, warning } from '../../diagnostic.js';
import { ownCommand, systemctl } from '../../systemd/command-lines.js';
import type { Scope } from '../../systemd/unit/search.js';
import type { AppliedRuns } from './applied-runs.js';
import { endedWell, howItEnded, isSystemds } from './failure.js';
import { startCommand, staysFailed } from './notes.js';
import type { Service } from './service.js';
import { hasFailed, isRunning, isWaiting } from './service-run.js';

/** Facts about a confined service that decide how its failure is reported. */
interface Under {
  readonly scope: Scope;
  readonly appliedRuns: AppliedRuns;
  /** Whether its policy refuses calls. */
  readonly refuses: boolean;
}

/**
 * Diagnostics about a service that has failed or keeps failing, and where to look. A service that runs after restarts
 * gets a note; one that runs without any, or was stopped, gets nothing.
 */
export function failedService({ name, state }: Service, under: Under): Diagnostic[] {
  // A service that ends well and is started again does as it shall.
  const isFailing = isWaiting(state) && state.result !== 'success';
  if (!hasFailed(state) && !isFailing) return startedAgain({ name, state }, under);
  const { scope, appliedRuns, refuses } = under;
  if (state.result === 'start-limit-hit' && endedWell(state)) {
    const hint = startCommand(name, scope, state);
    return [warning('failed', `${name} has failed: it was started too often in too short a time`, { hint })];
  }
  const started = (state.execMainStartTimestamp || state.inactiveExitTimestamp) / 1000;
  // A service that failed before its files were there didn't fail because of them.
  if (started < appliedRuns.since) return hasFailed(state) ? [staysFailed(name, scope, state)] : [];
  const does = hasFailed(state) ? 'has failed' : 'fails again and again';
  const why =
    refuses && !isSystemds(state)
      ? `'${ownCommand(scope, 'explain', name)}' shows whether a call was refused, and how to allow it`
      : `'${systemctl(scope, 'status', name)}' shows more`;
  const hint = hasFailed(state) ? `${why}; '${systemctl(scope, 'start', name)}' starts it again` : why;
  return [warning('failed', `${name} ${does} under its policy (${howItEnded(state)})`, { hint })];
}

/** A note about a running service that was started again: its present run doesn't tell why. */
function startedAgain({ name, state }: Service, { scope, refuses }: Under): Diagnostic[] {
  const times = state.nRestarts;
  if (!isRunning(state) || times === 0) return [];
  const message = `${name} ended and was restarted by Restart=, ${times === 1 ? 'once' : `${times} times`}`;
  const hint = refuses
    ? `'${ownCommand(scope, 'explain', name)}' shows whether a call was refused`
    : undefined;
  return [note('went-down', message, { hint })];
}
