import { ownCommand, systemctl } from '../command-lines.js';
import { type Diagnostic, note, warning } from '../diagnostic.js';
import type { Target } from '../target/target.js';
import type { AppliedRuns } from './applied-runs.js';
import { endedWell, howItEnded, isSystemds } from './failure.js';
import { downAlready, startCommand } from './notes.js';
import type { Service } from './service.js';
import { hasFailed, isRunning, isWaiting } from './service-run.js';

/** Facts about a confined service that decide how its failure is told. */
interface Under {
  readonly scope: Target['scope'];
  readonly appliedRuns: AppliedRuns;
  /** Whether its policy refuses calls. */
  readonly refuses: boolean;
}

/**
 * Diagnostics about a service that has failed or keeps failing, and where to look. A service that runs after restarts
 * gets a note; one that runs without any, or was stopped, gets nothing.
 */
export function failedService({ name, properties }: Service, under: Under): Diagnostic[] {
  // A service that ends well and is started again does as it shall.
  const isFailing = isWaiting(properties) && properties.get('Result') !== 'success';
  if (!hasFailed(properties) && !isFailing) return startedAgain({ name, properties }, under);
  const { scope, appliedRuns, refuses } = under;
  if (properties.get('Result') === 'start-limit-hit' && endedWell(properties)) {
    const hint = startCommand(name, scope, properties);
    return [warning('failed', `${name} has failed: it was started too often in too short a time`, { hint })];
  }
  const at = (key: string) => Number(properties.get(key) ?? 0) / 1000;
  const started = at('ExecMainStartTimestamp') || at('InactiveExitTimestamp');
  // A service that failed before its files were there didn't fail because of them.
  if (started < appliedRuns.since) return hasFailed(properties) ? [downAlready(name, scope, properties)] : [];
  const does = hasFailed(properties) ? 'has failed' : 'fails, and is started again and again,';
  const hint =
    refuses && !isSystemds(properties)
      ? `'${ownCommand(scope, 'explain', name)}' says whether it was refused a call, and what would allow it`
      : `'${systemctl(scope, 'status', name)}' says more`;
  return [warning('failed', `${name} ${does} under its policy (${howItEnded(properties)})`, { hint })];
}

/** A note about a running service that was started again: its present run doesn't tell why. */
function startedAgain({ name, properties }: Service, { scope, refuses }: Under): Diagnostic[] {
  const times = Number(properties.get('NRestarts') ?? 0);
  if (!isRunning(properties) || times === 0) return [];
  const message = `${name} has ended and was started again by Restart=, ${times === 1 ? 'once' : `${times} times`}`;
  const hint = refuses
    ? `'${ownCommand(scope, 'explain', name)}' says whether it was refused a call`
    : undefined;
  return [note('started-again', message, { hint })];
}
