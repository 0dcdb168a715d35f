import type { Mount } from '../formats/mount-info.js';
import type { Machine } from '../syscalls/abi.js';
import type { SyscallSets } from '../syscalls/sets.js';
import type { Scope } from '../unit/search.js';
import type { Abilities } from './abilities.js';

/** The files of a command's program. */
export interface CommandFiles {
  /**
   * The file that the kernel opens to run it, and a script's interpreter, each by its paths, as it is written and without links;
   * then what env(1) may start as the interpreter.
   */
  readonly files: readonly (readonly string[])[];
  /** Libraries that are loaded along, by name; of a script those of its interpreter. */
  readonly needed: readonly string[];
}

/** The facts about the machine that a plan is for. They are an argument: the plan itself never probes a machine. */
export interface Target {
  readonly scope: Scope;
  /** Major version of systemd: 257. */
  readonly systemd: number;
  /** The version that the manager reports: `257.13-1~deb13u1`. */
  readonly version: string;
  readonly machine: Machine;
  readonly sets: SyscallSets;
  /** The mounts in this program's own mount namespace; empty where they aren't known. */
  readonly mounts: readonly Mount[];
  /** Abilities that systemd and the kernel lack there, whatever their versions. */
  readonly abilities: Abilities;
  /** The launcher's path on the target, where it is or will be installed. */
  readonly launcher: string;
  /** The path of the program that loads the filter of `[ready]`, where it is or will be installed. */
  readonly injector: string;
  /** Files of the commands of all Exec lines, by their programs; undefined where the policy has no need of them. */
  readonly commands?: ReadonlyMap<string, CommandFiles> | undefined;
}

/** The oldest and the newest major version of systemd whose behaviour is known. */
export const SYSTEMD_RANGE = { oldest: 247, newest: 262 } as const;
