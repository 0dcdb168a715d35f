import type { Diagnostic } from '../diagnostic.js';
import type { Placement } from '../emit/paths.js';
import type { Machine } from '../syscalls/abi.js';
import type { System } from '../system/system.js';
import type { SearchEnvironment } from '../unit/search.js';

/** What every command works with: the machine, and what the command line says for all commands. */
export interface Context {
  readonly system: System;
  /** The machine that the program itself runs on: its templates and launcher are read there. */
  readonly program: System;
  readonly placement: Placement;
  /** Offline: unit files are found by search, nothing is asked of a running manager. */
  readonly offline: boolean;
  /** Variables that say where unit files are. */
  readonly environment: SearchEnvironment;
  /** The folder of this program: `templates/`, `native-helper/`. */
  readonly home: string;
  /** Of the machine that the program runs on. */
  readonly machine: Machine | undefined;
}

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
