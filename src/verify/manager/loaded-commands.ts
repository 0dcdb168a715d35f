import type { LoadedCommand } from '../../machine/unit-state.js';
import { namesFilter, namesReadyFilter } from '../../systemd/paths/own-files.js';
import { argumentsOf, scanExecLine } from '../../systemd/unit/exec/line.js';
import { sinceReset } from '../../systemd/unit/values.js';

/** A command, whatever became of it. */
type PathAndArguments = Pick<LoadedCommand, 'path' | 'argv'>;

/**
 * Holds the commands of an Exec key as loaded against the lines of a drop-in: how many there are, and how many of them with a
 * filter of ours.
 */
export function commandDifferences(
  key: string,
  values: readonly string[],
  loaded: readonly PathAndArguments[],
): Difference[] {
  const lines = sinceReset(values);
  const ours = lines.filter(isOurs);
  const are = loaded.filter((command) => ours.some((line) => isOf(line, command))).length;
  if (are === ours.length && loaded.length === lines.length) return [];
  const how = ours.some(namesReadyFilter) ? 'with a filter of sandbox-unit' : 'behind the launcher';
  const message = `${key}= has ${are} of ${loaded.length} commands ${how}; expected ${ours.length} of ${lines.length}`;
  return [{ directive: key, message }];
}

const isOurs = (text: string): boolean => namesFilter(text) || namesReadyFilter(text);

const NOWHERE = { file: '', line: 1, column: 1 };

/** Whether a command is the program of a line, with the filter of that line; what a specifier became isn't known. */
function isOf(line: string, { path, argv }: PathAndArguments): boolean {
  const [command] = scanExecLine(line, NOWHERE).commands;
  if (command === undefined || path !== command.path.value) return false;
  const words = argumentsOf(command);
  const at = words.findIndex(isOurs);
  // Bytes that aren't UTF-8 have no text.
  return at >= 0 && (/[%\ufffd]/.test(words[at]!) || argv[at + 1] === words[at]);
}

/** One thing that the manager has otherwise than a drop-in of ours says. */
export interface Difference {
  readonly directive: string;
  readonly message: string;
  /** The way out where no other drop-in is read after ours. */
  readonly hint?: string;
}
