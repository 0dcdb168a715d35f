import type { ProgramFacts } from '../formats/elf.js';
import type { Mount } from '../formats/mount-info.js';
import type { Machine } from '../syscalls/abi.js';
import type { SyscallSets } from '../syscalls/sets.js';
import type { Scope } from '../unit/search.js';
import type { Abilities } from './abilities.js';

/** A program of the unit. */
export interface Program {
  readonly file: ProgramFacts;
  /** It runs as its owner or group, whoever starts it. */
  readonly setuid: boolean;
  /** The kernel would run it, as far as can be told. */
  readonly executable: boolean;
}

/** A user, with the ids that the kernel goes by. */
export interface Account {
  readonly uid: number;
  /** Of its primary group. */
  readonly gid: number;
  /** Those that list it as a member, as initgroups(3) finds them. */
  readonly groups: readonly number[];
}

/** Users and groups by their names or numbers, as they are written. */
export interface NamedAccounts {
  readonly users: readonly string[];
  readonly groups: readonly string[];
}

/** What is known of the machine that a plan is for. Never probed in the core: it is an argument. */
export interface Target {
  readonly scope: Scope;
  /** Major version of systemd: 257. */
  readonly systemd: number;
  /** As the manager says it: `257.13-1~deb13u1`. */
  readonly version: string;
  readonly machine: Machine;
  readonly sets: SyscallSets;
  /** As the administrator sees them; none where that isn't known. */
  readonly mounts: readonly Mount[];
  /** What systemd and the kernel can't do there, whatever their versions. */
  readonly abilities: Abilities;
  /** kernel.yama.ptrace_scope; 0 where there is no Yama, or nobody knows. */
  readonly ptraceScope: number;
  /** Where the launcher is, or will be, on the target. */
  readonly launcher: string;
  /** Programs of the unit's Exec lines and of the policy, by their paths or plain names; those that aren't there are left out. */
  readonly programs: ReadonlyMap<string, Program>;
  /**
   * Users that the unit and the policy name, as they name them, where the plan depends on who they are; those that
   * aren't there are left out.
   */
  readonly users: ReadonlyMap<string, Account>;
  /** The ids of groups, likewise. */
  readonly groups: ReadonlyMap<string, number>;
}

/** Oldest and newest systemd whose behaviour is known. */
export const SYSTEMD_RANGE = { oldest: 247, newest: 262 } as const;
