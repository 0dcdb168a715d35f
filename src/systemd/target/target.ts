import type { Machine } from '../../seccomp/syscalls/abi.js';
import type { SyscallSets } from '../../seccomp/syscalls/sets.js';
import type { Mount } from '../formats/mount-info.js';
import type { Scope } from '../unit/search.js';
import type { Abilities } from './abilities.js';

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
  /** Libraries of the programs of all Exec lines, by the programs; undefined where they don't matter to the policy. */
  readonly libraries?: ReadonlyMap<string, readonly string[]> | undefined;
}

/** The oldest and the newest major version of systemd whose behaviour is known. */
export const SYSTEMD_RANGE = { oldest: 247, newest: 262 } as const;
