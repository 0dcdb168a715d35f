import type { UnitProperty } from '../../unit/unit-property.js';
import type { PseudoTerminal } from '../pseudo-terminal.js';
import type { UnitProperties } from '../system.js';

/** Units that are made when they are started, and gone when they have ended. */
export interface TransientUnits {
  /** Lets properties have open files, `h`. To be called before anything is asked of the manager. @param sender path of send-descriptors */
  passDescriptors(sender: string): void;
  /**
   * Makes a unit and queues its start.
   * @throws UserError `access-denied`, `manager-refused`
   */
  start(unit: string, properties: readonly UnitProperty[]): Promise<StartedUnit>;
}

/** A unit of ours that was started. */
export interface StartedUnit {
  /** The result of the job that starts it, when it has one: `done`. */
  job(): Promise<string>;
  /** Settles when the start is under way, or over. */
  underway(): Promise<void>;
  /** What tells this run of the unit from others, in hex; undefined where nobody has said yet. */
  invocation(): string | undefined;
  /**
   * What tells how the unit ended, when it has stopped or failed and nothing is to come.
   * @throws UserError `unit-gone`, `bus-lost` where that can't be told any more
   */
  end(): Promise<UnitProperties>;
  /** The same properties as they are. */
  properties(): Promise<UnitProperties>;
  /** Has it stopped; doesn't wait for it. */
  stop(): Promise<void>;
}

/** Signals that ask this program to end, held up. */
export interface Interrupts {
  /** The next one: its name, and its number. */
  next(): Promise<Interrupt>;
  /** From now on they end the program again. */
  release(): void;
}

export interface Interrupt {
  readonly name: string;
  readonly number: number;
}

/** What the program has from who called it. */
export interface Caller {
  /** The working directory; undefined where it is gone. */
  readonly directory: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Why it may not execute a file; undefined where it may. */
  readonly whyNotExecutable: (path: string) => string | undefined;
  /** Tells people something at once, a line. */
  readonly tell: (line: string) => void;
  /** Does something; if it takes long, people are told a line. */
  readonly tellIfLong: <T>(line: string, step: () => Promise<T>) => Promise<T>;
  readonly interrupts: () => Interrupts;
  /** Whether standard input, output and error are terminals. */
  readonly terminals: () => Promise<readonly boolean[]>;
  /** @param relay path of pty-relay; @throws UserError `no-terminal` */
  readonly openTerminal: (relay: string) => Promise<PseudoTerminal>;
}
