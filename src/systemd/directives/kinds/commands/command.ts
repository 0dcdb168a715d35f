import { argumentsOf, type ExecCommand, scanExecLine } from '../../../unit/exec/line.js';
import type { ValueKind } from '../../directive.js';
import { property, withoutSpecifiers } from '../../values/bus.js';
import { allOf } from '../../values/list.js';
import { MAX_VALUE, reject, scalar } from '../../values/text.js';

/** First systemd with the prefix `|` of commands. */
const SHELL_PREFIX = 258;

/** One command, as in a unit file. */
export const COMMAND: ValueKind = {
  type: 'command',
  signature: 'a(sasasttttuii)',
  format: (reading, value) => {
    const expected = 'a command line';
    const text = scalar(reading, value, expected, MAX_VALUE);
    if (text === undefined) return undefined;
    const { commands, problem } = scanExecLine(text, reading.at);
    const [first, ...more] = commands;
    if (problem || first === undefined) return reject(reading, expected, text, problem?.message);
    if (more.length > 0) {
      const hint = "give each command its own, or write '\\;' for a semicolon";
      return reject(reading, 'one command', text, hint);
    }
    if (/@.*\||\|.*@/.test(first.prefixes))
      return reject(reading, "at most one of the prefixes '@' and '|'", text);
    if (first.prefixes.includes('|')) reading.needs.push({ since: SHELL_PREFIX, what: "the prefix '|'" });
    return [text];
  },
  write: ({ bus }, values) => {
    const list = busCommands(values);
    return list && [property(bus, list)];
  },
};

/** systemd's words for the prefixes of a command. */
const FLAGS: ReadonlyMap<string, string> = new Map([
  ['-', 'ignore-failure'],
  [':', 'no-env-expand'],
  ['+', 'privileged'],
  ['!', 'no-setuid'],
  ['!!', 'ambient'],
  ['|', 'via-shell'],
]);

/** `(sasas)`: the path, all words, and the meaning of the prefixes. */
export type BusCommand = readonly [path: string, argv: readonly string[], flags: readonly string[]];

/** A command as the bus has it; undefined where specifiers would have to be expanded. */
function busCommand(command: ExecCommand): BusCommand | undefined {
  const { prefixes, path, argv0 } = command;
  const words = [argv0?.value ?? path.value, ...argumentsOf(command)];
  const argv = allOf((prefixes.includes('|') ? ['sh', ...words] : words).map(withoutSpecifiers));
  const program = prefixes.includes('|') ? '/bin/sh' : withoutSpecifiers(path.value);
  const flags = (prefixes.match(/!!|./g) ?? []).flatMap((prefix) => FLAGS.get(prefix) ?? []);
  return argv && program !== undefined ? [program, argv, flags] : undefined;
}

/** The commands of Exec lines; undefined where specifiers would have to be expanded. */
export const busCommands = (lines: readonly string[]): readonly BusCommand[] | undefined =>
  allOf(
    lines.flatMap((line) => scanExecLine(line, { file: '', line: 1, column: 1 }).commands.map(busCommand)),
  );
