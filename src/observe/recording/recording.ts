/**
 * The phases of a service's life, in their order: until it is up, at work, in a reload, from its stop on. A policy's phase `ready`
 * is all of them but the first.
 */
export const LIFE_PHASES = ['start', 'serving', 'reload', 'stop'] as const;
export type LifePhase = (typeof LIFE_PHASES)[number];

/** The host of a watch. */
export interface RecordedHost {
  readonly name: string;
  /** A hash of the machine's ID that tells hosts apart, and is no use for anything else: machine-id(5). */
  readonly id: string;
  /** As `uname -r` prints it. */
  readonly kernel: string;
  /** As `systemctl --version` prints it. */
  readonly systemd: string;
  /** systemd's name: `x86-64`. */
  readonly architecture: string;
  /** As `glibc 2.36`; null where the main program has none that is known. */
  readonly libc: string | null;
}

/** A program that a service has executed. */
export interface RecordedProgram {
  /** As the kernel executed it: of a script the interpreter. */
  readonly path: string;
  /** SHA-256 of its content, in hex; null where it could not be read. */
  readonly hash: string | null;
  /** Phases in which it was executed. */
  readonly phases: readonly LifePhase[];
}

/** A system call that a service has made. */
export interface RecordedCall {
  /** The ABI by systemd's name: `x86-64`, `x86`, `x32`, `arm64`, `arm`. */
  readonly architecture: string;
  readonly number: number;
  /** Null for a number that no table knows. */
  readonly name: string | null;
  /** May be a few too low; never zero for a call that was made. */
  readonly count: number;
  /** Seconds since the begin of the watch. */
  readonly first: number;
  readonly last: number;
  /** The number of time slices in which it was made. */
  readonly slices: number;
  /** Phases in which it was made, with their counts. */
  readonly phases: Readonly<Partial<Record<LifePhase, number>>>;
  /** Indices into the programs of the recording. */
  readonly programs: readonly number[];
  /**
   * Phases in which it was made once the service was ready, by a process that `[ready]` would hold: not by a command that
   * the manager starts for a reload or a stop.
   */
  readonly onceReady: readonly LifePhase[];
}

/** A call that a filter has refused: it returned without having begun, or ended its process by SIGSYS. */
export interface RefusedCall {
  readonly architecture: string;
  readonly number: number;
  readonly name: string | null;
  /** The errno that it got, by number; `kill` for SIGSYS. */
  readonly answer: number | 'kill';
  readonly count: number;
  readonly programs: readonly number[];
}

/** The distinct values of an argument, or of two. */
export interface RecordedArguments {
  readonly architecture: string;
  readonly name: string;
  /** Which arguments of the call, from 0 on. */
  readonly arguments: readonly number[];
  /** Of each: as many numbers, not negative. Decimal strings, since they may have 64 bits. */
  readonly values: readonly (readonly string[])[];
  readonly phases: readonly LifePhase[];
  /** Values that had no room. */
  readonly lost: number;
}

/** The uses of a path. */
export const PATH_USES = [
  'read',
  'write',
  'execute',
  'map-executable',
  /** A file was made in this directory. */
  'create-in',
  /** An entry of this directory was made, renamed or removed. */
  'change-directory',
  /** It was changed without being written to, or a call has asked whether it may be written (access(2)). */
  'change-attribute',
  /** It was looked at; or it was the name by which a file was found that is elsewhere, by a symbolic link. */
  'stat',
  /** Became the working directory or the root. */
  'enter',
  /** Opened with O_PATH. */
  'reference',
  'failed',
] as const;
export type PathUse = (typeof PATH_USES)[number];

export interface RecordedPath {
  /** As the service sees it, absolute. */
  readonly path: string;
  readonly use: PathUse;
  readonly phases: readonly LifePhase[];
  readonly count: number;
  /** The errno of a use that failed, by number. */
  readonly errno?: number;
  /** `char 1:3` or `block 8:0`. */
  readonly device?: string;
  /** Whether the path was too long, and is the end of the true one. */
  readonly cut?: boolean;
}

/** An address that a service has bound, or dealt with. */
export interface RecordedPeer {
  readonly use: 'bind' | 'connect' | 'send' | 'receive' | 'accept';
  /** The address family and the socket's type, by number. */
  readonly family: number;
  readonly type: number;
  /** An IP address, or a UNIX socket's absolute path (`@name` for an abstract one); empty for other families. */
  readonly address: string;
  /** Null where there is none, or where it would only be the peer's own choice. */
  readonly port: number | null;
  readonly count: number;
  readonly errno?: number;
}

/** A capability that the kernel asked for in a call. */
export interface RecordedCapability {
  /** As `CAP_NET_ADMIN`. */
  readonly name: string;
  readonly granted: boolean;
  readonly count: number;
  /** Names of the calls that asked. */
  readonly calls: readonly string[];
}

/** Something that took place in a watch, for the checklist. */
export interface RecordedEvent {
  readonly what: 'start' | 'serving' | 'reload' | 'stop' | 'log-rotation' | 'exercise' | 'command';
  /** Seconds since the begin of the watch. */
  readonly at: number;
  /** Of a command: the line of the unit, as `ExecStartPre=/usr/sbin/nginx -t`. */
  readonly line?: string;
}

/** One watch of one unit on one host. */
export interface Recording {
  readonly version: 2;
  /** An instance has its own name. */
  readonly unit: string;
  readonly scope: 'system' | 'user';
  readonly host: RecordedHost;
  /** ISO 8601, UTC. */
  readonly begin: string;
  readonly end: string;
  /** Whether the watch ended early, so that its last calls are missing. */
  readonly truncated: boolean;
  /** The length of a time slice in seconds, and the number of slices. */
  readonly slice: number;
  readonly slices: number;
  /** How often the control group was made. */
  readonly lives: number;
  readonly events: readonly RecordedEvent[];
  readonly programs: readonly RecordedProgram[];
  readonly calls: readonly RecordedCall[];
  readonly refused: readonly RefusedCall[];
  readonly arguments: readonly RecordedArguments[];
  readonly paths: readonly RecordedPath[];
  readonly peers: readonly RecordedPeer[];
  readonly capabilities: readonly RecordedCapability[];
  /** Flags of clone(2) with which processes were made, each as a decimal number. */
  readonly forkFlags: readonly number[];
  /**
   * Modes of created files, directories, nodes, and UNIX sockets, permission bits as decimal numbers: with the umask taken
   * away, and with set-user-ID and set-group-ID bits where a call asked for them, which mkdir(2) ignores.
   */
  readonly modes: readonly number[];
  /** Operations of io_uring, by their numbers: enum io_uring_op of linux/io_uring.h. */
  readonly ringOperations: readonly number[];
  /** Records that had no room or were missed, by table; a table without losses isn't there. */
  readonly lost: Readonly<Record<string, number>>;
  /** Kinds of evidence that this kernel can't give: `capabilities`. */
  readonly blind: readonly string[];
}
