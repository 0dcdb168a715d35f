import {
  type Diagnostic,
  diagnosticsJson,
  EXIT,
  inOrder,
  printableJson,
  renderDiagnostic,
} from './diagnostic.js';
import { PLAIN, type Theme } from './theme.js';

/** The result of a command: its exit status, and its output for people and for programs. */
export interface Outcome {
  readonly exit: number;
  /** For `--json`: one object. */
  readonly json: Readonly<Record<string, unknown>>;
  /** The short form of `json`, of verbs that have one. */
  readonly summary?: (json: Outcome['json']) => Readonly<Record<string, unknown>>;
  /** For people, on stdout. */
  readonly text: string;
  readonly diagnostics: readonly Diagnostic[];
  /** Diagnostics for people, where these are fewer words. */
  readonly told?: readonly Diagnostic[];
  /** The texts of files that diagnostics point into. */
  readonly sources: ReadonlyMap<string, string>;
}

/** The outcome of a command that has done its work, and whose diagnostics point into no file. */
export const printed = (
  text: string,
  json: Outcome['json'] = {},
  diagnostics: readonly Diagnostic[] = [],
): Outcome => ({ exit: EXIT.ok, json, text, diagnostics, sources: new Map() });

export const JSON_FORMS = ['full', 'summary'] as const;
export type JsonForm = (typeof JSON_FORMS)[number];

export interface ShowOptions {
  readonly json?: boolean;
  /** The form of that, the full one by default. */
  readonly jsonForm?: JsonForm;
  /** Without notes, and without the text for people. */
  readonly quiet?: boolean;
}

/**
 * An outcome as it is printed, on standard output and standard error.
 * @param theme of standard error; the text has had its look since it was made
 */
export function shown(
  outcome: Outcome,
  options: ShowOptions,
  theme: Theme = PLAIN,
): { output: string; errors: string } {
  const { diagnostics, sources, exit } = outcome;
  if (options.json) {
    const ok = exit === EXIT.ok || exit === EXIT.pending;
    const body =
      options.jsonForm === 'summary'
        ? { ok, ...outcome.summary?.(outcome.json), reasons: diagnosticsJson(diagnostics) }
        : { ok, ...outcome.json, diagnostics: diagnosticsJson(diagnostics) };
    return { output: `${printableJson(JSON.stringify(body, jsonNumber, 2))}\n`, errors: '' };
  }
  const told = (outcome.told ?? diagnostics).filter((d) => !options.quiet || d.severity !== 'note');
  const errors = inOrder(told).map((d) => `${renderDiagnostic(d, sources, theme)}\n`);
  return { output: options.quiet ? '' : outcome.text, errors: errors.join('') };
}

/** A number for JSON. Readers lose digits of numbers above 2^53: those become strings. */
function jsonNumber(_: string, value: unknown): unknown {
  if (typeof value !== 'bigint') return value;
  return value <= Number.MAX_SAFE_INTEGER ? Number(value) : String(value);
}
