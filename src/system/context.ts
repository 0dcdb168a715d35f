import type { Placement } from '../paths.js';
import type { Machine } from '../syscalls/abi.js';
import type { SearchEnvironment } from '../unit/search.js';
import type { Caller, TransientUnits } from './bus/transient.js';
import type { System } from './system.js';

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
  /** Whether the program runs as root. */
  readonly superuser: boolean;
  /** ID of the user as whom the program runs. */
  readonly user: number;
  /** Of the machine that the program runs on. */
  readonly machine: Machine | undefined;
  readonly units: TransientUnits;
  readonly caller: Caller;
}
