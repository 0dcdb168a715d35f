/** Who waits for the end of a job of a unit. */
interface Waiting {
  readonly unit: string;
  readonly resolve: (result: string) => void;
  readonly reject: (cause: unknown) => void;
}

/** Jobs by their paths, and what has come of them. One may end before the call that queued it is answered. */
export class Jobs {
  readonly #results = new Map<string, string>();
  readonly #waiting = new Map<string, Waiting>();

  /** The result of a job, when it has one: `done`. */
  async resultOf(job: string, unit: string): Promise<string> {
    const result = this.#results.get(job);
    if (result !== undefined) return result;
    return new Promise((resolve, reject) => this.#waiting.set(job, { unit, resolve, reject }));
  }

  end(job: string, result: string) {
    this.#results.set(job, result);
    this.#waiting.get(job)?.resolve(result);
    this.#waiting.delete(job);
  }

  /** Those that are waited for, and their units, but for some. */
  waitedFor(others: ReadonlySet<unknown>): (readonly [job: string, unit: string])[] {
    return [...this.#waiting].filter(([job]) => !others.has(job)).map(([job, { unit }]) => [job, unit]);
  }

  /** Nobody will say what comes of those that are waited for. */
  giveUp(cause: unknown) {
    for (const { reject } of this.#waiting.values()) reject(cause);
    this.#waiting.clear();
  }
}
