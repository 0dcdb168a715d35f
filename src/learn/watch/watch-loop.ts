/** The watch loop: it polls the services, saves what was seen, and restarts and reloads them. */

import { whileLocked } from '../../apply/lock.js';
import { restart } from '../../apply/restart/restart-service.js';
import { shortList } from '../../collections.js';
import { type Diagnostic, EXIT, error, hasErrors, note, UserError, warning } from '../../diagnostic.js';
import type { Context } from '../../machine/context.js';
import type { HeldSignals } from '../../machine/held-signals.js';
import { failureOf, failuresOf } from '../../machine/state/failures.js';
import type { Service } from '../../machine/state/service.js';
import { isDown } from '../../machine/unit-state.js';
import type { Observer } from '../../observe/observer.js';
import type { LifePhase, Recording } from '../../observe/recording/recording.js';
import type { Machine } from '../../seccomp/syscalls/abi.js';
import { spanText } from '../../systemd/time-span.js';
import { SavedRecording } from './saved-recording.js';
import type { WatchLock } from './under-watch.js';
import { WatchedService } from './watched-service.js';

/** Options that say when a watch ends. */
export interface WatchEnd {
  /** Seconds; undefined: until the exercise is over, or the user ends it. */
  readonly seconds?: number | undefined;
  /** Whether the services are restarted at the begin, and reloaded and restarted at the end. */
  readonly restart?: boolean | undefined;
  /** A command for sh(1) that gives the services work. */
  readonly exercise?: string | undefined;
}

export interface WatchOptions extends WatchEnd {
  /** Whether only errors and warnings are printed. */
  readonly quiet?: boolean | undefined;
}

export interface WatchResult {
  /** Errors and warnings of the time of the watch. */
  readonly diagnostics: readonly Diagnostic[];
  readonly saved: readonly { readonly recording: Recording; readonly path: string }[];
}

/** The length of a time slice, in seconds. */
export const SLICE = 10;

/** Seconds between two polls, two times of showing the progress to other runs, and two autosaves. */
const POLL = 0.2;
const SHOW = 5;
const AUTOSAVE = 60;

/** Seconds after a step: of a reload the manager knows of most services no more than that they were sent a signal. */
const SETTLE = 2;

/** Longest exercise, in seconds: a week. */
const LONGEST_EXERCISE = 604_800;

const FOR_EVER = Number.POSITIVE_INFINITY;

interface WatchParts {
  readonly services: readonly Service[];
  readonly locks: readonly WatchLock[];
  readonly options: WatchOptions;
  readonly machine: Machine;
  readonly observer: Observer;
  readonly signals: HeldSignals;
}

export class WatchLoop {
  readonly #context: Context;
  readonly #parts: WatchParts;
  /** Milliseconds since 1970. */
  readonly #begin: number;
  /** The begin by a clock that can't be set. */
  readonly #up: number;
  readonly #watched: readonly { readonly service: WatchedService; readonly recording: SavedRecording }[];
  readonly #diagnostics: Diagnostic[] = [];
  /** The number of distinct calls. */
  #calls = 0;
  #isSaveFailing = false;
  /** Times in seconds since the begin. */
  #lastNew = 0;
  #shown = 0;
  #saveTried = 0;
  #saved: number | undefined;

  constructor(context: Context, parts: WatchParts) {
    this.#context = context;
    this.#parts = parts;
    this.#begin = context.system.now();
    this.#up = context.system.uptime();
    this.#watched = parts.services.map((one) => {
      const service = new WatchedService(context, one);
      return { service, recording: new SavedRecording(context, service) };
    });
  }

  /** @throws UserError `observer-failed`, and others where the watch can't go on, with a note on what is kept of it */
  async run(): Promise<WatchResult> {
    try {
      await this.#context.caller.during(
        () => this.#liveLine(),
        () => this.#run(),
      );
    } catch (cause) {
      if (!(cause instanceof UserError)) throw cause;
      throw new UserError([...cause.diagnostics, await this.#savedOfFailed()], cause.exit, cause.sources);
    }
    const saved = this.#watched.flatMap(({ recording }) => recording.saved ?? []);
    return { diagnostics: this.#diagnostics, saved };
  }

  async #run() {
    const { services, options } = this.#parts;
    const names = services.map(({ name }) => name);
    const say = options.quiet ? () => undefined : this.#context.caller.tell;
    say(beginLine(names, options, this.#begin));
    await this.#begun();
    if (options.restart) await this.#restart();
    await this.#serve();
    if (options.restart) {
      await this.#reload();
      await this.#restart();
      await this.#stopAgain();
    }
    await this.#save({ truncated: false });
    say('The watch is over.');
  }

  get #seconds(): number {
    return (this.#context.system.uptime() - this.#up) / 1000;
  }

  /** Notes what there is at the begin. From here on other runs see the watch, and so does the manager of a background. */
  async #begun() {
    const { system, caller } = this.#context;
    for (const [i, { service }] of this.#watched.entries()) {
      if (service.phase) this.#parts.observer.phase(i, service.phase);
    }
    await this.#pollServices();
    for (const { service } of this.#watched) await service.checkLogs(0);
    await this.#show();
    if (caller.environment.NOTIFY_SOCKET !== undefined) await system.run(['systemd-notify', '--ready']);
  }

  async #serve() {
    const { seconds, exercise } = this.#parts.options;
    const end = this.#seconds + (seconds ?? FOR_EVER);
    if (exercise !== undefined) await this.#exercise(exercise, end);
    if (exercise === undefined || seconds !== undefined) await this.#stay(end - this.#seconds);
  }

  async #exercise(command: string, end: number) {
    for (const { service } of this.#watched) service.note({ what: 'exercise', at: this.#seconds });
    const timeout = Math.min(end - this.#seconds, LONGEST_EXERCISE) * 1000;
    // A program that it starts must not speak to the manager in the name of a watch in the background.
    const words = ['/bin/sh', '-c', `unset NOTIFY_SOCKET\n${command}`];
    const running = this.#context.system.run(words, { timeout });
    const result = await this.#pollWhile(running, () => this.#parts.signals.came() !== undefined);
    if (result === undefined || result.status === 0 || result.late) return;
    const [line = ''] = result.stderr.trim().split('\n').slice(-1);
    const said = line === '' ? '' : `: ${line}`;
    const message = `the exercise ended with status ${result.status}${said}`;
    this.#diagnostics.push(warning('exercise-failed', message));
  }

  async #restart() {
    const { system, placement } = this.#context;
    await this.#each('stop', this.#parts.services, (unit) =>
      restart(system, { unit, scope: placement.scope, plan: undefined }, { starts: true }),
    );
  }

  async #reload() {
    const able = this.#parts.services.filter(({ state }) => state.canReload);
    await this.#each('reload', able, async (unit) => {
      const result = await this.#context.system.reloadUnit(unit);
      if (result === 'done') return [];
      return [error('exercise-failed', `the reload of ${unit} ended with '${result}'`)];
    });
  }

  /** Stops services that were down before the watch. */
  async #stopAgain() {
    const down = this.#parts.services.filter(({ state }) => isDown(state));
    await this.#each('stop', down, async (unit) => {
      const result = await this.#context.system.stopUnit(unit);
      return result === 'done'
        ? []
        : [
            error(
              'not-stopped',
              `can't stop ${unit} again, which was down before the watch: its stop job ended with '${result}'`,
            ),
          ];
    });
  }

  /** Takes a step with services one after the other, in the phase that it causes. */
  async #each(
    phase: LifePhase,
    services: readonly Service[],
    step: (unit: string) => Promise<readonly Diagnostic[]>,
  ) {
    const { observer, signals } = this.#parts;
    for (const one of services) {
      const index = this.#parts.services.indexOf(one);
      const { service } = this.#watched[index]!;
      observer.phase(index, phase);
      service.cause(phase, this.#seconds);
      const locked = () => whileLocked(this.#context, () => step(one.name));
      const failures = (await this.#pollWhile(failuresOf(() => signals.unlessAgain(locked)))) ?? [];
      await this.#stay(SETTLE);
      service.settle(!hasErrors(failures));
      this.#diagnostics.push(...failures);
    }
  }

  /** Polls the services for a time in seconds, or until the user asks for the end. */
  #stay(seconds: number): Promise<void> {
    return this.#poll(seconds, () => this.#parts.signals.came() !== undefined);
  }

  /** Polls the services until something is over. @returns undefined if it isn't over before `isEnded` */
  async #pollWhile<T>(step: Promise<T>, isEnded: () => boolean = () => false): Promise<T | undefined> {
    let isOver = false;
    const over = () => {
      isOver = true;
    };
    step.then(over, over);
    await this.#poll(FOR_EVER, () => isOver || isEnded());
    return isOver ? step : undefined;
  }

  /** @throws UserError `observer-failed` */
  async #poll(seconds: number, isOver: () => boolean) {
    const { observer } = this.#parts;
    const end = this.#seconds + seconds;
    while (!isOver() && this.#seconds < end) {
      await this.#pollServices();
      if (observer.isOver) await observer.dump();
      await this.#autosave();
      if (this.#seconds >= this.#shown + SHOW) await this.#show();
      await this.#context.system.waitForState(POLL * 1000);
    }
  }

  async #pollServices() {
    const { observer } = this.#parts;
    const calls = sum(observer.ticks.map((tick) => tick.calls));
    if (calls > this.#calls) this.#lastNew = this.#seconds;
    this.#calls = calls;
    for (const [i, { service }] of this.#watched.entries()) {
      const next = await service.poll(observer.ticks[i]?.lives ?? 0, this.#seconds);
      if (next !== undefined) observer.phase(i, next.phase, next.since);
    }
  }

  #liveLine(): string {
    const services = this.#watched.map(({ service }) => service);
    const lost = sum(this.#parts.observer.ticks.map((tick) => tick.lost));
    return liveLine(services, { calls: this.#calls, lost, quiet: this.#seconds - this.#lastNew });
  }

  /** Shows other runs of this program how far the watch is. */
  async #show() {
    const { locks, observer, options } = this.#parts;
    this.#shown = this.#seconds;
    for (const [i, { service }] of this.#watched.entries()) {
      const { calls, lost } = observer.ticks[i] ?? { calls: 0, lost: 0 };
      const end = options.seconds === undefined ? null : this.#begin + options.seconds * 1000;
      // Nothing depends on it: a full disk ends no watch.
      await failureOf(() =>
        locks[i]!.show({ begin: this.#begin, end, phase: service.phase ?? null, calls, lost }),
      );
    }
  }

  /** Saves what was seen, so that a watch that is killed loses no more than a minute. A full disk may have room later. */
  async #autosave() {
    if (this.#seconds < this.#saveTried + AUTOSAVE) return;
    const failures = await failureOf(() => this.#save({ truncated: true }));
    const isFailing = failures.length > 0;
    if (isFailing && !this.#isSaveFailing && !this.#parts.observer.isOver) {
      const messages = failures.map(({ message }) => message).join('; ');
      this.#context.caller.tell(`${messages}; saving is tried again every minute`);
    }
    this.#isSaveFailing = isFailing;
  }

  /**
   * Saves what was seen of each service.
   * @param truncated whether the watch isn't over, or was cut short
   * @throws UserError with the errors of all services whose recording can't be saved; the others are saved
   */
  async #save({ truncated }: { readonly truncated: boolean }) {
    const { machine, observer } = this.#parts;
    this.#saveTried = this.#seconds;
    for (const { service } of this.#watched) await service.checkLogs(this.#saveTried);
    const dumps = await observer.dump();
    const seen = { machine, begin: this.#begin, seconds: this.#seconds, slice: SLICE, truncated };
    const failures: Diagnostic[] = [];
    for (const [i, { recording }] of this.#watched.entries())
      failures.push(...(await failureOf(() => recording.save({ ...seen, dump: dumps[i] ?? '' }))));
    if (failures.length > 0) throw new UserError(failures, EXIT.failure);
    this.#saved = this.#saveTried;
  }

  /** Saves what there is of a watch that fails, if that can be. Returns a note about it. */
  async #savedOfFailed(): Promise<Diagnostic> {
    await failureOf(() => this.#save({ truncated: true }));
    if (this.#saved === undefined) return note('watch-failed', 'nothing of this watch was saved');
    const lacking = spanText(this.#seconds - this.#saved);
    return note(
      'watch-failed',
      `the recording of this watch was saved without its last ${lacking}, and is marked as cut short`,
    );
  }
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);

/** The most services that a line names. */
const MOST_NAMES = 5;

/**
 * Says what is watched, and until when. The time begins after the first restart, which takes some time itself.
 * @param now milliseconds since 1970
 */
export function beginLine(
  names: readonly string[],
  { seconds, exercise, restart }: WatchEnd,
  now: number,
): string {
  const about = restart ? 'about ' : '';
  const time = seconds && `${about}${new Date(now + seconds * 1000).toISOString().slice(0, 19)}Z`;
  const end = time ?? (exercise === undefined ? undefined : 'the exercise is over');
  const until = end === undefined ? '' : ` until ${end}`;
  const then = restart ? ', then through a restart' : '';
  const early = end === undefined ? '' : ' earlier';
  return `Watching ${shortList(names, MOST_NAMES)}${until}${then}; Ctrl-C ends it${early} and keeps what was seen.`;
}

/**
 * The state of a watch, for the terminal.
 * @param quiet seconds since a call was seen that was new
 */
export function liveLine(
  services: readonly { readonly name: string; readonly phase: string | undefined }[],
  { calls, lost, quiet }: { readonly calls: number; readonly lost: number; readonly quiet: number },
): string {
  const [one] = services;
  const who =
    services.length === 1 ? `${one!.name} (${one!.phase ?? 'down'})` : `${services.length} services`;
  const losses = lost === 0 ? 'nothing lost' : `${lost} lost`;
  return `${who}: ${calls} calls, the last new one ${spanText(quiet)} ago, ${losses}`;
}
