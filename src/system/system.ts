import type { UnitName } from '../unit/name.js';
import type { NamespaceOf, View, Walked } from '../unit/view.js';

/** Everything that the program does to or learns from the machine goes through this interface. */
export interface System {
  /** Bytes of a regular file of at most `limit` bytes, none of /dev/null, undefined if there is no file. */
  read(path: string, options?: ReadOptions): Promise<FileContent | undefined>;
  /** Names in a directory, sorted; none if there is no such directory. */
  list(directory: string): Promise<string[]>;
  /** Where the links in a directory lead, as written, by name; none if there is no such directory. */
  links(directory: string): Promise<ReadonlyMap<string, string>>;
  /** When a directory, or a link that it is, was last moved, or changed in what is in it: ms since 1970; 0 where there is none. */
  moved(directory: string): Promise<number>;
  /** Follows a path as somebody sees it (default: the host), and looks whether all on the way is root's alone. */
  walk(path: string, from?: View | NamespaceOf): Promise<Walked>;
  /** Puts a file in place, whole or not at all, and durable; makes its directory. */
  replace(path: string, content: Uint8Array, options: WriteOptions): Promise<void>;
  /** Removes a file, and the folders above it that are left empty. */
  remove(path: string, options?: PlaceOptions): Promise<void>;
  /**
   * The kernel's own log, the oldest record first; undefined where it can't be read.
   * @param limit most bytes that are read; what comes then is left out
   */
  kernelLog(limit: number): Promise<KernelLog | undefined>;
  /** When the machine was booted by its clock as it is set, in milliseconds since 1970, to 10 ms. */
  booted(): Promise<number>;
  /** Runs a program to its end. */
  run(argv: readonly string[], options?: RunOptions): Promise<ProcessResult>;
  /** Starts a program that says a line when it is ready, and ends when its standard input does. */
  start(argv: readonly string[], options?: Pick<RunOptions, 'limit'>): Promise<Running>;
  /**
   * Takes a lock, which is let go by what is returned, or when this program ends.
   * @param wait how long others may keep it, in seconds; undefined where one has it all the time
   */
  lock(path: string, wait: number): Promise<(() => void) | undefined>;
  /** What the service manager says of itself. */
  manager(): Promise<ManagerFacts>;
  /** All properties of a service, as the bus has them. */
  unit(name: string): Promise<UnitProperties>;
  /** Those that units of any type have, and of a slice or a socket unit its own. */
  anyUnit(name: string): Promise<UnitProperties>;
  /** Names of the loaded instances of a template, those that don't run among them, sorted. */
  instances(template: UnitName): Promise<string[]>;
  /** Makes the manager read its unit files again. */
  reload(): Promise<void>;
  /** Listens to units from here on; what was heard of them before is forgotten. */
  watch(units: readonly string[]): Promise<void>;
  /** What was heard of a unit; undefined of one that isn't listened to. */
  heard(unit: string): Promise<Heard | undefined>;
  /**
   * Restarts a unit, and waits for the result of the job: `done`.
   * @param how `if-up`: one that is down stays so, which is `done`, too
   */
  restart(unit: string, how?: 'if-up'): Promise<string>;
  /**
   * The same for the start of a unit that doesn't run.
   * @param starts units that it may start in turn: none of theirs counts against their limit, either
   */
  startUnit(unit: string, starts?: readonly string[]): Promise<string>;
  /**
   * Lets time pass, in milliseconds.
   * @param isOver asked now and then: ends it early
   */
  wait(milliseconds: number, isOver?: () => Promise<boolean>): Promise<void>;
}

/** What became of a unit that was listened to. */
export interface Heard {
  /** It went down by a job, the last that it had, which somebody else has asked for, or what it depends on has caused. */
  readonly stopped: boolean;
  /** It failed with no job under way, since this program has last asked for one. */
  readonly failed: boolean;
}

export interface ReadOptions {
  /** Largest size accepted, in bytes (default 1 MiB). */
  readonly limit?: number;
  /** As root: refuse what others than root could have written. */
  readonly trusted?: boolean;
  /** Read no more than the first `limit` bytes of a larger file. */
  readonly head?: boolean;
}

export interface PlaceOptions {
  /** The folders on the way may be others', since it isn't the running system that is changed. */
  readonly foreign?: boolean;
}

export interface WriteOptions extends PlaceOptions {
  /** Permission bits. */
  readonly mode: number;
  /** When it shall count as written, in milliseconds since 1970 (default: now). */
  readonly modified?: number | undefined;
}

export interface FileContent {
  readonly bytes: Uint8Array;
  /** Permission bits, setuid included. */
  readonly mode: number;
  /** When it was written, in milliseconds since 1970. */
  readonly modified: number;
  /** When it was last written, given to others, or put where it is: nobody can set that back. */
  readonly changed: number;
}

export interface KernelLog {
  /** As /dev/kmsg gives each (Documentation/ABI/testing/dev-kmsg): what can't be printed is escaped. */
  readonly records: readonly string[];
  /** Whether none was left out. */
  readonly isWhole: boolean;
}

export interface RunOptions {
  readonly timeout?: number;
  /** Most bytes of output kept (default 1 MiB); a program that prints more is ended. */
  readonly limit?: number;
}

export interface ProcessResult {
  /** Exit status; 127 if the program could not be started, 128 + n if signal n ended it. */
  readonly status: number;
  /** It could not be started; `stderr` says why. */
  readonly unstartable?: boolean;
  /** It was ended because its time was up. */
  readonly late?: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program that runs meanwhile. */
export interface Running {
  /** Whether it has said its line; else it has ended. */
  readonly ready: boolean;
  /** Ends its standard input, and waits for its end; it is ended itself where that takes long. */
  stop(): Promise<ProcessResult>;
}

export interface ManagerFacts {
  /** As `systemctl --version` has it: `257.13-1~deb13u1`. */
  readonly version: string;
  /** systemd's name of the machine: `x86-64`. */
  readonly architecture: string;
  /** What it was built with: `+SECCOMP -SMACK …`; undefined where it doesn't run. */
  readonly features: string | undefined;
  /** When it was started, in microseconds since 1970; undefined where it doesn't run. */
  readonly started: bigint | undefined;
  /** Its own control group, that of its units: empty for the root; undefined where it doesn't run. */
  readonly controlGroup: string | undefined;
  /** Where it looks for unit files and drop-ins, the first first; undefined where it doesn't run. */
  readonly unitPath: readonly string[] | undefined;
}

/** Property values by name; 64-bit numbers are bigint, structs are arrays. */
export type UnitProperties = ReadonlyMap<string, unknown>;

/** Whether the last start of a unit was skipped, since its conditions didn't hold. */
export const isSkipped = (state: UnitProperties): boolean =>
  Number(state.get('ConditionTimestamp')) !== 0 && state.get('ConditionResult') === false;
