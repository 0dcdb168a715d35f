import type { Machine } from '../seccomp/syscalls/abi.js';
import type { Placement } from '../systemd/paths/placement.js';
import type { TransientUnits } from './bus/transient.js';
import type { Caller } from './caller.js';
import type { System } from './system.js';

/** The machine, and the options that every command has. */
export interface Context {
  readonly system: System;
  /** The machine that this program runs on, where its templates and launcher are read. */
  readonly program: System;
  /** The machine whose policies count: one that is only recorded has none. */
  readonly policies: System;
  /** Whether the machine is known by facts alone (--facts): nothing of this one counts for it. */
  readonly isRecorded?: boolean;
  readonly placement: Placement;
  /** Whether the system is only read as files (--root): unit files are found by search, and no manager is asked. */
  readonly offline: boolean;
  /** The folder of this program, with `templates/` and `native-helper/`. */
  readonly home: string;
  /** The command that runs this program: an interpreter and a script, both by their paths. */
  readonly self: readonly string[];
  readonly superuser: boolean;
  /** The kind of the machine that the program runs on; undefined for an unknown one. */
  readonly machine: Machine | undefined;
  readonly units: TransientUnits;
  readonly caller: Caller;
}
