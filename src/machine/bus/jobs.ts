/** A promise, and the functions that settle it. */
interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (cause: unknown) => void;
}

export function deferred<T>(): Deferred<T> {
  let settle!: Omit<Deferred<T>, 'promise'>;
  const promise = new Promise<T>((resolve, reject) => {
    settle = { resolve, reject };
  });
  // Without a handler a promise that is rejected would end this program.
  promise.catch(() => undefined);
  return { promise, ...settle };
}

/** The wait for the result of a unit's job: `done`. */
interface JobWait extends Deferred<string> {
  readonly unit: string;
}

/** Jobs by their paths. A job may end before the call that queued it is answered. */
export class Jobs {
  /** Results of jobs that have ended while a call to queue one was unanswered: any of them may be that call's. */
  readonly #results = new Map<string, string>();
  readonly #waiting = new Map<string, JobWait>();
  #unanswered = 0;

  /**
   * Waits for the answer to a call that queues a job of a unit.
   * @param answer its first value is the path of the job
   */
  async queue(
    unit: string,
    answer: Promise<readonly unknown[]>,
  ): Promise<{ readonly result: Promise<string> }> {
    this.#unanswered++;
    try {
      const path = String((await answer)[0]);
      return { result: this.#resultOf(path, unit) };
    } finally {
      this.#unanswered--;
      if (this.#unanswered === 0) this.#results.clear();
    }
  }

  #resultOf(job: string, unit: string): Promise<string> {
    const ended = this.#results.get(job);
    if (ended !== undefined) return Promise.resolve(ended);
    // The manager merges a job of a unit with one that is queued already: both callers wait for the same job.
    const waiting = this.#waiting.get(job) ?? { unit, ...deferred<string>() };
    this.#waiting.set(job, waiting);
    return waiting.promise;
  }

  end(job: string, result: string) {
    if (this.#unanswered > 0) this.#results.set(job, result);
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
