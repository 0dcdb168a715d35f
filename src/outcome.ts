import type { Diagnostic } from './diagnostic.js';

/** The result of a command: its exit status, and its output for people and for programs. */
export interface Outcome {
  readonly exit: number;
  /** For `--json`: one object. */
  readonly json: Readonly<Record<string, unknown>>;
  /** For people, on stdout. */
  readonly text: string;
  readonly diagnostics: readonly Diagnostic[];
  /** The texts of files that diagnostics point into. */
  readonly sources: ReadonlyMap<string, string>;
}
