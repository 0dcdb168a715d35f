/** Lines of `[service]` that wait until more was seen: comments of a learned policy, which `learn --promote` turns into lines. */

import { hasErrors, UserError } from '../diagnostic.js';
import { parsePolicy } from './parse.js';
import type { DirectiveEntry } from './policy.js';
import { assignment, type TomlValue } from './toml-text.js';

/** A line that isn't in force yet. */
export interface WaitingLine {
  readonly name: string;
  readonly value: TomlValue;
}

/** The first line of the comment, up to the comment's end. */
export const WAITING = /^# Not stated yet\b.*\n(?:#.*\n?)*/m;

/** The lines of a policy's text that wait; none where the comment was edited and is no list of lines any more. */
export function waitingLines(text: string): readonly DirectiveEntry[] {
  const block = WAITING.exec(text)?.[0];
  if (block === undefined) return [];
  const lines = block
    .split('\n')
    .slice(1)
    .map((line) => line.replace(/^# ?/, ''));
  try {
    const { policy, diagnostics } = parsePolicy(`[service]\n${lines.join('\n')}`, 'lines that wait');
    return hasErrors(diagnostics) ? [] : policy.service;
  } catch (cause) {
    if (cause instanceof UserError) return [];
    throw cause;
  }
}

/** The comment; `until` says what they wait for. */
export const waitingComment = (lines: readonly WaitingLine[], until: string): string[] =>
  lines.length === 0
    ? []
    : [
        `# Not stated yet: 'learn --promote' adds these lines after ${until}.`,
        ...lines.flatMap(({ name, value }) => assignment(name, value).split('\n')).map((line) => `# ${line}`),
      ];
