/** A caller that waits for the end of a unit's job. */
interface Waiting {
  readonly unit: string;
  readonly resolve: (result: string) => void;
  readonly reject: (cause: unknown) => void;
}

/** Jobs by their paths, and their results. A job may end before the call that queued it is answered. */
export class Jobs {
  readonly #results = new Map<string, string>();
  readonly #waiting = new Map<string, Waiting>();

  /** The result of a job, once it has one: `done`. */
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

  /** The jobs that callers wait for, with their units, except some. */
  waitedFor(others: ReadonlySet<unknown>): (readonly [job: string, unit: string])[] {
    return [...this.#waiting].filter(([job]) => !others.has(job)).map(([job, { unit }]) => [job, unit]);
  }

  /** Rejects all waits: the results of these jobs will never be known. */
  giveUp(cause: unknown) {
    for (const { reject } of this.#waiting.values()) reject(cause);
    this.#waiting.clear();
  }
}
