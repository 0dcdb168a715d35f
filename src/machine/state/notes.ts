import { note } from '../../diagnostic.js';
import { systemctl } from '../../systemd/command-lines.js';
import type { Scope } from '../../systemd/unit/search.js';
import type { UnitState } from '../unit-state.js';

/** @param obstacle the reason why it isn't restarted; undefined if no restart was asked for */
export const restartDue = (unit: string, obstacle?: string) =>
  note('restart-due', `${unit} was not restarted; the policy takes effect at its next start`, {
    hint: obstacle,
  });

export const leftAsItRuns = (unit: string, obstacle?: string) =>
  note('restart-due', `${unit} was not restarted and keeps its present filter and directives until it is`, {
    hint: obstacle,
  });

export const notRunning = (unit: string) =>
  note('not-running', `${unit} isn't running: the policy takes effect at its next start`);

/** The command line that starts a failed service, even one that was started too often. */
export const startCommand = (unit: string, scope: Scope, state: UnitState): string => {
  const start = systemctl(scope, 'start', unit);
  const isLimited = state.result === 'start-limit-hit';
  return isLimited ? `${systemctl(scope, 'reset-failed', unit)} && ${start}` : start;
};

/** A note about a service that has failed before, and is not started. */
export const staysFailed = (unit: string, scope: Scope, state: UnitState) =>
  note('not-running', `${unit} has failed, and is not started`, { hint: startCommand(unit, scope, state) });

/** @param hasProbe whether the policy has a probe, which only a restart tries */
export const noRestartNeeded = (unit: string, hasProbe: boolean) =>
  note('no-restart', `${unit} needs no restart: it runs with these directives and this filter`, {
    hint: hasProbe ? "'probe' of [apply] runs at the next restart by apply" : undefined,
  });
