/** An observer in memory: it speaks as the helper does. */
import type { LineChild } from '../../src/machine/system.js';

export interface FakeObserverOptions {
  /** The answer to `start`. */
  readonly answer?: string | undefined;
  /** Further lines after it. */
  readonly lines?: readonly string[];
  /** The answers to each `dump`; none are left: it has ended. */
  readonly dumps?: readonly (readonly string[])[];
  readonly status?: number;
  readonly stderr?: string;
}

export class FakeObserver implements LineChild {
  /** All that it was told. */
  readonly heard: string[] = [];
  readonly #options: FakeObserverOptions;
  readonly #lines: string[] = [];
  readonly #dumps: (readonly string[])[];
  #isOver = false;
  #wake: () => void = () => undefined;

  constructor(options: FakeObserverOptions = {}) {
    this.#options = options;
    this.#dumps = [...(options.dumps ?? [['{"dump":0}'], ['{"dump":0}'], ['{"dump":0}']])];
  }

  send(line: string) {
    this.heard.push(line);
    if (line === 'start') this.#start();
    if (line === 'dump') this.#dump();
    this.#wake();
  }

  #start() {
    const { answer = '{"ready":{"blind":["capabilities"]}}', lines = [] } = this.#options;
    this.#lines.push(answer, ...lines);
  }

  #dump() {
    const next = this.#dumps.shift();
    if (next) this.#lines.push(...next, '{"dumped":true}');
    else this.#isOver = true;
  }

  async receive(): Promise<string | undefined> {
    while (this.#lines.length === 0 && !this.#isOver) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#lines.shift();
  }

  get isEnded(): boolean {
    return this.#isOver;
  }

  async end() {
    this.#isOver = true;
    this.#wake();
    const { status = 0, stderr = '' } = this.#options;
    return { status, stderr };
  }
}
