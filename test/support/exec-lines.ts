import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Diagnostic, error } from '../../src/diagnostic.js';
import { type ExecCommand, scanExecLine } from '../../src/systemd/unit/exec/line.js';
import { wrapExecCommand } from '../../src/systemd/unit/exec/wrap.js';
import { parseUnitFile } from '../../src/systemd/unit/unit-file.js';
import { writeUnitFile } from '../../src/systemd/unit/write-unit-file.js';
import { inRepository } from './repository.js';

/** A launcher whose option needs every kind of quoting. */
export const LAUNCHER = ['/opt/launcher', '--filter=/etc/50% of $HOME/"x"'] as const;

/** The commands of the first ExecStart= of a text. */
export function commandsOf(text: string): readonly ExecCommand[] | Diagnostic {
  const { assignments } = parseUnitFile('x.service', `[Service]\n${text}`);
  const { value, at } = assignments.find((a) => a.key === 'ExecStart')!;
  const { commands, problem } = scanExecLine(value, at);
  if (problem) return { ...problem, severity: 'error' };
  return commands.length > 0 ? commands : error('bad-unit-file', 'the line has no command', { at });
}

/** The ExecStart= line that replaces the first one of a text, or what is in the way. */
export function wrapped(text: string, launcher: readonly string[] = LAUNCHER): string | Diagnostic {
  const commands = commandsOf(text);
  if ('severity' in commands) return commands;
  const lines = commands.map((command) => wrapExecCommand(command, launcher));
  const problem = lines.find((line) => typeof line !== 'string');
  if (problem !== undefined) return problem;
  const value = lines.join(' ; ');
  return writeUnitFile([{ section: 'Service', entries: [{ key: 'ExecStart', value }] }], [])
    .slice('[Service]\n'.length)
    .trimEnd();
}

const FOLDER = inRepository('test/systemd/unit/golden/exec-lines');
const SEPARATOR = '---\n';

export interface ExecLineCase {
  readonly name: string;
  /** Lines of a [Service] section with one ExecStart=. */
  readonly written: string;
  /** The line with the launcher, or `error[code]: message`. */
  readonly expected: string;
}

/** The golden corpus: `NAME.txt` has the lines as written, `---`, and the line expected. */
export function execLineCases(): ExecLineCase[] {
  return readdirSync(FOLDER).map((file) => {
    const [written, expected = ''] = readFileSync(join(FOLDER, file), 'utf8').split(SEPARATOR);
    return { name: file.replace(/\.txt$/, ''), written: written!, expected: expected.trimEnd() };
  });
}

export function updateExecLineCase(name: string, written: string, actual: string): void {
  writeFileSync(join(FOLDER, `${name}.txt`), `${written}${SEPARATOR}${actual}\n`);
}
