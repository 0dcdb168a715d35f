/** Errors in the syntax of a policy, as people who write it know TOML. */

import { type Diagnostic, error, printable } from '../diagnostic.js';

export interface TextSpan {
  readonly line: number;
  readonly column: number;
  readonly length: number;
}

/** The state of a parser that failed. */
export interface ParserFailure {
  readonly place: TextSpan;
  /** The place where the latest value begins, be it an element of a list. */
  readonly value: Pick<TextSpan, 'line' | 'column'>;
  /** The line where the latest assigned value begins. */
  readonly assignmentLine: number;
}

/** The diagnostic for an error of the package: a word without quotes is reported as such, where the value is one. */
export function syntaxError(
  cause: Error,
  { place, value, assignmentLine }: ParserFailure,
  { text, file }: { readonly text: string; readonly file: string },
): Diagnostic {
  const lines = text.split('\n', Math.max(place.line, value.line));
  const word = place.line === value.line ? bareWord(lines[value.line - 1] ?? '', value.column) : undefined;
  if (word !== undefined && place.column <= value.column + word.length) {
    const at = { file, ...value, length: word.length };
    return error('policy-syntax', `'${printable(word, 80)}' is not a value`, { at, hint: inToml(word) });
  }
  const [message = ''] = cause.message.split('\n', 1);
  // The package may count past the end of the text.
  const line = lines.at(place.line - 1) ?? '';
  const at = { file, ...place, column: Math.min(place.column, line.length + 1) };
  const shown = withCharacters(message.charAt(0).toLowerCase() + message.slice(1));
  return error('policy-syntax', shown, { at, hint: wayOut(message, assignmentLine) });
}

/** A word without quotes that begins in a column and is no number, date or other value; else undefined. */
function bareWord(line: string, column: number): string | undefined {
  const [word] = /^[^\s,\]})#"'[{(=]+/.exec(line.slice(column - 1)) ?? [];
  if (word === undefined || /^(?:true|false|[+-]?(?:inf|nan))$/.test(word)) return undefined;
  const isNumber = /^[+-]?(?:\d[\d_]*(?:[-.:eE]|$)|0[xob])/.test(word);
  return isNumber || !/[\p{L}/%~@*]/u.test(word) ? undefined : word;
}

const TRUE = /^(?:yes|on|y|true)$/i;
const FALSE = /^(?:no|off|n|false)$/i;

/** A word as TOML has it: systemd's booleans are `true` and `false` there. */
function inToml(word: string): string {
  if (TRUE.test(word)) return 'write true';
  return FALSE.test(word) ? 'write false' : `write ${JSON.stringify(printable(word, 80))}`;
}

/** @param line the line where the latest value begins */
function wayOut(message: string, line: number): string | undefined {
  if (message.includes('comma (,) or close bracket')) {
    return `a comma is missing, or the bracket that closes what begins in line ${line}`;
  }
  return message.includes('expecting string') ? 'put a text in quotes: "…"' : undefined;
}

/** Writes characters that the package shows by their numbers as text. */
const withCharacters = (message: string): string =>
  message.replace(
    /(?<=character:? )"?(\d+)"?/,
    (_, code) => `'${printable(String.fromCodePoint(Number(code)))}'`,
  );
