/** Many explanations in few lines: the calls by what decided on them, and one list of what would let them through. */
import { groupBy, shortList } from '../../collections.js';
import { error, printable, renderDiagnostic, warning } from '../../diagnostic.js';
import { BECAME, RECORDED } from '../../explain/diagnostic.js';
import { callText, type Explanation, isFinding } from '../../explain/explanation.js';
import type { AllowingChange } from '../../explain/refused-call.js';
import { filledLines, type ListTable } from '../../policy/edit.js';
import { ownCommand } from '../../systemd/command-lines.js';
import type { Scope } from '../../systemd/unit/search.js';
import { PLAIN, type Theme } from '../../theme.js';

/** The most programs, and the most lines of a policy, that one line names. */
const MOST_IN_LINE = 5;

/** The columns of a line to paste, which stands indented. */
const PASTED = 90;

/** The way in which groups are shown. */
export interface ShownGroups {
  /** The texts of files by their names. */
  readonly sources: ReadonlyMap<string, string>;
  readonly machine: string;
  readonly theme?: Theme;
}

/** Explanations that have their end and their cause in common, in as many lines as one takes. */
export function groupsText(explanations: readonly Explanation[], shown: ShownGroups): string[] {
  const groups = groupBy(explanations, (one) => {
    const { kind, what, at, phase } = one.cause;
    const same = isByName(one) ? [kind, phase] : [kind, what, at];
    return JSON.stringify([one.got, one.certain, ...same]);
  });
  return [...groups.values()].map((group) => groupText(group, shown));
}

/** Whether a call is refused by its own name, not by that of a set. */
const isByName = ({ cause }: Explanation): boolean =>
  cause.kind === 'denied' && !cause.what.startsWith('deny @');

/** The cause that explanations have in common. */
function commonCause(group: readonly Explanation[]): string {
  const [{ cause }] = group as [Explanation];
  const lines = [...new Set(group.flatMap(({ cause: { at } }) => at?.line ?? []))].sort((a, b) => a - b);
  if (group.length === 1 || !isByName(group[0]!)) return cause.what;
  const where = lines.length > 1 ? `, lines ${shortList(lines.map(String), MOST_IN_LINE)}` : '';
  return `by name in deny${where}${cause.phase ? ', once it serves' : ''}`;
}

function groupText(group: readonly Explanation[], { sources, machine, theme }: ShownGroups): string {
  const { got, certain, cause } = group[0]!;
  const calls = [...new Set(group.map(({ call }) => callText(call, machine)))];
  const which = calls.length === 1 ? calls[0]! : `${calls.length} calls`;
  const became = BECAME[got][calls.length === 1 ? 0 : 1];
  const found = error(
    'refused-call',
    `${certain ? '' : 'probably of this unit: '}${which} ${became}: ${commonCause(group)}`,
    {
      at: cause.at,
    },
  );
  const names = group.map(({ call }) => call.name);
  const who = group.flatMap(({ processes }) =>
    processes.map(
      ({ name, program }) => printable(name) + (program === undefined ? '' : ` (${printable(program)})`),
    ),
  );
  const last = Math.max(...group.map((one) => one.last));
  const lines = [
    renderDiagnostic(isFinding(group[0]!) ? found : { ...found, ...RECORDED }, sources, theme),
    ...(calls.length === 1 ? [] : wordsIn([...new Set(names)].sort())),
    `  by ${shortList([...new Set(who)], MOST_IN_LINE)}, last at ${new Date(last).toISOString()}${phaseText(group)}`,
  ];
  return `${lines.join('\n')}\n`;
}

/** The phase in which all these calls were made; empty where it isn't known, or they were made in both. */
export function phaseText(group: readonly Explanation[]): string {
  const [phase, ...others] = new Set(group.map((one) => one.phase));
  if (phase === undefined || others.length > 0) return '';
  return phase === 'start' ? ', at a start' : ', once it served';
}

/** Names of calls in lines that are filled. */
const wordsIn = (names: readonly string[]): string[] =>
  filledLines(names, '    ').map((line) => line.replaceAll('"', ''));

/** The changes that let the calls of all explanations through, each once, and those to one list together. */
export function changesText(explanations: readonly Explanation[], unit: string): string[] {
  const all = explanations.flatMap(({ changes }) => changes);
  const once = [...new Map(all.map((change) => [JSON.stringify(change), change])).values()];
  const groups = groupBy(once, (change) =>
    ['add', 'take-out'].includes(change.edit?.kind ?? '')
      ? `${change.edit!.kind} ${tableOf(change)} ${change.line}`
      : JSON.stringify(change),
  );
  const ways = [...groups.values()].map(changeOfAll);
  const instead = new Map(
    explanations.flatMap((one) => (one.instead ? [[one.instead.does, one.instead]] : [])),
  );
  return [
    ...ways.flatMap((way, i) => wayText(way, i === 0 ? 'to allow them,' : 'and', unit)),
    ...[...instead.values()].flatMap((way) => wayText(way, 'or', unit)),
  ];
}

/** The table of the list that a change adds to. */
const tableOf = ({ edit }: AllowingChange): ListTable =>
  (edit?.kind === 'add' ? edit.table : undefined) ?? 'syscalls';

/** @param same one change, or several of one list in one line */
function changeOfAll(same: readonly AllowingChange[]): AllowingChange {
  const [first] = same as [AllowingChange];
  const { where, line } = first;
  if (first.edit?.kind === 'take-out') {
    const entries = same.flatMap(({ edit }) => (edit?.kind === 'take-out' ? [`"${edit.entry}"`] : []));
    return { does: `take ${entries.join(', ')} out of deny in line ${line}`, where };
  }
  if (first.edit?.kind !== 'add') return first;
  const table = tableOf(first);
  const names = namesToAdd(same, table);
  if (line === undefined) {
    const text = `[${table}]\nallow = [\n${filledLines(names, '  ', PASTED).join('\n')},\n]`;
    return { does: 'write', where, text };
  }
  const text = filledLines(names, '', PASTED).join('\n');
  return { does: `add to allow in line ${line}`, where, text };
}

/** The names that changes add to `allow` of a table, sorted. */
export const namesToAdd = (changes: readonly AllowingChange[], table: ListTable = 'syscalls'): string[] =>
  [
    ...new Set(
      changes.flatMap((change) =>
        change.edit?.kind === 'add' && tableOf(change) === table ? [change.edit.name] : [],
      ),
    ),
  ].sort();

/** A change in a line, and the text to write; both may have names and paths of another's policy. */
export function wayText({ does, where, text }: AllowingChange, word: string, unit: string): string[] {
  const place = where === 'systemctl edit' ? `systemctl edit ${unit}` : printable(where);
  const lines = text?.split('\n').map((line) => `      ${printable(line, Number.POSITIVE_INFINITY)}`);
  return [`  ${word} ${printable(does, 1000)} (${place})`, ...(lines ?? [])];
}

/** The gains of the service by dangerous calls among those that would be let through. */
export const gainsText = (explanations: readonly Explanation[], theme: Theme = PLAIN): string[] =>
  [
    ...groupBy(
      explanations.filter(({ opens }) => opens !== undefined),
      ({ opens }) => opens!,
    ),
  ].map(([gain, of]) => {
    const names = [...new Set(of.map(({ call }) => call.name))];
    return `  ${renderDiagnostic(warning('opens', `${names.join(', ')}: ${gain}`), undefined, theme)}`;
  });

/** The command that looks again at what was found. */
export interface FurtherCommand {
  readonly scope: Scope;
  /** Its options, as a shell takes them. */
  readonly words: readonly string[];
}

/** The commands that do more with what was found. */
export function furtherText(
  explanations: readonly Explanation[],
  unit: string,
  { scope, words }: FurtherCommand,
): string {
  const command = (option: string) => `'${ownCommand(scope, ['explain', ...words, option].join(' '), unit)}'`;
  const isWritable = explanations.some(({ changes }) => changes.some(({ edit }) => edit !== undefined));
  const writes = isWritable ? `${command('--write')} writes it into the policy; ` : '';
  return `${writes}${command('--verbose')} shows more about each call`;
}
