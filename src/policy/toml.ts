import TomlParser from '@iarna/toml/lib/toml-parser.js';
import { type Location, UserError } from '../diagnostic.js';
import { assertFewValues, assertSize } from './policy-size.js';
import { type ParserFailure, syntaxError, type TextSpan } from './toml-errors.js';

export type KeyPath = readonly (string | number)[];
export type TomlTable = { readonly [key: string]: unknown };

/** A parsed TOML text that knows the place of each key and value. */
export interface TomlDocument {
  readonly data: TomlTable;
  /** The place of a key (`['syscalls', 'deny']`), else of the nearest enclosing one. */
  keyAt(path: KeyPath): Location;
  /** The place of a value (`['syscalls', 'deny', 2]`), else of its key. */
  valueAt(path: KeyPath): Location;
}

interface ValueStart {
  readonly line: number;
  readonly column: number;
  /** Offset in the text. */
  readonly offset: number;
}

interface KeyAndValueSpans {
  readonly key: TextSpan;
  readonly value: TextSpan | undefined;
}

/** Most digits of an integer: in any notation 64 bits take fewer. */
const MAX_DIGITS = 80;

type RawTable = Record<string, unknown>;
type TomlAssignment = { key: string[]; value: unknown; keySpans?: TextSpan[]; valueSpan?: TextSpan };

/**
 * The parser of @iarna/toml, extended by places: the class hooks into the methods that record keys and values. The
 * package is frozen and pinned. Keys that Object.prototype has are refused, since the package would write into the
 * runtime's own objects (`constructor.x = 1`).
 */
class PlacingParser extends TomlParser {
  readonly tables = new WeakMap<object, Map<string, KeyAndValueSpans>>();
  readonly lists = new WeakMap<object, TextSpan[]>();
  #assignmentLine = 1;
  readonly #text: string;
  #keyStart: ValueStart = { line: 1, column: 1, offset: 0 };
  #key: TextSpan | undefined;
  /** Line 0 before the first value. */
  #valueStart: ValueStart = { line: 0, column: 1, offset: 0 };

  /** @param text the whole text, which the package drops at its end */
  constructor(text: string) {
    super();
    this.#text = text;
  }

  #here(): ValueStart {
    // The package counts columns from 1 on the first line and from 0 on the others.
    return { line: this.line + 1, column: this.line === 0 ? this.col : this.col + 1, offset: this.ii };
  }

  #spanFrom({ line, column }: ValueStart): TextSpan {
    const end = this.#here();
    return { line, column, length: end.line === line ? Math.max(1, end.column - column) : 1 };
  }

  /** The span of a value that ends at the parser's position. */
  #valueSpan(value: unknown, start: ValueStart): TextSpan {
    const span = this.#spanFrom(start);
    if (typeof Object(value).valueOf() !== 'bigint') return span;
    const digits = this.#text.slice(start.offset, this.ii).replaceAll('_', '').trim();
    // The package keeps the lowest 64 bits of an integer and drops the others.
    if (digits.length <= MAX_DIGITS && BigInt(digits) === Object(value).valueOf()) return span;
    throw misplaced('an integer has at most 64 bits, sign included; write a larger one in quotes', span);
  }

  /** The span of the latest key, quotes included. The first call for a key must come where the key ends. */
  #keySpan(): TextSpan {
    this.#key ??= this.#spanFrom(this.#keyStart);
    return this.#key;
  }

  #refuseInherited(key: string) {
    if (key in Object.prototype) throw misplaced(`the key '${key}' is not allowed`, this.#keySpan());
  }

  /** Runs a step of the package; where the package refuses a key as defined already, the error is placed at the key. */
  #blaming<T>(key: string, span: TextSpan, record: () => T): T {
    try {
      return record();
    } catch (cause) {
      const redefined = /^Can't (?:redefine|extend)/.test((cause as Error).message);
      throw redefined ? misplaced(`the key '${key}' is already defined`, span) : cause;
    }
  }

  #record(table: object, key: string, entry: KeyAndValueSpans) {
    const entries = this.tables.get(table) ?? new Map<string, KeyAndValueSpans>();
    this.tables.set(table, entries);
    if (!entries.has(key)) entries.set(key, entry);
  }

  #recordAssignment(table: RawTable, { key, keySpans, valueSpan }: TomlAssignment, names: readonly string[]) {
    let target: RawTable = table;
    names.forEach((name, i) => {
      this.#record(target, name, { key: keySpans![i]!, value: i === key.length ? valueSpan : undefined });
      target = target[name] as RawTable;
    });
  }

  override parseKeyword() {
    this.#keyStart = this.#here();
    this.#key = undefined;
    return super.parseKeyword();
  }

  override recordAssignKeyword(key: string) {
    this.#refuseInherited(key);
    this.state.keySpans ??= [];
    this.state.keySpans.push(this.#keySpan());
    return super.recordAssignKeyword(key);
  }

  override parseAssignPreValue() {
    this.#valueStart = this.#here();
    this.#assignmentLine = this.#valueStart.line;
    this.state.valueStart = this.#valueStart;
    return super.parseAssignPreValue();
  }

  override recordAssignValue(value: unknown) {
    const { resultTable: key, keySpans, valueStart } = this.state;
    return this.returnNow({ key, value, keySpans, valueSpan: this.#valueSpan(value, valueStart) });
  }

  override recordAssignStatement(assignment: TomlAssignment) {
    const names = [...assignment.key];
    const table = this.ctx;
    const result = this.#blaming(names.join('.'), assignment.keySpans![0]!, () =>
      super.recordAssignStatement(assignment),
    );
    this.#recordAssignment(table, assignment, names);
    return result;
  }

  override recordInlineTableValue(assignment: TomlAssignment) {
    const names = [...assignment.key];
    const table = this.state.resultTable;
    const result = this.#blaming(names.join('.'), assignment.keySpans![0]!, () =>
      super.recordInlineTableValue(assignment),
    );
    this.#recordAssignment(table, assignment, names);
    return result;
  }

  override parseTableMore(key: string) {
    this.#refuseInherited(key);
    const parent = this.ctx;
    const span = this.#keySpan();
    const result = this.#blaming(key, span, () => super.parseTableMore(key));
    if (this.ctx !== parent) this.#record(parent, key, { key: span, value: undefined });
    return result;
  }

  override parseListMore(key: string) {
    this.#refuseInherited(key);
    const parent = this.ctx;
    const span = this.#keySpan();
    const result = this.#blaming(key, span, () => super.parseListMore(key));
    const list = parent[key];
    if (this.ctx !== parent) this.#record(parent, key, { key: span, value: undefined });
    if (this.ctx !== parent && Array.isArray(list)) this.#recordElement(list, span);
    return result;
  }

  override parseInlineList() {
    this.#valueStart = this.#here();
    this.state.elementStart = this.#valueStart;
    return super.parseInlineList();
  }

  override recordInlineListValue(value: unknown) {
    const span = this.#valueSpan(value, this.state.elementStart);
    const state = this.state;
    const result = super.recordInlineListValue(value);
    this.#recordElement(state.resultArr, span);
    return result;
  }

  #recordElement(list: unknown[], span: TextSpan) {
    const spans = this.lists.get(list) ?? [];
    this.lists.set(list, spans);
    if (spans.length < list.length) spans.push(span);
  }

  /** The place of an error that the package threw, and that of the latest value. */
  failure(cause: Partial<PlacedError>): ParserFailure {
    const value = this.#valueStart;
    const assignmentLine = this.#assignmentLine;
    if (cause.span) return { place: cause.span, value, assignmentLine };
    // The package refuses dates that don't exist without a place.
    const { line, column } = cause.line === undefined ? value : this.#here();
    return { place: { line, column: Math.max(1, column), length: 1 }, value, assignmentLine };
  }
}

interface PlacedError extends Error {
  readonly line: number;
  readonly span: TextSpan;
}

const misplaced = (message: string, span: TextSpan) => Object.assign(new Error(message), { span });

function locator(parser: PlacingParser, data: TomlTable, file: string) {
  return (path: KeyPath, part: 'key' | 'value'): Location => {
    let container: unknown = data;
    let span: TextSpan = { line: 1, column: 1, length: 1 };
    for (const step of path) {
      if (typeof container !== 'object' || container === null) break;
      const entry = parser.tables.get(container)?.get(String(step));
      const element = typeof step === 'number' ? parser.lists.get(container)?.[step] : undefined;
      const found = element ?? (part === 'value' ? (entry?.value ?? entry?.key) : entry?.key);
      if (!found) break;
      span = found;
      container = (container as RawTable)[step];
    }
    return { file, ...span };
  };
}

/**
 * Parses a policy's text.
 * @param file the name that diagnostics show
 * @throws UserError `policy-syntax`: one diagnostic, since the parser stops at the first mistake
 */
export function parseToml(source: string, file: string): TomlDocument {
  assertSize(source.length, file);
  // The package rejects a byte order mark, and comments on lines that end in CR LF.
  const text = source.replace(/^\ufeff/, '').replace(/\r\n/g, '\n');
  const parser = new PlacingParser(text);
  try {
    parser.parse(text);
    const data = parser.finish() as TomlTable;
    assertFewValues(data, file);
    const locate = locator(parser, data, file);
    return { data, keyAt: (path) => locate(path, 'key'), valueAt: (path) => locate(path, 'value') };
  } catch (cause) {
    if (cause instanceof UserError) throw cause;
    throw new UserError(syntaxError(cause as Error, parser.failure(cause as Error), { text, file }));
  }
}
