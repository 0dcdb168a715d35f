import type { Theme } from '../theme.js';
import type { PseudoTerminal } from './pseudo-terminal.js';

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

/** A line of standard input that is waited for. */
export interface AwaitedLine {
  /** The line without its end; undefined where the input ends before. */
  readonly line: Promise<string | undefined>;
  /** Ends the wait. */
  stop(): void;
}

/** Finds a further line about a step that takes long. */
export type More = () => Promise<string | undefined>;

/** The caller of the program: its directory, environment and terminals. */
export interface Caller {
  /** The working directory; undefined if it has been removed. */
  readonly directory: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The reason why the caller may not execute a file; undefined if it may. */
  readonly whyNotExecutable: (path: string) => string | undefined;
  /** The theme of text on standard output. */
  readonly theme: Theme;
  /** Writes a line for the user at once. */
  readonly tell: (line: string) => void;
  /** Runs a step; if it takes long, a line is written for the user, or shown on the terminal until its end, and a further one written. */
  readonly tellIfLong: <T>(line: string, step: () => Promise<T>, more?: More) => Promise<T>;
  /** Runs a step; if the command takes over a second, the terminal has a line about it, which may change. */
  readonly during: <T>(line: string | (() => string), step: () => Promise<T>) => Promise<T>;
  readonly interrupts: () => Interrupts;
  /** Waits for a line of standard input that is yet to be typed. */
  readonly readLine: () => AwaitedLine;
  /**
   * All of standard input, which is read once; of a larger one little more than `limit` bytes.
   * @throws UserError `usage` for a terminal, `unreadable`
   */
  readonly readInput: (limit: number) => Promise<Uint8Array>;
  /** Whether standard input, output and error are terminals. */
  readonly terminals: () => Promise<readonly boolean[]>;
  /**
   * Opens a pseudo-terminal.
   * @param relay path of pty-relay
   * @throws UserError `start-failed`
   */
  readonly openTerminal: (relay: string) => Promise<PseudoTerminal>;
}
