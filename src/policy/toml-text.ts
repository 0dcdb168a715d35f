/** Pieces of a TOML file as a person writes them. */
import { printable } from '../diagnostic.js';

/** Widest line of a file. */
const WIDTH = 110;

/** A text in quotes. JSON's escapes are TOML's, but for DEL, which JSON leaves as it is. */
export const quoted = (text: string): string => JSON.stringify(text).replaceAll('\x7f', '\\u007f');

/** A comment of one line. */
export const comment = (text: string): string => `# ${printable(text, 240)}`;

/** A text, a boolean, a list of texts. */
export type TomlValue = string | boolean | readonly string[];

/** A value as TOML has it. */
export function tomlValue(value: TomlValue): string {
  if (typeof value === 'boolean') return String(value);
  return typeof value === 'string' ? quoted(value) : `[${value.map(quoted).join(', ')}]`;
}

/** Quoted words with commas, in lines that are no wider than a page. */
export const wordLines = (words: readonly string[]): string[] => wrapped(words.map(quoted), '  ');

/** Texts with commas, in lines that are no wider than a page. */
export function wrapped(texts: readonly string[], indent: string): string[] {
  const lines: string[] = [];
  for (const text of texts) {
    const last = lines.at(-1);
    if (last !== undefined && indent.length + last.length + text.length + 2 <= WIDTH) {
      lines[lines.length - 1] = `${last} ${text},`;
    } else {
      lines.push(`${text},`);
    }
  }
  return lines.map((line) => indent + line);
}

/** A key with a value, whose list is broken into lines where it is long. */
export function assignment(key: string, value: TomlValue): string {
  const line = `${key} = ${tomlValue(value)}`;
  if (line.length <= WIDTH || !Array.isArray(value)) return line;
  return [`${key} = [`, ...wordLines(value), ']'].join('\n');
}

/** Words below a comment. */
export interface Group {
  readonly title: string;
  readonly words: readonly string[];
}

/** A list whose groups have a comment each; empty where nothing is in it. */
export function groupedList(key: string, groups: readonly Group[]): string[] {
  const filled = groups.filter(({ words }) => words.length > 0);
  if (filled.length === 0) return [];
  const lines = filled.flatMap(({ title, words }) => [`  ${comment(title)}`, ...wordLines(words)]);
  return [`${key} = [`, ...lines, ']'];
}
