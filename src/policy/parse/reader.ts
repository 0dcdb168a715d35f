/** Values of a policy's text, with their places. */

import { type Diagnostic, didYouMean, error, type Location } from '../../diagnostic.js';
import { type Action, ALLOW } from '../../seccomp/syscalls/action.js';
import { actionWords, parseAction } from '../../seccomp/syscalls/action-text.js';
import type { Located } from '../../seccomp/syscalls/section.js';
import { parseTimeSpan } from '../../systemd/time-span.js';
import type { KeyPath, TomlDocument } from '../toml.js';
import { isInteger } from '../validate.js';

export const isString = (value: unknown): value is string => typeof value === 'string';
export const isBoolean = (value: unknown): value is boolean => typeof value === 'boolean';
export const isOperand = (value: unknown): value is string | number | bigint =>
  isString(value) || isInteger(value);

/** Takes values of the wanted type out of a document; validateShape() reports the others. */
export class PolicyReader {
  /** Findings, whose diagnostics are made only when they are read. */
  readonly #found: (() => Diagnostic)[] = [];
  readonly document: TomlDocument;

  constructor(document: TomlDocument) {
    this.document = document;
  }

  report(found: () => Diagnostic) {
    this.#found.push(found);
  }

  *findings() {
    for (const found of this.#found) yield found();
  }

  value(path: KeyPath): unknown {
    let value: unknown = this.document.data;
    for (const step of path) {
      if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
      value = (value as Record<string | number, unknown>)[step];
    }
    return value;
  }

  typed<T>(path: KeyPath, is: (value: unknown) => value is T): Located<T> | undefined {
    const value = this.value(path);
    return is(value) ? { value, at: this.document.valueAt(path) } : undefined;
  }

  /** A text that is one of these words. */
  word<T extends string>(path: KeyPath, words: readonly T[]): Located<T> | undefined {
    return this.typed(path, (value): value is T => words.includes(value as T));
  }

  /** The paths of a list's elements; empty if the value is no list. */
  elements(path: KeyPath): KeyPath[] {
    const value = this.value(path);
    return Array.isArray(value) ? value.map((_, i) => [...path, i]) : [];
  }

  strings(path: KeyPath): Located<string>[] | undefined {
    if (!Array.isArray(this.value(path))) return undefined;
    return this.elements(path).flatMap((element) => this.typed(element, isString) ?? []);
  }

  /** The action at a path; a word or number that is none is reported. */
  action(path: KeyPath, { allow = false } = {}): Located<Action> | undefined {
    const found = this.typed(path, isOperand);
    if (!found) return undefined;
    const action = allow && found.value === 'allow' ? ALLOW : parseAction(found.value);
    if (action === undefined) this.report(() => unknownAction(String(found.value), found.at, { allow }));
    return action === undefined ? undefined : { value: action, at: found.at };
  }

  /** The milliseconds of a time span. */
  span(path: KeyPath): Located<number> | undefined {
    const text = this.typed(path, isString);
    const value = text && parseTimeSpan(text.value);
    return text && value !== undefined ? { value, at: text.at } : undefined;
  }
}

export const unknownAction = (text: string, at: Location, { allow = false } = {}) =>
  error('policy-value', `unknown action '${text}'`, {
    at,
    hint:
      didYouMean(text, [...actionWords(), ...(allow ? ['allow'] : [])]) ??
      `${allow ? '"allow", ' : ''}"kill", "log", an errno's name such as "EPERM", or its number`,
  });
