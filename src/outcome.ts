import type { Diagnostic } from './diagnostic.js';

/** What a command has to say. */
export interface Outcome {
  readonly exit: number;
  /** For `--json`: one object. */
  readonly json: Readonly<Record<string, unknown>>;
  /** For people, on stdout. */
  readonly text: string;
  readonly diagnostics: readonly Diagnostic[];
  /** Texts that diagnostics point into. */
  readonly sources: ReadonlyMap<string, string>;
}
