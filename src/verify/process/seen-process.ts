import type { MountTree } from '../../formats/mount-tree.js';

/** A process as the kernel shows it. A thread that has left for other namespaces is one more. */
export interface SeenProcess {
  readonly pid: number;
  /** The thread whose namespaces these are. */
  readonly tid: number;
  /** The name that the process gives itself: not to be trusted. */
  readonly name: string;
  readonly parent: number;
  /** The start in microseconds since boot, which tells processes with one ID apart. */
  readonly started: number;
  /** The status of each thread (proc_pid_status(5)). */
  readonly threads: readonly ReadonlyMap<string, string>[];
  /** The hard limits by their names (proc_pid_limits(5)); undefined for no limit. */
  readonly limits: ReadonlyMap<string, bigint | undefined>;
  /** Namespaces by their names, `net` as `net:[4026531840]` (namespaces(7)); none where no directive asks. */
  readonly namespaces: ReadonlyMap<string, string>;
}

/** The file system as a mount namespace has it. */
export interface View {
  readonly tree: MountTree;
  /** Paths without links by the paths that lead there; a missing one leads to nothing. */
  readonly paths: ReadonlyMap<string, string>;
  /** Whether the links are the host's, since nobody may follow those of the namespace. */
  readonly isGuessed: boolean;
}

/** A thread's set of capabilities, as `CapBnd` of its status. */
export const capabilities = (thread: ReadonlyMap<string, string>, set: string): bigint => {
  const text = thread.get(set) ?? '';
  return /^[0-9a-f]{1,16}$/.test(text) ? BigInt(`0x${text}`) : 0n;
};
