/** The checklist, for the head of a policy. */
import { shortList } from '../../../collections.js';
import { printable } from '../../../diagnostic.js';
import type { ChecklistItem, ChecklistKind } from '../../ledger/checklist.js';
import { comment } from './toml.js';

const NAMES: Readonly<Partial<Record<ChecklistKind, string>>> = {
  'log-rotation': 'log rotation',
  day: 'a whole day',
  week: 'a whole week',
};

/** A rotation leaves no trace where a service opens its log for each line, or where the log is copied. */
const UNSEEN: ReadonlyMap<ChecklistKind, string> = new Map([
  ['log-rotation', "log rotation (or it can't be told)"],
]);

/** Characters of a command, and the number of commands. */
const WIDTH = 60;
const MOST_COMMANDS = 3;

/** Comments about what was seen of a service's life, and what wasn't. */
export function checklistLines(checklist: readonly ChecklistItem[]): string[] {
  const nameOf = ({ what }: ChecklistItem) => NAMES[what] ?? what;
  const events = checklist.filter(({ what }) => what !== 'command');
  const seen = events.filter((one) => one.seen === 'yes').map(nameOf);
  const unseen = events.filter((one) => one.seen === 'no');
  const commands = checklist.filter((one) => one.what === 'command' && one.seen === 'no');
  const missing = [
    ...unseen.map((one) => UNSEEN.get(one.what) ?? nameOf(one)),
    ...(commands.length > 0 ? [commandsText(commands)] : []),
  ];
  return [
    ...(seen.length > 0 ? [comment(`Seen: ${seen.join(', ')}.`)] : []),
    ...(missing.length > 0 ? [comment(`Not seen, so that it may fail: ${missing.join(', ')}.`)] : []),
  ];
}

const commandsText = (commands: readonly ChecklistItem[]): string =>
  shortList(
    commands.map(({ line = '' }) => printable(line, WIDTH)),
    MOST_COMMANDS,
  );
