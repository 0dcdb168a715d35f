/** Directives that are the unit's own as properties of a transient unit. */

import { fromBase64 } from '../../collections.js';
import { argumentsOf, type ExecCommand, scanExecLine } from '../../unit/exec/line.js';
import { signalNumber, statusNumber } from '../../unit/exit-status.js';
import type { UnitProperty } from '../../unit/unit-property.js';
import { conditionParts, OPEN_FLAGS, quotedWords } from '../format/own.js';
import type { OwnKind } from '../own-kinds.js';
import type { Directive } from '../table.js';
import { withoutSpecifiers } from './elements.js';

/** Undefined where a text means something that the bus has no value for. */
type Written = readonly UnitProperty[] | undefined;

/** @param values right-hand sides that add up, or of which the last holds; none is empty */
type Write = (row: Directive, values: readonly string[]) => Written;

const property = ({ bus }: Directive, value: unknown): UnitProperty => ({
  name: bus.property,
  signature: bus.write ?? bus.signature,
  value,
});

/** Undefined if one of the list is. */
const all = <T>(list: readonly (T | undefined)[]): T[] | undefined =>
  list.every((one) => one !== undefined) ? (list as T[]) : undefined;

/** A list in one property, each element from a text of its own. */
function listOf(row: Directive, texts: readonly string[], read: (plain: string) => unknown): Written {
  const plain = all(texts.map(withoutSpecifiers));
  return plain && [property(row, plain.map(read))];
}

const wordsOf = (values: readonly string[]): string[] => values.flatMap((text) => quotedWords(text) ?? []);

const wordList: Write = (row, values) => listOf(row, wordsOf(values), (word) => word);

const exitStatuses: Write = (row, values) => {
  const words = wordsOf(values);
  const signals = words.filter((word) => statusNumber(word) === undefined);
  const statuses = words.filter((word) => statusNumber(word) !== undefined);
  return [property(row, [statuses.map(statusNumber), signals.map(signalNumber)])];
};

/** What systemd calls the prefixes of a command. */
const FLAGS: ReadonlyMap<string, string> = new Map([
  ['-', 'ignore-failure'],
  [':', 'no-env-expand'],
  ['+', 'privileged'],
  ['!', 'no-setuid'],
  ['!!', 'ambient'],
  ['|', 'via-shell'],
]);

/** `(sasas)`: the path, all words, and what the prefixes say. */
export type BusCommand = readonly [path: string, argv: readonly string[], flags: readonly string[]];

/** A command as the bus has it; undefined where specifiers would have to be expanded. */
function busCommand(command: ExecCommand): BusCommand | undefined {
  const { prefixes, path, argv0 } = command;
  const words = [argv0?.value ?? path.value, ...argumentsOf(command)];
  const argv = all((prefixes.includes('|') ? ['sh', ...words] : words).map(withoutSpecifiers));
  const program = prefixes.includes('|') ? '/bin/sh' : withoutSpecifiers(path.value);
  const flags = (prefixes.match(/!!|./g) ?? []).flatMap((prefix) => FLAGS.get(prefix) ?? []);
  return argv && program !== undefined ? [program, argv, flags] : undefined;
}

/** The commands of Exec lines; undefined where specifiers would have to be expanded. */
export const busCommands = (lines: readonly string[]): readonly BusCommand[] | undefined =>
  all(lines.flatMap((line) => scanExecLine(line, { file: '', line: 1, column: 1 }).commands.map(busCommand)));

const commands: Write = (row, values) => {
  const list = busCommands(values);
  return list && [property(row, list)];
};

const conditions: Write = (row, values) =>
  listOf(row, values, (text) => {
    const { trigger, negate, parameter } = conditionParts(text);
    return [row.name, trigger, negate, parameter];
  });

/** What a file that is opened is called, by how. */
const OPENS: ReadonlyMap<string, string> = new Map([
  ['fd', 'FileDescriptorName'],
  ['file', 'File'],
  ['append', 'FileToAppend'],
  ['truncate', 'FileToTruncate'],
]);

const stream: Write = (row, values) => {
  const text = withoutSpecifiers(values.at(-1)!);
  if (text === undefined) return undefined;
  const [, how = '', rest = ''] = /^([a-z]+):(.*)$/.exec(text) ?? [];
  const suffix = OPENS.get(how);
  const [name, value] = suffix === undefined ? [row.name, text] : [`${row.name}${suffix}`, rest];
  return [{ name, signature: 's', value }];
};

const inputData: Write = (row, values) => [
  property(
    row,
    values.flatMap((text) => [...(fromBase64(text) ?? [])]),
  ),
];

const openFiles: Write = (row, values) =>
  listOf(row, values, (text) => {
    const [path = '', name = '', flags = ''] = text.split(':');
    const bits = flags.split(',').map((word) => OPEN_FLAGS.get(word) ?? 0);
    return [
      path,
      name === '' ? path.slice(path.lastIndexOf('/') + 1) : name,
      BigInt(bits.reduce((a, b) => a | b, 0)),
    ];
  });

const WRITERS: { readonly [T in OwnKind['type']]: Write } = {
  command: commands,
  condition: conditions,
  'environment-file': (row, values) =>
    listOf(row, values, (path) => [path.replace(/^-/, ''), path.startsWith('-')]),
  'exit-statuses': exitStatuses,
  'input-data': inputData,
  'input-text': inputData,
  'log-fields': (row, values) => listOf(row, wordsOf(values), (word) => [...new TextEncoder().encode(word)]),
  'log-pattern': (row, values) => [
    property(
      row,
      values.map((text) => [!text.startsWith('~'), text.replace(/^~/, '')]),
    ),
  ],
  'open-file': openFiles,
  signal: (row, values) => [property(row, signalNumber(values.at(-1)!))],
  stream,
  'unit-names': wordList,
  urls: wordList,
  variables: wordList,
};

export const OWN_WRITERS: ReadonlyMap<string, Write> = new Map(Object.entries(WRITERS));
