import type { Heard } from '../system.js';

interface Job {
  readonly path: string;
  /** `stop`, `restart`, `start`; undefined where it was over before it could be asked. */
  type: unknown;
}

/** The end of a job of a unit. */
interface JobEnd {
  readonly job: Job;
  /** Whether the unit was down by then. */
  readonly isDown: boolean;
  /** Whether it had begun to start in between. */
  readonly hasBegun: boolean;
}

/** Whether a unit was stopped by a job. A start that leaves it down, since it is skipped, isn't a stop. */
const isStop = ({ job: { type }, isDown, hasBegun }: JobEnd): boolean =>
  isDown && (type === undefined ? !hasBegun : type === 'stop');

interface Watched {
  /** As it was said last; undefined where it hasn't changed. */
  state: string | undefined;
  /** Whether it has begun to start since its last job was asked for. */
  hasBegun: boolean;
  /** Jobs that are under way, and were asked for since it is listened to. */
  readonly jobs: Map<string, Job>;
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
    this.#units.set(unit, { state: undefined, hasBegun: false, jobs: new Map(), ends: [], hasFailed: false });
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

  /** @param isSkipped whether its last start was, by a condition */
  onState(unit: string, state: string, isSkipped = false) {
    const watched = this.#units.get(unit);
    if (!watched) return;
    watched.state = state;
    if (state === 'activating' || isSkipped) watched.hasBegun = true;
    if (state === 'failed' && watched.jobs.size === 0) watched.hasFailed = true;
  }

  /** @param ask finds the job's type */
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

  /** Signals have been missed: which jobs are under way isn't known. */
  forgetJobs() {
    for (const { jobs } of this.#units.values()) jobs.clear();
  }

  /** Undefined of a unit that isn't listened to. */
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
