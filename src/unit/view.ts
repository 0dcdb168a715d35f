/** How the processes of a unit see files: which folder of the host is where. */

/** A folder or file of the host that is mounted at another place. */
export interface Bind {
  readonly source: string;
  readonly destination: string;
  /** The directive that says so. */
  readonly by: string;
}

/** The host's files as RootDirectory=, BindPaths= and BindReadOnlyPaths= rearrange them. */
export interface View {
  /** The folder that is the root; `/` where it is the host's. */
  readonly root: string;
  readonly binds: readonly Bind[];
}

/** The host's files, as they are. */
export const HOST: View = { root: '/', binds: [] };

/** A process, whose mount namespace is looked at from its root on, wherever the process has its own by now. */
export interface NamespaceOf {
  readonly process: number;
}

/** Something on the way to a path that others than root can change, and why they can. */
export interface Untrusted {
  /** Its path, as the host has it; of another mount namespace as that has it. */
  readonly path: string;
  /** `belongs to user 1000`, `can be written by others`, `is a link of user 1000`. */
  readonly why: string;
  /** The directive by which the way goes there; undefined where it is the host's own. */
  readonly by?: string | undefined;
}

/** Where a path leads. */
export interface Walked {
  /** The path by which the host has it, without links in it; undefined where there is nothing, or of a mount namespace. */
  readonly real: string | undefined;
  /** All on the way that isn't root's alone, each once. */
  readonly untrusted: readonly Untrusted[];
  /** The file of a mount namespace, where nothing on the way is another's. */
  readonly content?: Uint8Array | undefined;
  /** Whether a process has ended, or is in a user namespace of its own: what it sees isn't looked at. */
  readonly isUnseen?: true;
}
