import type { Heard } from './system.js';

/** The end of a job of a unit. */
interface JobEnd {
  readonly job: string;
  /** Whether the unit was stopped by it. */
  readonly isStop: boolean;
}

interface Watched {
  /** As it was said last; undefined where it hasn't changed. */
  state: string | undefined;
  /** Whether it has begun to start since its last job was asked for. */
  hasBegun: boolean;
  /** Jobs that are under way, and were asked for since it is listened to. */
  readonly jobs: Set<string>;
  readonly ends: JobEnd[];
  hasFailed: boolean;
}

const DOWN: ReadonlySet<string | undefined> = new Set(['inactive', 'failed']);

/**
 * What becomes of units, by the manager's signals. It says a new job before it begins with it, and what a unit has come to
 * before the job that has made it so is done.
 */
export class HeardUnits {
  readonly #units = new Map<string, Watched>();
  readonly #own = new Set<string>();

  /** Listens to a unit; one that is listened to already is begun with anew. */
  watch(unit: string) {
    this.#units.set(unit, { state: undefined, hasBegun: false, jobs: new Set(), ends: [], hasFailed: false });
  }

  /** A job is about to be asked for by this program: failures before are none of what comes of it. */
  expect(unit: string) {
    const watched = this.#units.get(unit);
    if (watched) watched.hasFailed = false;
  }

  /** @param job the path of a job that this program has asked for */
  own(job: string) {
    this.#own.add(job);
  }

  onState(unit: string, state: string) {
    const watched = this.#units.get(unit);
    if (!watched) return;
    watched.state = state;
    if (state === 'activating') watched.hasBegun = true;
    if (state === 'failed' && watched.jobs.size === 0) watched.hasFailed = true;
  }

  onNewJob(job: string, unit: string) {
    const watched = this.#units.get(unit);
    if (!watched) return;
    watched.jobs.add(job);
    watched.hasBegun = false;
  }

  onEndOfJob(job: string, unit: string, result: string) {
    const watched = this.#units.get(unit);
    const isNew = watched?.jobs.delete(job) ?? false;
    if (!watched || !isNew || result !== 'done') return;
    // A start that leaves it down, as of what ExecCondition= skips, isn't a stop.
    watched.ends.push({ job, isStop: DOWN.has(watched.state) && !watched.hasBegun });
  }

  /** Signals have been missed: which jobs are under way isn't known. */
  forgetJobs() {
    for (const { jobs } of this.#units.values()) jobs.clear();
  }

  /** Undefined of a unit that isn't listened to. */
  heard(unit: string): Heard | undefined {
    const watched = this.#units.get(unit);
    if (!watched) return undefined;
    let stopped = false;
    for (const { job, isStop } of watched.ends) {
      if (!this.#own.has(job)) stopped = isStop;
      else if (!isStop) stopped = false;
    }
    return { stopped, failed: watched.hasFailed };
  }
}
