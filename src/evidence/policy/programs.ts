import type { EffectiveUnit } from '../../unit/effective.js';
import type { Evidence, PolicyRequest, SeenCall } from './input.js';

/** A path that `[exec] programs` takes. */
const PLAIN = /^(?:\/[A-Za-z0-9_+.@-]+)+$/;

const EXECUTING: readonly string[] = ['execve', 'execveat'];

/** The programs that have executed others; undefined where one isn't known. */
function executors({ calls }: Evidence): ReadonlySet<string> | undefined {
  const executions = calls.filter(({ name }) => EXECUTING.includes(name));
  const isKnown = executions.every(({ programs }) => programs.length > 0);
  return isKnown ? new Set(executions.flatMap(({ programs }) => programs)) : undefined;
}

/** A daemon that a start script becomes, and the table by which the calls of the script are taken from it. */
export interface ScriptedDaemon {
  readonly path: string;
  readonly by: '[ready]' | '[exec]';
}

/**
 * The daemon of a start script, and how it is confined to its own calls. `[exec] programs` mounts the launcher over it, and
 * runs it from another path, where a program may not find its libraries. It is therefore only for units that can't have
 * `[ready]`, and have no filter of their own, which the script would lose.
 */
export function scriptedDaemon({
  evidence,
  effective,
  readyGap,
}: Pick<PolicyRequest, 'evidence' | 'effective' | 'readyGap'>): ScriptedDaemon | undefined {
  const path = daemonOfScript(evidence, effective);
  if (path === undefined) return undefined;
  if (readyGap === undefined) return { path, by: '[ready]' };
  return effective.list('Service', 'SystemCallFilter').length > 0 ? undefined : { path, by: '[exec]' };
}

/**
 * The program that a start script becomes or starts. Scripts, or their interpreters, execute others and make no call while
 * the service is at work. Undefined where the unit's command is the daemon itself, or it can't be told.
 */
export function daemonOfScript(evidence: Evidence, effective: EffectiveUnit): string | undefined {
  const [command, another] = effective.execCommands('ExecStart');
  const scripts = executors(evidence);
  if (!command || another || !scripts || scripts.size === 0) return undefined;
  if (!isScript(evidence, command.path.value)) return undefined;
  const serving = evidence.calls.filter(({ phases }) => (phases.serving ?? 0) > 0);
  const started = evidence.programs.filter(({ phases }) => phases.includes('start')).map(({ path }) => path);
  const daemons = [...new Set(started)].filter(
    (path) => !scripts.has(path) && serving.length > 0 && serving.every((call) => isBy(call, path)),
  );
  const [daemon] = daemons;
  if (daemon === undefined || daemons.length > 1 || daemon === command.path.value) return undefined;
  return PLAIN.test(daemon) && !/\/\.\.?(?:\/|$)/.test(daemon) ? daemon : undefined;
}

/**
 * Whether a command was executed, and by another file's program. A command that is a program by itself may go on beside
 * the one that it starts, and would not be confined.
 */
const isScript = ({ paths, programs }: Evidence, command: string): boolean =>
  paths.some(({ use, path }) => use === 'execute' && path === command) &&
  programs.every(({ path }) => path !== command);

/**
 * Whether the programs of ExecStart= have executed no other: those that other Exec lines start aren't theirs. False
 * where it isn't known, as of a script, which the kernel executes under its interpreter's name.
 */
export function executesNothing(evidence: Evidence, effective: EffectiveUnit): boolean {
  const commands = effective.execCommands('ExecStart').map(({ path }) => path.value);
  const by = executors(evidence);
  const isDaemon = (path: string) =>
    evidence.programs.some((program) => program.path === path) && !by!.has(path);
  return by !== undefined && commands.length > 0 && commands.every(isDaemon);
}

/** The calls without those that execute programs. */
export const withoutExecution = (calls: readonly SeenCall[]): SeenCall[] =>
  calls.filter(({ name }) => !EXECUTING.includes(name));

const isBy = ({ programs }: SeenCall, path: string): boolean => programs.includes(path);

/** The calls that a program made, and those of which it isn't known who made them. */
export const callsBy = (calls: readonly SeenCall[], program: string): SeenCall[] =>
  calls.filter((call) => call.programs.length === 0 || isBy(call, program));
