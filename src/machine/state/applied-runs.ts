import type { ExistingFile } from '../../plan/emit/changes.js';
import { hasNameOfKeptPolicy } from '../../systemd/paths/own-files.js';
import type { Context } from '../context.js';
import { filesHash } from './files-hash.js';
import { injectionsOf } from './injections.js';
import type { Service } from './service.js';
import { isRunning, isWaiting } from './service-run.js';
import { startedWith } from './started-with.js';
import { isUntrustedRun } from './untrusted-runs.js';

/** A unit's files of ours, with which its services run or don't. */
export interface AppliedRuns {
  readonly unit: string;
  /** Files of ours, as they are. */
  readonly files: readonly ExistingFile[];
  /** When the last of them got its content, in milliseconds since 1970; 0 where there are none. */
  readonly since: number;
}

/** Of a unit without files of ours that count. */
export const noAppliedRuns = (unit: string): AppliedRuns => ({ unit, files: [], since: 0 });

export const appliedRunsOf = (unit: string, files: readonly ExistingFile[]): AppliedRuns => ({
  unit,
  files,
  // The kept text of a policy decides nothing of how a service runs.
  since: Math.max(0, ...files.map(({ path, modified }) => (hasNameOfKeptPolicy(path) ? 0 : modified))),
});

/**
 * Whether a service runs without its files as they are: it was neither started with them, nor given their filters since.
 * Where it can't be known how it was started, it was if the files are older than its start.
 */
export async function runsAsBefore(
  context: Context,
  { unit, files, since }: AppliedRuns,
  service: Service,
): Promise<boolean> {
  const { state } = service;
  // One that waits for its next start has no process.
  if (!isRunning(state) || isWaiting(state) || files.length === 0) return false;
  if (await isUntrustedRun(context, unit, service)) return true;
  const hash = filesHash(files);
  const started = await startedWith(context, state, hash);
  // A drop-in that was edited and put back still names the hash that it had.
  if (started === undefined || started === hash) return state.inactiveExitTimestamp / 1000 < since;
  return !(await injectionsOf(context, service)).some((one) => one.files === hash);
}
