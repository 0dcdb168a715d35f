import { type Diagnostic, error } from '../../diagnostic.js';
import type { Policy } from '../../policy/policy.js';
import { formatDirective, isFormatted } from '../../systemd/directives/format.js';
import { findDirective } from '../../systemd/directives/table.js';
import type { EffectiveUnit } from '../../systemd/unit/effective.js';
import { EXEC_KEYS, execKeySince } from '../../systemd/unit/exec/keys.js';
import type { ExecCommand } from '../../systemd/unit/exec/line.js';
import { execCommandText, wrapExecCommand } from '../../systemd/unit/exec/wrap.js';
import type { PlannedCommands } from '../plan.js';
import type { PlacedUnit } from '../request.js';
import { SEARCH_PATH } from './interpreters.js';

/** The Exec keys whose lines get the launcher. */
export const wrappedKeys = (policy: Policy): string[] => [
  ...new Set(policy.wrap?.map(({ value }) => value) ?? ['ExecStart']),
];

/** Exec keys with commands that run without any sandbox of systemd's, `ExecReload=+`. */
export const unsandboxedKeys = (effective: EffectiveUnit): string[] =>
  EXEC_KEYS.flatMap((key) => shownKeys(key, effective.execCommands(key))).filter((key) => key.endsWith('+'));

/** The programs of all of a unit's commands, as written. */
export const allPrograms = (effective: EffectiveUnit): string[] => [
  ...new Set(EXEC_KEYS.flatMap((key) => effective.execCommands(key).map(({ path }) => path.value))),
];

/** The possible paths of each program of a unit's commands, in systemd's order: its own, or a plain name in the search directories. */
export function programPlaces(
  policy: Policy,
  effective: EffectiveUnit,
): ReadonlyMap<string, readonly string[]> {
  const given = searchPath(policy, effective);
  const directories = given.length > 0 ? given : SEARCH_PATH;
  const places = (name: string) =>
    name.includes('/') ? [name] : directories.map((directory) => `${directory}/${name}`);
  return new Map(allPrograms(effective).map((name) => [name, places(name)]));
}

/** The directories of ExecSearchPath=: the policy's, else the unit's. */
export function searchPath(policy: Policy, effective: EffectiveUnit): string[] {
  const entry = policy.service.find(({ name }) => name === 'ExecSearchPath');
  const formatted = entry && formatDirective(findDirective(entry.name)!, entry.value, entry.valueAt);
  const lines =
    formatted && isFormatted(formatted)
      ? formatted.values
      : effective.list('Service', 'ExecSearchPath').map(({ value }) => value);
  return lines.flatMap((line) => line.split(':')).filter((directory) => directory.startsWith('/'));
}

export interface PlacedCommands {
  readonly commands: readonly PlannedCommands[];
  /** Exec keys with commands that run without the launcher: `ExecStop=`; `ExecStop=+` for those without any sandbox. */
  readonly without: readonly string[];
  readonly diagnostics: readonly Diagnostic[];
}

/** Puts the launcher in front of each command of the wrapped keys. A command that can't be wrapped is a gap. */
export function planCommands(request: PlacedUnit): PlacedCommands {
  const { effective, policy } = request;
  const diagnostics: Diagnostic[] = [];
  const commands: PlannedCommands[] = [];
  const bare = new Map(EXEC_KEYS.map((key) => [key, effective.execCommands(key)]));
  diagnostics.push(...unknownKeys(request));
  for (const key of wrappedKeys(policy)) {
    const originals = effective.execCommands(key);
    if (originals.length === 0) continue;
    const lines = originals.map((command) => wrapOne(request, command, diagnostics));
    const kept = originals.filter((command, i) => lines[i] === execCommandText(command));
    bare.set(key, kept);
    commands.push({ key, lines, wrapped: lines.length - kept.length });
  }
  const main = commands.find(({ key }) => key === 'ExecStart');
  if (!main && diagnostics.length === 0) {
    const leftOut = effective.execCommands('ExecStart').length > 0;
    const why = leftOut ? "'wrap' leaves it out" : 'the unit has none';
    diagnostics.push(
      error('gap-no-command', `the launcher starts no ExecStart= command: ${why}`, {
        at: policy.wrap?.[0]?.at,
        hint: leftOut
          ? 'add "ExecStart" to wrap'
          : "remove the lines that systemd does not enforce; 'plan' shows them",
      }),
    );
  }
  return { commands, without: [...bare].flatMap(([key, kept]) => shownKeys(key, kept)), diagnostics };
}

/** Gaps for keys of `wrap` that the target's systemd skips. */
const unknownKeys = ({ policy, target }: PlacedUnit): Diagnostic[] =>
  (policy.wrap ?? [])
    .filter(({ value }) => execKeySince(value) > target.systemd)
    .map(({ value, at }) => {
      const hint = `it needs systemd ${execKeySince(value)} or later: update the target, or leave it out`;
      return error('gap-exec', `systemd ${target.systemd} ignores '${value}'`, { at, hint });
    });

/** All commands of an Exec key: the planned ones, else those that the unit has itself. */
export const commandsOf = (
  key: string,
  effective: EffectiveUnit,
  planned: readonly PlannedCommands[],
): PlannedCommands =>
  planned.find((one) => one.key === key) ?? {
    key,
    lines: effective.execCommands(key).map(execCommandText),
    wrapped: 0,
  };

const shownKeys = (key: string, commands: readonly ExecCommand[]): string[] => [
  ...(commands.some(({ prefixes }) => !prefixes.includes('+')) ? [`${key}=`] : []),
  ...(commands.some(({ prefixes }) => prefixes.includes('+')) ? [`${key}=+`] : []),
];

/** The wrapped command; if that fails, the command as it is, and a diagnostic. */
function wrapOne(request: PlacedUnit, command: ExecCommand, diagnostics: Diagnostic[]): string {
  const directories = command.bareName ? searchPath(request.policy, request.effective) : [];
  const unclear = directories.find((directory) => directory.includes('%'));
  const wrapped =
    unclear === undefined
      ? wrapExecCommand(command, launcherWords(request, directories))
      : error('gap-exec', `the path of '${command.path.value}' depends on a specifier: ${unclear}`, {
          at: command.at,
          hint: "write the program's path, or ExecSearchPath= without specifiers",
        });
  if (typeof wrapped === 'string') return wrapped;
  diagnostics.push(wrapped);
  return execCommandText(command);
}

const launcherWords = ({ target, places }: PlacedUnit, directories: readonly string[]): string[] => [
  target.launcher,
  ...(places ? [`--filter=${places.filterFile}`] : []),
  // The launcher of a user's manager loads a filter that belongs to the user.
  ...(places && target.scope === 'user' ? ['--user'] : []),
  ...(directories.length > 0 ? [`--search-path=${directories.join(':')}`] : []),
];
