import type { Heard } from '../system.js';

interface Job {
  readonly path: string;
  /** The type, `stop`, `restart`, `start`; undefined if the job was over before it could be asked. */
  type: unknown;
}

/** The end of a job of a unit. */
interface JobEnd {
  readonly job: Job;
  /** Whether the unit was down when the job ended. */
  readonly isDown: boolean;
  /** Whether the unit had begun to start during the job. */
  readonly hasBegun: boolean;
}

/** Whether a job has stopped its unit. A start that leaves the unit down, because it is skipped, isn't a stop. */
const isStop = ({ job: { type }, isDown, hasBegun }: JobEnd): boolean =>
  isDown && (type === undefined ? !hasBegun : type === 'stop');

interface Watched {
  /** The latest ActiveState in a signal; undefined if there was none. */
  state: string | undefined;
  /** Whether it has begun to start since its last job was queued. */
  hasBegun: boolean;
  /** Jobs under way that were queued since watch(). */
  readonly jobs: Map<string, Job>;
  readonly ends: JobEnd[];
  hasFailed: boolean;
}

const DOWN: ReadonlySet<string | undefined> = new Set(['inactive', 'failed']);

/**
 * The events of units, by the manager's signals. The manager announces a new job before it runs it, and reports a
 * unit's new state before the end of the job that caused it.
 */
export class HeardUnits {
  readonly #units = new Map<string, Watched>();
  readonly #own = new Set<string>();

  /** Listens to a unit, and forgets its earlier events. */
  watch(unit: string) {
    this.#units.set(unit, { state: undefined, hasBegun: false, jobs: new Map(), ends: [], hasFailed: false });
  }

  /** Says that this program is about to queue a job: earlier failures aren't effects of it. */
  expect(unit: string) {
    const watched = this.#units.get(unit);
    if (watched) watched.hasFailed = false;
  }

  /**
   * Says that this program has queued a job.
   * @param job the path of the job
   */
  own(job: string) {
    this.#own.add(job);
  }

  /**
   * Takes a new ActiveState of a unit.
   * @param isSkipped whether a condition has skipped its last start
   */
  onState(unit: string, state: string, isSkipped = false) {
    const watched = this.#units.get(unit);
    if (!watched) return;
    watched.state = state;
    if (state === 'activating' || isSkipped) watched.hasBegun = true;
    if (state === 'failed' && watched.jobs.size === 0) watched.hasFailed = true;
  }

  /**
   * Takes a new job of a unit.
   * @param ask finds the job's type
   */
  onNewJob(path: string, unit: string, ask?: () => Promise<unknown>) {
    const watched = this.#units.get(unit);
    if (!watched) return;
    const job: Job = { path, type: undefined };
    watched.jobs.set(path, job);
    watched.hasBegun = false;
    const known = (type: unknown) => {
      job.type = type;
    };
    void ask?.().then(known, () => undefined);
  }

  onEndOfJob(path: string, unit: string, result: string) {
    const watched = this.#units.get(unit);
    const job = watched?.jobs.get(path);
    if (!watched || !job) return;
    watched.jobs.delete(path);
    const { state, hasBegun } = watched;
    if (result === 'done') watched.ends.push({ job, isDown: DOWN.has(state), hasBegun });
  }

  /** Listens to no unit any more, after signals may have been missed. */
  forget() {
    this.#units.clear();
    this.#own.clear();
  }

  /** The events of a unit; undefined for a unit that isn't listened to, or whose signals may have been missed. */
  heard(unit: string): Heard | undefined {
    const watched = this.#units.get(unit);
    if (!watched) return undefined;
    let stopped = false;
    for (const end of watched.ends) {
      if (!this.#own.has(end.job.path)) stopped = isStop(end);
      else if (!end.isDown) stopped = false;
    }
    return { stopped, failed: watched.hasFailed };
  }
}
