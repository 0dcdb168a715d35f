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
}

/** Oldest and newest systemd whose behaviour is known. */
export const SYSTEMD_RANGE = { oldest: 247, newest: 262 } as const;
