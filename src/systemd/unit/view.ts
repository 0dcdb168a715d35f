/** The file tree that the processes of a unit see. */

/** A folder or file of the host that is mounted at another place. */
export interface Bind {
  readonly source: string;
  readonly destination: string;
  /** The directive that mounts it. */
  readonly by: string;
}

/** The host's file tree as RootDirectory=, BindPaths= and BindReadOnlyPaths= rearrange it. */
export interface RootView {
  /** The folder that is the root; `/` for the host's own. */
  readonly root: string;
  readonly binds: readonly Bind[];
}

/** The host's own file tree. */
export const HOST: RootView = { root: '/', binds: [] };

/**
 * A mount namespace, named by one of its processes. Paths start at the namespace's own root, even if the process has
 * another one.
 */
export interface NamespaceOf {
  readonly process: number;
}

/** A file, folder or link on the way to a path that others than root can change. */
export interface Untrusted {
  /** The path on the host, or in the mount namespace that is walked. */
  readonly path: string;
  /** The reason: `belongs to user 1000`, `can be written by others`, `is a link of user 1000`. */
  readonly why: string;
  /** The directive by which the path leads there; undefined on the host's own way. */
  readonly by?: string | undefined;
}

/** The result of following a path. */
export interface Walked {
  /** The path without links, on the host or in the mount namespace; undefined where nothing is there. */
  readonly real: string | undefined;
  /** Everything on the way that others than root can change, each once. */
  readonly untrusted: readonly Untrusted[];
  /** The file's content, in a mount namespace where only root can change anything on the way. */
  readonly content?: Uint8Array | undefined;
  /** Set where a regular file or a socket is at the end. */
  readonly isFile?: true | undefined;
}
