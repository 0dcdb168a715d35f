/** The course of a watch: looks at the services now and then, and the steps of a whole life. */

import { type Diagnostic, error, hasErrors, UserError, warning } from '../../diagnostic.js';
import type { LifePhase, RecordedEvent } from '../../evidence/recording/recording.js';
import type { Observer } from '../../observer/observer.js';
import { restart } from '../../restart/restart-service.js';
import { failureOf, failuresOf } from '../../state/failures.js';
import type { Machine } from '../../syscalls/abi.js';
import type { Context } from '../../system/context.js';
import { isDown } from '../../system/unit-state.js';
import type { HeldSignals } from '../../transaction/held-signals.js';
import { whileLocked } from '../../transaction/lock.js';
import { type Keep, Keeping } from './keeping.js';
import { Life } from './life.js';
import { LiveLine } from './live-line.js';
import type { Target } from './target.js';
import { beginLine, END_LINE, type WatchEnd } from './told-lines.js';
import type { Claim } from './under-watch.js';

export interface WatchOptions extends WatchEnd {
  /** Whether only errors and warnings are told. */
  readonly quiet?: boolean | undefined;
  /** The transient unit that this program runs in, if it was put into the background. */
  readonly background?: string | undefined;
}

/** Pauses between two looks, and two times of telling, in seconds. */
const LOOK = 0.2;
const TELL = 5;

/** The time for which a restarted service serves before the next step of its life, without a time or an exercise. */
const SHORTEST_LIFE = 10;

/** The parts of a watch. */
export interface Parts {
  readonly machine: Machine;
  readonly context: Context;
  readonly found: readonly Target[];
  readonly claims: readonly Claim[];
  readonly observer: Observer;
  readonly signals: HeldSignals;
  readonly keep: Keep;
}

/** A watch under way. */
export class Course {
  readonly #parts: Parts;
  readonly #options: WatchOptions;
  readonly #begin: number;
  readonly #lives: readonly Life[];
  readonly #keeping: Keeping;
  readonly #live = new LiveLine();
  readonly #diagnostics: Diagnostic[] = [];
  #shown = 0;
  #told = 0;

  constructor(parts: Parts, options: WatchOptions) {
    this.#parts = parts;
    this.#options = options;
    this.#begin = parts.context.system.now();
    this.#lives = parts.found.map((target) => new Life(parts.context, target));
    this.#keeping = new Keeping({ ...parts, lives: this.#lives, begin: this.#begin });
    for (const [i, { phases }] of this.#lives.entries()) {
      if (phases.phase) parts.observer.phase(i, phases.phase);
    }
  }

  /** @throws UserError `observer-ended`, and others where the watch can't go on, with a note on what is kept of it */
  async run(): Promise<readonly Diagnostic[]> {
    try {
      return await this.#run();
    } catch (cause) {
      if (!(cause instanceof UserError)) throw cause;
      throw new UserError([...cause.diagnostics, await this.#keeping.ofFailed()], cause.exit, cause.sources);
    }
  }

  async #run(): Promise<readonly Diagnostic[]> {
    const { found, context } = this.#parts;
    const names = found.map(({ name }) => name);
    this.#say(beginLine(names, this.#options, context.system.now()));
    await this.#tell();
    await this.#lookAtAll();
    for (const life of this.#lives) await life.lookAtLogs(0);
    if (this.#options.restart) await this.#restart();
    await this.#serve();
    if (this.#options.restart) {
      await this.#reload();
      await this.#restart();
      await this.#stopAgain();
    }
    await this.#keeping.atEnd();
    context.caller.live(undefined);
    this.#say(END_LINE);
    return this.#diagnostics;
  }

  #say(line: string) {
    if (!this.#options.quiet) this.#parts.context.caller.tell(line);
  }

  get #seconds(): number {
    return (this.#parts.context.system.now() - this.#begin) / 1000;
  }

  async #serve() {
    const { seconds, exercise, restart: isLife } = this.#options;
    const end = this.#seconds + (seconds ?? Number.POSITIVE_INFINITY);
    if (exercise !== undefined) await this.#exercise(exercise, end);
    if (seconds !== undefined) await this.#stay(end - this.#seconds);
    else if (exercise === undefined) await this.#stay(isLife ? SHORTEST_LIFE : Number.POSITIVE_INFINITY);
  }

  /** Runs a command, and looks at the services meanwhile. */
  async #exercise(command: string, end: number) {
    const { system } = this.#parts.context;
    this.#noteAll({ what: 'exercise', at: this.#seconds });
    let isOver = false;
    const timeout = Math.min((end - this.#seconds) * 1000, LONGEST_EXERCISE);
    const running = system.run(['/bin/sh', '-c', command], { timeout }).finally(() => {
      isOver = true;
    });
    running.catch(() => undefined);
    await this.#stay(Number.POSITIVE_INFINITY, () => isOver);
    if (!isOver) return;
    const { status, stderr, late } = await running;
    if (status === 0 || late) return;
    const [line = ''] = stderr.trim().split('\n').slice(-1);
    const said = line === '' ? '' : `: ${line}`;
    this.#diagnostics.push(warning('exercise-failed', `the exercise ended with status ${status}${said}`));
  }

  async #restart() {
    const { context, found } = this.#parts;
    await this.#eachWhileLooking('stop', found, async ({ name }) =>
      restart(
        context.system,
        { unit: name, scope: context.placement.scope, plan: undefined },
        { starts: true },
      ),
    );
    await this.#stay(SETTLE);
  }

  /** Stops services that were down before the watch. */
  async #stopAgain() {
    const { system } = this.#parts.context;
    const down = this.#parts.found.filter(({ state }) => isDown(state));
    await this.#eachWhileLooking('stop', down, async ({ name }) => {
      const result = await system.stopUnit(name);
      return result === 'done' ? [] : [error('not-stopped', `${name} can't be stopped again: '${result}'`)];
    });
  }

  async #reload() {
    const { system } = this.#parts.context;
    const able = this.#parts.found.filter(({ state }) => state.canReload);
    await this.#eachWhileLooking('reload', able, async ({ name }) => {
      const result = await system.reloadUnit(name);
      return result === 'done'
        ? []
        : [error('reload-failed', `the reload of ${name} ended with '${result}'`)];
    });
  }

  /**
   * Takes a step of services one after the other, in a phase of theirs, and looks at them meanwhile. A reload is over only
   * after a while: of most services the manager knows no more than that they were sent a signal.
   */
  async #eachWhileLooking(
    phase: LifePhase,
    services: readonly Target[],
    step: (service: Target) => Promise<readonly Diagnostic[]>,
  ) {
    const { context, found, observer, signals } = this.#parts;
    for (const service of services) {
      const i = found.indexOf(service);
      observer.phase(i, phase);
      const { phases } = this.#lives[i]!;
      phases.hold(phase, this.#seconds);
      let isOver = false;
      const taken = failuresOf(() =>
        signals.unlessAgain(() => whileLocked(context, () => step(service))),
      ).then((diagnostics) => {
        isOver = true;
        if (phase !== 'reload') phases.release(!hasErrors(diagnostics));
        return diagnostics;
      });
      await this.#look(Number.POSITIVE_INFINITY, () => isOver);
      const diagnostics = await taken;
      if (phase === 'reload') {
        await this.#stay(SETTLE);
        phases.release(!hasErrors(diagnostics));
      }
      this.#diagnostics.push(...diagnostics);
    }
  }

  /** Looks at the services for a time in seconds, or until the user asks for the end. */
  #stay(seconds: number, isOver: () => boolean = () => false): Promise<void> {
    const { signals } = this.#parts;
    return this.#look(seconds, () => signals.came() !== undefined || isOver());
  }

  /** @throws UserError `observer-ended` */
  async #look(seconds: number, isOver: () => boolean) {
    const { context, observer } = this.#parts;
    const end = this.#seconds + seconds;
    while (!isOver() && this.#seconds < end) {
      await this.#lookAtAll();
      if (observer.isOver) await observer.dump();
      await this.#keeping.now();
      await this.#show();
      await context.system.waitForState(LOOK * 1000);
    }
  }

  async #lookAtAll() {
    const { observer } = this.#parts;
    for (const [i, life] of this.#lives.entries()) {
      const next = await life.look(observer.ticks[i]?.lives ?? 0, this.#seconds);
      if (next !== undefined) observer.phase(i, next.phase, next.since);
    }
  }

  async #show() {
    const { context, found, observer } = this.#parts;
    if (this.#seconds < this.#shown + 1) return;
    this.#shown = this.#seconds;
    const units = found.map(({ name }, i) => ({ name, phase: this.#lives[i]!.phases.phase }));
    context.caller.live(this.#live.text(units, observer.ticks, this.#seconds));
    if (this.#seconds >= this.#told + TELL) await this.#tell();
  }

  /** Tells other runs of this program how the watch goes. */
  async #tell() {
    const { found, claims, observer } = this.#parts;
    const { seconds, background } = this.#options;
    this.#told = this.#seconds;
    for (const [i, { name }] of found.entries()) {
      const { calls, lost } = observer.ticks[i] ?? { calls: 0, lost: 0 };
      // Nothing depends on it: a full disk ends no watch.
      await failureOf(() =>
        claims[i]!.tell({
          unit: name,
          begin: this.#begin,
          end: seconds === undefined ? null : this.#begin + seconds * 1000,
          background: background ?? null,
          phase: this.#lives[i]!.phases.phase ?? null,
          calls,
          lost,
        }),
      );
    }
  }

  #noteAll(event: RecordedEvent) {
    for (const { events } of this.#lives) events.note(event);
  }
}

/** Longest exercise, in milliseconds: a week. */
const LONGEST_EXERCISE = 604_800_000;

/** Seconds that a service has after its restart or reload until the next step. */
const SETTLE = 2;
