import type { UnitProperty } from '../../unit/unit-property.js';
import type { PseudoTerminal } from '../pseudo-terminal.js';
import type { UnitState } from '../unit-state.js';

/** Transient units, which exist from their start to their end. */
export interface TransientUnits {
  /**
   * Lets properties carry open files, `h`. Must be called before anything is asked of the manager.
   * @param sender path of send-descriptors
   */
  passDescriptors(sender: string): void;
  /**
   * Creates a unit, and queues its start.
   * @throws UserError `access-denied`, `manager-refused`
   */
  start(unit: string, properties: readonly UnitProperty[]): Promise<StartedUnit>;
}

/** A transient unit that was started. */
export interface StartedUnit {
  /** The result of the start job, once it has one: `done`. */
  job(): Promise<string>;
  /** Settles when the unit is starting, or has ended already. */
  underway(): Promise<void>;
  /** The unit's invocation ID in hex; undefined while it isn't known. */
  invocation(): string | undefined;
  /**
   * Waits until the unit has stopped or failed and has no job.
   * @returns the unit with the properties that show how it has ended
   * @throws UserError `unit-gone`, `bus-lost` where that can't be found out
   */
  end(): Promise<UnitState>;
  /** The unit as end() gives it, at this moment. */
  state(): Promise<UnitState>;
  /** Queues the stop of the unit, without waiting for it. */
  stop(): Promise<void>;
}

/** Held signals that ask this program to end. */
export interface Interrupts {
  /** The next signal. */
  next(): Promise<Interrupt>;
  /** Lets signals end the program again. */
  release(): void;
}

export interface Interrupt {
  readonly name: string;
  readonly number: number;
}

/** The caller of the program: its directory, environment and terminals. */
export interface Caller {
  /** The working directory; undefined if it has been removed. */
  readonly directory: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The reason why the caller may not execute a file; undefined if it may. */
  readonly whyNotExecutable: (path: string) => string | undefined;
  /** Writes a line for the user at once. */
  readonly tell: (line: string) => void;
  /** Runs a step; if it takes long, a line is written for the user. */
  readonly tellIfLong: <T>(line: string, step: () => Promise<T>) => Promise<T>;
  readonly interrupts: () => Interrupts;
  /** Whether standard input, output and error are terminals. */
  readonly terminals: () => Promise<readonly boolean[]>;
  /**
   * Opens a pseudo-terminal.
   * @param relay path of pty-relay
   * @throws UserError `no-terminal`
   */
  readonly openTerminal: (relay: string) => Promise<PseudoTerminal>;
}
