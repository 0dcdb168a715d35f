/** The commands of `[exec] start-pre`, which run before those of the unit. */

import { type Diagnostic, error } from '../diagnostic.js';
import { execCommandText } from '../systemd/unit/exec/wrap.js';
import { commandsOf } from './launcher/commands.js';
import type { PlannedCommands } from './plan.js';
import type { PlanRequest } from './request.js';

const KEY = 'ExecStartPre';

/**
 * The commands of a unit with those of `start-pre` in front of ExecStartPre=, each with the prefix `+`. systemd gives such
 * a command the service's own bind mounts and temporary file systems: the host's files are below /proc/1/root.
 * @param commands those planned so far
 */
export function withStartPre(
  { policy, effective, places }: PlanRequest,
  commands: readonly PlannedCommands[],
): { readonly commands: readonly PlannedCommands[]; readonly diagnostics: readonly Diagnostic[] } {
  const [first] = policy.startPre;
  if (!first) return { commands, diagnostics: [] };
  if (!places) {
    const message = "a transient unit can't have commands of 'start-pre'";
    return {
      commands,
      diagnostics: [error('directive-value', message, { at: first.at, hint: "remove 'start-pre'" })],
    };
  }
  const added = policy.startPre.map(({ value }) => ({ ...value, prefixes: '+' }));
  const own = added.map(execCommandText);
  const planned = commandsOf(KEY, effective, commands);
  const because = "[exec] start-pre: before the unit's own commands, and without a sandbox";
  return {
    commands: [
      ...commands.filter(({ key }) => key !== KEY),
      { ...planned, lines: [...own, ...planned.lines], because, added },
    ],
    diagnostics: [],
  };
}
