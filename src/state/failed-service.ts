import { ownCommand, systemctl } from '../command-lines.js';
import { type Diagnostic, note, warning } from '../diagnostic.js';
import type { Target } from '../target/target.js';
import type { AppliedRuns } from './applied-runs.js';
import { endedWell, howItEnded, isSystemds } from './failure.js';
import { downAlready, startCommand } from './notes.js';
import type { Service } from './service.js';
import { hasFailed, isRunning, isWaiting } from './service-run.js';

/** A confined service that has failed, or that fails again and again: what is to be said of it where nothing else is. */
interface Under {
  readonly scope: Target['scope'];
  readonly appliedRuns: AppliedRuns;
  /** Whether its policy refuses calls. */
  readonly refuses: boolean;
}

/** What became of a service that doesn't run as it should, and where to look; none of one that runs, or was stopped. */
export function failedService({ name, properties }: Service, under: Under): Diagnostic[] {
  // What ends well and is started again does as it shall.
  const isFailing = isWaiting(properties) && properties.get('Result') !== 'success';
  if (!hasFailed(properties) && !isFailing) return startedAgain({ name, properties }, under);
  const { scope, appliedRuns, refuses } = under;
  if (properties.get('Result') === 'start-limit-hit' && endedWell(properties)) {
    const hint = startCommand(name, scope, properties);
    return [warning('failed', `${name} has failed: it was started too often in too short a time`, { hint })];
  }
  const at = (key: string) => Number(properties.get(key) ?? 0) / 1000;
  const started = at('ExecMainStartTimestamp') || at('InactiveExitTimestamp');
  // What failed before its files were there didn't fail of them.
  if (started < appliedRuns.since) return hasFailed(properties) ? [downAlready(name, scope, properties)] : [];
  const does = hasFailed(properties) ? 'has failed' : 'fails, and is started again and again,';
  const hint =
    refuses && !isSystemds(properties)
      ? `'${ownCommand(scope, 'explain', name)}' says whether it was refused a call, and what would allow it`
      : `'${systemctl(scope, 'status', name)}' says more`;
  return [warning('failed', `${name} ${does} under its policy (${howItEnded(properties)})`, { hint })];
}

/** One that runs may have been started again and again, and why can't be told of the run that it is in. */
function startedAgain({ name, properties }: Service, { scope, refuses }: Under): Diagnostic[] {
  const times = Number(properties.get('NRestarts') ?? 0);
  if (!isRunning(properties) || times === 0) return [];
  const message = `${name} has ended and was started again by Restart=, ${times === 1 ? 'once' : `${times} times`}`;
  const hint = refuses
    ? `'${ownCommand(scope, 'explain', name)}' says whether it was refused a call`
    : undefined;
  return [note('started-again', message, { hint })];
}
