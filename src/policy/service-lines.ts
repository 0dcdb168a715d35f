/** New values of lines of `[service]`: the edits of a policy's own file that give them, and the proof that these give no more. */

import type { TextEdit } from './edit.js';
import type { DirectiveEntry, Policy } from './policy.js';
import type { TomlValue } from './toml-text.js';

/** A line of `[service]` as it shall be. */
export interface NewLine {
  /** Undefined takes the line out. */
  readonly value: TomlValue | undefined;
  /** A comment above it. */
  readonly why?: string;
}

/** Lines by the names of their directives. */
export type NewLines = ReadonlyMap<string, NewLine>;

/** The edits of the policy's own file that give lines their new values. Lines of its bases stay, and one of its own overrides them. */
export function serviceEdits(policy: Policy, lines: NewLines): TextEdit[] {
  const own = policy.service.filter(({ at }) => at.file === policy.file);
  const after = own.findLast(({ name }) => !lines.has(name) || lines.get(name)!.value !== undefined);
  return [...lines].map(([name, { value, why }]) => {
    const at = own.find((entry) => entry.name === name);
    return { kind: 'line', name, value, why, at, after };
  });
}

/** Whether an edited policy has just these new lines, and all else of `[service]` as it was. */
export function hasJust(before: Policy, after: Policy, lines: NewLines): boolean {
  const expected = new Map(before.service.map(({ name, value }) => [name, value]));
  for (const [name, { value }] of lines) {
    if (value === undefined) expected.delete(name);
    else expected.set(name, value);
  }
  return textOf(after.service.map(({ name, value }) => [name, value])) === textOf([...expected]);
}

const textOf = (lines: readonly (readonly [string, unknown])[]): string =>
  JSON.stringify(lines.toSorted(([a], [b]) => (a < b ? -1 : 1)));

/** The elements of a line's value: those of a list, or the words of a text. */
export function elements({ value }: Pick<DirectiveEntry, 'value'>): string[] {
  if (Array.isArray(value)) return value.map(String);
  return typeof value === 'string' ? value.split(/[ \t]+/).filter((word) => word !== '') : [];
}
