import type { Endpoint } from '../policy/probe.js';
import type { UnitName } from '../systemd/unit/name.js';
import type { NamespaceOf, RootView, Walked } from '../systemd/unit/view.js';
import type { UnitState } from './unit-state.js';

/** The interface through which the program changes the machine, and learns about it. */
export interface System {
  /** Reads a regular file of at most `limit` bytes; /dev/null is empty. Undefined if there is no file. */
  read(path: string, options?: ReadOptions): Promise<FileContent | undefined>;
  /** The names in a directory, sorted; empty if there is no such directory. */
  list(directory: string): Promise<string[]>;
  /** The targets of a directory's links as written, by the link's name; empty if there is no such directory. */
  links(directory: string): Promise<ReadonlyMap<string, string>>;
  /** Follows a path as seen from `from` (default: the host), and finds all on the way that isn't root's alone. */
  walk(path: string, from?: RootView | NamespaceOf): Promise<Walked>;
  /**
   * Follows paths in a process's mount namespace. Undefined where nothing is looked at, because the process has ended or is in a
   * user namespace of its own.
   */
  walkIn(process: number, paths: readonly string[]): Promise<ReadonlyMap<string, Walked> | undefined>;
  /** Writes a file durably, whole or not at all, and makes its directory. */
  replace(path: string, content: Uint8Array, options: WriteOptions): Promise<void>;
  /**
   * Finds out whether replace() could write files in a folder, and changes nothing.
   * @param make whether a folder that isn't there may be made; else it is an error
   */
  assertWritable(directory: string, options?: { readonly make?: boolean }): Promise<void>;
  /** Removes a file, and the folders above it that were made for such files and are empty. */
  remove(path: string, options?: RemoveOptions): Promise<void>;
  /** The time since the machine's boot, sleep included, in milliseconds, to 10 ms: it can't be set. */
  uptime(): number;
  /** The present time, in milliseconds since 1970. */
  now(): number;
  /** Runs a program and waits for its end. */
  run(argv: readonly string[], options?: RunProgramOptions): Promise<ProcessResult>;
  /**
   * Tries an endpoint once.
   * @param timeout most milliseconds for it
   * @returns the reason why it doesn't answer; undefined if it does
   */
  reach(endpoint: Endpoint, timeout: number): Promise<string | undefined>;
  /** Starts a program that reads and writes lines until its standard input ends. */
  lineChild(argv: readonly string[]): Promise<LineChild>;
  /**
   * Takes a lock.
   * @param wait seconds for which another process may still hold it
   * @returns a function that releases the lock, as the end of this program does; undefined if another process held it
   *   all the time
   */
  lock(path: string, wait: number): Promise<(() => void) | undefined>;
  /** The service manager's facts. */
  manager(): Promise<ManagerFacts>;
  /** A service. */
  unit(name: string): Promise<UnitState>;
  /** A unit of any type, with the properties that all types have; a scope, slice or socket also with its own. */
  anyUnit(name: string): Promise<UnitState>;
  /** The names of a template's loaded instances, sorted; they need not run. */
  instances(template: UnitName): Promise<string[]>;
  /** The names of all loaded services, sorted; they need not run. */
  services(): Promise<string[]>;
  /** Makes the manager reload its unit files. */
  reload(): Promise<void>;
  /** Whether a unit may have changed since the last question; to the first one the answer is yes. */
  changed(unit: string): Promise<boolean>;
  /**
   * Restarts a unit.
   * @param how `if-up`: a unit that is down stays down, and the result is `done`
   * @param queued gets the jobs of other units that the manager has queued along with it, before their ends
   * @returns the result of the job: `done`
   */
  restart(
    unit: string,
    how?: 'if-up',
    queued?: (others: readonly OtherJob[]) => Promise<void>,
  ): Promise<string>;
  /**
   * Starts a unit that is down.
   * @param starts units that it may start in turn: their earlier starts don't count against their limits, either
   * @returns the result of the job: `done`
   */
  startUnit(unit: string, starts?: readonly string[]): Promise<string>;
  /**
   * Reloads a service that can be (CanReload).
   * @returns the result of the job: `done`
   */
  reloadUnit(unit: string): Promise<string>;
  /**
   * Stops a unit.
   * @returns the result of the job: `done`
   */
  stopUnit(unit: string): Promise<string>;
  /**
   * Waits for a time, in milliseconds.
   * @param isOver asked now and then; true ends the wait early
   */
  wait(milliseconds: number, isOver?: () => Promise<boolean>): Promise<void>;
  /** Sets an alarm that rings after a time, in milliseconds, while other things are done. */
  alarm(milliseconds: number): Alarm;
  /** Waits for a time, in milliseconds, or until a unit that changed() was asked about enters another state. */
  waitForState(milliseconds: number): Promise<void>;
}

export interface Alarm {
  /** Resolves when it rings; never once it is stopped. */
  readonly rung: Promise<void>;
  stop(): void;
}

/** The job of a unit that a job of another unit has caused. */
export interface OtherJob {
  readonly unit: string;
  /** `restart`, `stop`, `start`. */
  readonly type: string;
}

export interface ReadOptions {
  /** The largest accepted size, in bytes (default 1 MiB). */
  readonly limit?: number;
  /** Whether root refuses a file that others than root could have written. */
  readonly trusted?: boolean;
  /** Whether only `limit` bytes of a larger file are read. */
  readonly head?: boolean;
  /** Where in the file these bytes begin (default 0). */
  readonly from?: number;
}

export interface PlaceOptions {
  /** Whether the folders on the way may be others', since the running system isn't changed. */
  readonly foreign?: boolean;
}

export interface RemoveOptions extends PlaceOptions {
  /** A folder: those below it that become empty go, too, whatever they were made for. */
  readonly within?: string;
}

export interface WriteOptions extends PlaceOptions {
  /** The permission bits. */
  readonly mode: number;
  /** The modification time, in milliseconds since 1970 (default: now). */
  readonly modified?: number | undefined;
}

export interface FileContent {
  readonly bytes: Uint8Array;
  /** The permission bits, setuid included. */
  readonly mode: number;
  /** The modification time, in milliseconds since 1970. */
  readonly modified: number;
}

export interface RunProgramOptions {
  readonly timeout?: number;
  /** Most bytes of output (default 1 MiB); a program that prints more is killed. */
  readonly limit?: number;
}

export interface ProcessResult {
  /** The exit status; 127 if the program could not be started, 128 + n if signal n ended it. */
  readonly status: number;
  /** Whether the program could not be started; `stderr` has the reason. */
  readonly unstartable?: boolean;
  /** Whether it was killed because its time was up. */
  readonly late?: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/** A started program that speaks lines. */
export interface LineChild {
  /** Writes a line to its standard input. */
  send(line: string): void;
  /** The next line of its standard output; undefined when it has ended. */
  receive(): Promise<string | undefined>;
  /** Ends its standard input, and waits for its end. Status 127: it could not be started; 128: a signal ended it. */
  end(): Promise<{ readonly status: number; readonly stderr: string }>;
}

export interface ManagerFacts {
  /** The version as `systemctl --version` shows it: `257.13-1~deb13u1`. */
  readonly version: string;
  /** systemd's name of the machine: `x86-64`. */
  readonly architecture: string;
  /** The options of its build, `+SECCOMP -SMACK …`; undefined if it doesn't run. */
  readonly features: string | undefined;
  /** The time of its start, in microseconds since 1970; undefined if it doesn't run. */
  readonly started: bigint | undefined;
  /** The control group that holds its units: empty for the root; undefined if it doesn't run. */
  readonly controlGroup: string | undefined;
  /** The folders of unit files and drop-ins, in its order of preference; undefined if it doesn't run. */
  readonly unitPath: readonly string[] | undefined;
}
