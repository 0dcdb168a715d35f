import { printable } from '../diagnostic.js';
import { spanText } from '../systemd/time-span.js';
import type { More } from './caller.js';

export interface ProgressOptions {
  /** Writes to standard error at once. */
  readonly write: (text: string) => void;
  /** The width of the terminal that standard error is; 0 for none that can clear a line. */
  readonly columns: () => number;
  /** A clock, in milliseconds. */
  readonly now: () => number;
  /** Calls a function again and again, after some milliseconds each; the result stops that. */
  readonly every: (milliseconds: number, call: () => void) => () => void;
}

/** The time from which on a command has a line about what it does, and between two of them, in milliseconds. */
const PERIOD = 1000;

/** The time after which a user wants to know why a command waits, in milliseconds. */
const PATIENCE = 10_000;

/** Goes to the begin of the line, and clears it (console_codes(4)). */
const CLEAR = '\r\u001b[K';

type ProgressText = string | (() => string);

/**
 * One line about what a command does, on a terminal alone, for one that takes over a second. Lines that are written
 * stay above it, and it is gone when the command has ended.
 */
export class Progress {
  readonly #options: ProgressOptions;
  readonly #start: number;
  readonly #stop: () => void;
  /** Steps that go on, the latest last. */
  readonly #steps: { readonly line: ProgressText }[] = [];
  #isShown = false;
  #isOver = false;
  #pauses = 0;

  /** @param line the whole command; undefined if the terminal is another program's, and has no line */
  constructor(options: ProgressOptions, line: string | undefined) {
    this.#options = options;
    this.#start = options.now();
    this.#isOver = line === undefined;
    this.#stop = line === undefined ? () => undefined : options.every(PERIOD, () => this.#draw());
    if (line !== undefined) this.#steps.push({ line });
  }

  /** Runs a step, with a line about it. Between steps the line is shown at once, though nothing waits for a clock. */
  async during<T>(line: ProgressText, run: () => Promise<T>): Promise<T> {
    const step = { line };
    this.#steps.push(step);
    if (this.#isLate()) this.#draw();
    try {
      return await run();
    } finally {
      this.#steps.splice(this.#steps.indexOf(step), 1);
    }
  }

  /**
   * Runs a step, with a line about it. If the step takes long, the line is written where there is no terminal to show it on,
   * and in any case what `more` finds.
   */
  async tellIfLong<T>(line: string, run: () => Promise<T>, more?: More): Promise<T> {
    const report = () => {
      if (this.#isOver || this.#options.columns() === 0) this.tell(line);
      more?.().then(
        (text) => text !== undefined && this.tell(text),
        () => undefined,
      );
    };
    const timer = setTimeout(report, PATIENCE);
    try {
      return await this.during(line, run);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Writes a line that stays. */
  tell(line: string) {
    this.#clear();
    this.#options.write(`${line}\n`);
  }

  /** Shows nothing until the result is called: the user is asked. */
  pause(): () => void {
    this.#clear();
    this.#pauses += 1;
    let isPaused = true;
    return () => {
      if (isPaused) this.#pauses -= 1;
      isPaused = false;
    };
  }

  end() {
    this.#clear();
    this.#isOver = true;
    this.#stop();
  }

  #isLate(): boolean {
    return this.#options.now() - this.#start >= PERIOD;
  }

  #clear() {
    if (this.#isShown) this.#options.write(CLEAR);
    this.#isShown = false;
  }

  #draw() {
    if (this.#isOver || this.#pauses > 0) return;
    const width = this.#options.columns();
    if (width === 0) return;
    this.#isShown = true;
    this.#options.write(`${CLEAR}${this.#text(width - 1)}`);
  }

  /** Where it has too little room, the text is cut: time shows that something is still going on. */
  #text(width: number): string {
    // How many are done says more than what is being done to one of them.
    const { line } = this.#steps.findLast(({ line }) => typeof line !== 'string') ?? this.#steps.at(-1)!;
    const text = printable(typeof line === 'string' ? line : line()).replace(/ …$/, '');
    const time = ` … ${spanText((this.#options.now() - this.#start) / 1000)}`;
    return `${text.slice(0, Math.max(0, width - time.length))}${time}`.slice(0, width);
  }
}
