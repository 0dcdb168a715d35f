import type { EffectiveUnit } from '../../../systemd/unit/effective.js';
import type { ProfilePart, SeenCall } from './input.js';

const EXECUTING: readonly string[] = ['execve', 'execveat'];

/** The programs that have executed others; undefined where one isn't known. */
function executors({ calls }: ProfilePart): ReadonlySet<string> | undefined {
  const executions = calls.filter(({ name }) => EXECUTING.includes(name));
  const isKnown = executions.every(({ programs }) => programs.length > 0);
  return isKnown ? new Set(executions.flatMap(({ programs }) => programs)) : undefined;
}

/**
 * The program that a start script becomes or starts. Scripts, or their interpreters, execute others and make no call while
 * the service is at work. Undefined where the unit's command is the daemon itself, or is unknown.
 */
export function daemonOfScript(profile: ProfilePart, effective: EffectiveUnit): string | undefined {
  const [command, another] = effective.execCommands('ExecStart');
  const scripts = executors(profile);
  if (!command || another || !scripts || scripts.size === 0) return undefined;
  if (!isScript(profile, command.path.value)) return undefined;
  const serving = profile.calls.filter(({ phases }) => (phases.serving ?? 0) > 0);
  const started = profile.programs.filter(({ phases }) => phases.includes('start')).map(({ path }) => path);
  const daemons = [...new Set(started)].filter(
    (path) => !scripts.has(path) && serving.length > 0 && serving.every((call) => isBy(call, path)),
  );
  const [daemon, other] = daemons;
  return other === undefined && daemon !== command.path.value ? daemon : undefined;
}

/**
 * Whether a command was executed, and by another file's program. A command that is a program by itself may go on beside
 * the one that it starts, and would not be confined.
 */
const isScript = ({ paths, programs }: ProfilePart, command: string): boolean =>
  paths.some(({ use, path }) => use === 'execute' && path === command) &&
  programs.every(({ path }) => path !== command);

/**
 * Whether the programs of ExecStart= have executed no other: those that other Exec lines start aren't theirs. False
 * where it isn't known, as of a script, which the kernel executes under its interpreter's name.
 */
export function executesNothing(profile: ProfilePart, effective: EffectiveUnit): boolean {
  const commands = effective.execCommands('ExecStart').map(({ path }) => path.value);
  const by = executors(profile);
  const isDaemon = (path: string) =>
    profile.programs.some((program) => program.path === path) && !by!.has(path);
  return by !== undefined && commands.length > 0 && commands.every(isDaemon);
}

/** The calls without those that execute programs. */
export const withoutExecution = (calls: readonly SeenCall[]): SeenCall[] =>
  calls.filter(({ name }) => !EXECUTING.includes(name));

const isBy = ({ programs }: SeenCall, path: string): boolean => programs.includes(path);

/** The calls that a program made, and those of which it isn't known who made them. */
export const callsBy = (calls: readonly SeenCall[], program: string): SeenCall[] =>
  calls.filter((call) => call.programs.length === 0 || isBy(call, program));
