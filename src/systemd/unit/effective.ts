import { type Diagnostic, error, type Location, warning } from '../../diagnostic.js';
import { EXEC_KEYS } from './exec/keys.js';
import { type ExecCommand, scanExecLine } from './exec/line.js';
import type { Assignment, UnitFile } from './unit-file.js';

/** A unit after systemd has read its unit file and drop-ins. */
export interface EffectiveUnit {
  /** The paths of the files, in the order in which they were read. */
  readonly files: readonly string[];
  /** All assignments that systemd reads, setting by setting. */
  readonly assignments: readonly Assignment[];
  /** The assignments of one setting in order, resets included. */
  readonly all: (section: string, key: string) => readonly Assignment[];
  /** The assignments since the last empty one, which resets the list. */
  readonly list: (section: string, key: string) => readonly Assignment[];
  /** The last assignment, which may be empty; systemd may have ignored it for its value. */
  readonly last: (section: string, key: string) => Assignment | undefined;
  /** The commands of `ExecStart=` and its like, in order. */
  readonly execCommands: (key: string) => readonly ExecCommand[];
  /** Problems of the merging, beside the files' own diagnostics; an error if systemd can't load the unit. */
  readonly diagnostics: readonly Diagnostic[];
}

/** Older names that systemd still accepts, each with the setting that it assigns. */
const ALIASES: ReadonlyMap<string, string> = new Map([
  ['Service\nReadWriteDirectories', 'Service\nReadWritePaths'],
  ['Service\nReadOnlyDirectories', 'Service\nReadOnlyPaths'],
  ['Service\nInaccessibleDirectories', 'Service\nInaccessiblePaths'],
]);

/**
 * Merges files as systemd does (systemd.unit(5)): one after the other, as if they were one. systemd stops reading a file at a
 * command line that it can't take. In a drop-in the rest is lost, with a warning; in the unit file the unit can't be loaded,
 * which is an error.
 * @param files in systemd's order: the unit file, then the drop-ins, whose names end in `.conf`
 * @param keys the keys whose values are command lines for the systemd that reads the files
 */
export function effectiveUnit(
  files: readonly UnitFile[],
  keys: readonly string[] = EXEC_KEYS,
): EffectiveUnit {
  const settings = new Map<string, Assignment[]>();
  const commands = new Map<string, ExecCommand[]>();
  const diagnostics: Diagnostic[] = [];
  for (const file of files) readFile(file, { settings, commands, diagnostics, keys });
  const all = (section: string, key: string) => settings.get(settingName(section, key)) ?? [];
  return {
    files: files.map((file) => file.path),
    assignments: [...settings.values()].flat(),
    all,
    list: (section, key) => {
      const values = all(section, key);
      return values.slice(values.findLastIndex((a) => a.value === '') + 1);
    },
    last: (section, key) => all(section, key).at(-1),
    execCommands: (key) => commands.get(key) ?? [],
    diagnostics,
  };
}

/** A key for the map of settings: neither sections nor keys can hold a line break. */
const settingName = (section: string, key: string) => {
  const name = `${section}\n${key}`;
  return ALIASES.get(name) ?? name;
};

interface Merging {
  readonly settings: Map<string, Assignment[]>;
  readonly commands: Map<string, ExecCommand[]>;
  readonly diagnostics: Diagnostic[];
  readonly keys: readonly string[];
}

function readFile(file: UnitFile, { settings, commands, diagnostics, keys }: Merging): void {
  const stopped = file.path.endsWith('.conf') ? lost : unloadable;
  for (const assignment of file.assignments) {
    const { section, key, at } = assignment;
    const isExec = section === 'Service' && keys.includes(key);
    const problem = isExec ? readExecLine(assignment, commands) : undefined;
    if (problem?.severity === 'error') {
      diagnostics.push(stopped(`${key}=: ${problem.message}`, at));
      return;
    }
    if (problem) diagnostics.push(problem);
    const name = settingName(section, key);
    const known = settings.get(name);
    if (known) known.push(assignment);
    else settings.set(name, [assignment]);
  }
  if (file.stoppedAt && stopped === unloadable) {
    diagnostics.push(unloadable("a line that it can't read", file.stoppedAt));
  }
}

/** Adds the commands of an Exec line, or resets the list. */
function readExecLine(assignment: Assignment, commands: Map<string, ExecCommand[]>): Diagnostic | undefined {
  const { key, value, at } = assignment;
  if (value === '') {
    commands.delete(key);
    return undefined;
  }
  const { commands: more, problem } = scanExecLine(value, at);
  const known = commands.get(key) ?? [];
  for (const command of more) known.push(command);
  commands.set(key, known);
  return problem;
}

const lost = (what: string, at: Location) =>
  warning('unit-file-cut-short', `systemd stops reading the drop-in at ${what}`, {
    at,
    hint: 'correct the line: systemd ignores the rest of this file',
  });

const unloadable = (what: string, at: Location) =>
  error('bad-unit-file', `systemd refuses the unit because of ${what}`, { at });
