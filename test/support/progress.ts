/** A run of test files while it lasts: how many are done, which run, what has failed. */
import { Names, type TestEvent } from './tally.js';

export interface ProgressOptions {
  /** How many files are run. */
  readonly files: number;
  /** A file's name as it is shown. */
  readonly shown: (file: string) => string;
  /** Skipped tests count as failed. */
  readonly strict: boolean;
  /** Where the progress goes. */
  readonly write: (text: string) => void;
  /** The terminal's width in characters; undefined where there is no terminal. */
  readonly columns: () => number | undefined;
  /** A clock, in milliseconds. */
  readonly now: () => number;
}

/** Goes to the line's start and clears it (console_codes(4)). */
const CLEAR = '\r\x1b[K';

/**
 * Names each failed test at once. Beside that a terminal has one line that changes with every file, and each tick();
 * elsewhere each tick() prints a line.
 */
export class Progress {
  readonly #options: ProgressOptions;
  readonly #start: number;
  readonly #running = new Set<string>();
  readonly #names = new Map<string, Names>();
  #done = 0;
  #failed = 0;

  constructor(options: ProgressOptions) {
    this.#options = options;
    this.#start = options.now();
  }

  add({ type, data }: TestEvent): void {
    if (data.file === undefined) return;
    const itself = data.name === data.file;
    const names = this.#names.get(data.file) ?? new Names();
    this.#names.set(data.file, names);
    if (type === 'test:dequeue' && !itself) names.begin(data);
    if (type === 'test:dequeue' && itself) this.#running.add(data.file);
    if (type === 'test:complete' && itself && this.#running.delete(data.file)) this.#done += 1;
    const failed = type === 'test:complete' && this.#isFailure(data);
    if (failed) this.#fail(data.file, itself ? '(file)' : names.of(data));
    if (failed || itself) this.#redraw();
  }

  /** Prints how far the run is, the time among it. */
  tick(): void {
    if (this.#options.columns() === undefined) this.#options.write(`${this.#line()}\n`);
    else this.#redraw();
  }

  /** Takes the line off the terminal. */
  end(): void {
    if (this.#options.columns() !== undefined) this.#options.write(CLEAR);
  }

  #isFailure({ details, skip }: TestEvent['data']): boolean {
    if (this.#options.strict && skip !== undefined && skip !== false) return true;
    const { failureType } = (details?.error ?? {}) as { failureType?: string };
    return details?.passed === false && failureType !== 'subtestsFailed';
  }

  #fail(file: string, name: string): void {
    this.#failed += 1;
    this.end();
    this.#options.write(`failed: ${this.#options.shown(file)}: ${name}\n`);
  }

  #redraw(): void {
    const columns = this.#options.columns();
    if (columns !== undefined) this.#options.write(`${CLEAR}${cut(this.#line(), columns - 1)}`);
  }

  #line(): string {
    const seconds = Math.floor((this.#options.now() - this.#start) / 1000);
    const time = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
    const failed = this.#failed === 0 ? '' : `, ${this.#failed} failed`;
    const running = [...this.#running].map((file) => short(this.#options.shown(file))).join(', ');
    return `${time} ${this.#done} of ${this.#options.files} files${failed}${running && `; running: ${running}`}`;
  }
}

const short = (path: string): string => path.replace(/^test\//, '').replace(/\.test\.ts$/, '');

const cut = (text: string, most: number): string =>
  text.length > most ? `${text.slice(0, Math.max(0, most - 1))}…` : text;
