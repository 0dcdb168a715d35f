import type { EffectiveUnit } from '../../unit/effective.js';
import type { Evidence, SeenCall } from './input.js';

/** A path that `[exec] programs` takes. */
const PLAIN = /^(?:\/[A-Za-z0-9_+.@-]+)+$/;

/**
 * The program that a start script becomes, for `[exec] programs`. The script, or its interpreter, executes it in the
 * start and makes no call afterwards. Undefined where the unit's command is the daemon itself, or it can't be told, and
 * for a unit with a filter of its own: the script would then lose it.
 */
export function daemonOfScript(evidence: Evidence, effective: EffectiveUnit): string | undefined {
  const [command, another] = effective.execCommands('ExecStart');
  const executions = evidence.calls.filter(({ name }) => name === 'execve' || name === 'execveat');
  const hasFilter = effective.list('Service', 'SystemCallFilter').length > 0;
  if (!command || another || executions.length === 0 || hasFilter) return undefined;
  if (executions.some(({ phases }) => Object.keys(phases).some((phase) => phase !== 'start')))
    return undefined;
  const scripts = new Set(executions.flatMap(({ programs }) => programs));
  const serving = evidence.calls.filter(({ phases }) => (phases.serving ?? 0) > 0);
  const started = evidence.programs.filter(({ phases }) => phases.includes('start')).map(({ path }) => path);
  const daemons = [...new Set(started)].filter(
    (path) => !scripts.has(path) && serving.length > 0 && serving.every((call) => isBy(call, path)),
  );
  const [daemon] = daemons;
  if (daemon === undefined || daemons.length > 1 || daemon === command.path.value) return undefined;
  return PLAIN.test(daemon) && !/\/\.\.?(?:\/|$)/.test(daemon) ? daemon : undefined;
}

const isBy = ({ programs }: SeenCall, path: string): boolean => programs.includes(path);

/** The calls that a program made, and those of which it isn't known who made them. */
export const callsBy = (calls: readonly SeenCall[], program: string): SeenCall[] =>
  calls.filter((call) => call.programs.length === 0 || isBy(call, program));
