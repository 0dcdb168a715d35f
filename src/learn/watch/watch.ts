/** A watch: services are observed at work, for a time or until the user ends it. */

import { type Diagnostic, EXIT, error, UserError, warning } from '../../diagnostic.js';
import type { Phase, RecordedEvent } from '../../evidence/recording/recording.js';
import { preflightRestarts } from '../../restart/preflight.js';
import { failuresOf } from '../../state/failures.js';
import type { Service } from '../../state/service.js';
import type { Context } from '../../system/context.js';
import { type HeldSignals, holdSignals } from '../../transaction/held-signals.js';
import { restart } from '../../transaction/trial.js';
import { Observer } from '../observer/observer.js';
import { LiveLine } from './live-line.js';
import { Phases } from './phases.js';
import { setupPrograms, type Target, targets } from './target.js';

export interface WatchOptions {
  /** Seconds; undefined: until the exercise is over, or the user ends it. */
  readonly seconds?: number | undefined;
  /** Whether the services live a whole life meanwhile: restart, reload, restart. */
  readonly restart?: boolean | undefined;
  /** A command for sh(1) that gives the services work. */
  readonly exercise?: string | undefined;
}

/** A watched service, as far as it was seen. */
export interface Watched {
  readonly service: Service;
  /** Milliseconds since 1970. */
  readonly begin: number;
  readonly end: number;
  /** Seconds of a time slice. */
  readonly slice: number;
  /** The line that the observer has dumped: hostile text. */
  readonly dump: string;
  readonly events: readonly RecordedEvent[];
  /** Whether the watch isn't over, or was cut short. */
  readonly truncated: boolean;
}

/** Keeps what was seen: now and then while a watch lasts, so that no more than that is lost, and at its end. */
export type Keep = (watched: readonly Watched[]) => Promise<void>;

/** Length of a time slice, and pauses between two looks and between two times of keeping, in seconds. */
const SLICE = 10;
const LOOK = 0.2;
const KEEP = 60;

/** The time for which a restarted service serves before the next step of its life, without a time or an exercise. */
const SHORTEST_LIFE = 10;

/**
 * Watches services.
 * @returns diagnostics about what went wrong meanwhile
 * @throws UserError `needs-root`, `unknown-machine`, those of targets(), of Observer.start() and of preflightRestarts()
 */
export async function watch(
  context: Context,
  names: readonly string[],
  options: WatchOptions,
  keep: Keep,
): Promise<readonly Diagnostic[]> {
  const machine = assertWatchable(context);
  const found = await targets(context, names);
  const notes = options.restart ? await assertRestartable(context, found) : [];
  const observer = await Observer.start(context, {
    machine,
    groups: found.map(({ group }) => group),
    setups: await setupPrograms(context),
    slice: SLICE,
  });
  const signals = holdSignals(context);
  const course = new Course({ context, found, observer, signals, keep });
  try {
    return [...notes, ...(await course.run(options))];
  } finally {
    context.caller.live(undefined);
    signals.release();
    await observer.end();
  }
}

function assertWatchable({ superuser, machine, offline }: Context) {
  if (!superuser || offline) {
    const hint = 'run it with sudo';
    throw new UserError(error('needs-root', 'only root may watch services', { hint }), EXIT.failure);
  }
  if (machine !== undefined) return machine;
  throw new UserError(
    error('unknown-machine', 'services of this kind of machine can not be watched'),
    EXIT.failure,
  );
}

async function assertRestartable(context: Context, services: readonly Service[]): Promise<Diagnostic[]> {
  const found = await preflightRestarts(context, 'learn --restart', services);
  const errors = found.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) throw new UserError(errors, EXIT.failure);
  return found;
}

interface Parts {
  readonly context: Context;
  readonly found: readonly Target[];
  readonly observer: Observer;
  readonly signals: HeldSignals;
  readonly keep: Keep;
}

/** A watch under way. */
class Course {
  readonly #parts: Parts;
  readonly #begin: number;
  readonly #phases: readonly Phases[];
  readonly #live = new LiveLine();
  readonly #diagnostics: Diagnostic[] = [];
  #kept = 0;
  #shown = 0;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#begin = parts.context.system.now();
    this.#phases = parts.found.map(({ state }) => new Phases(state));
    for (const [i, { phase }] of this.#phases.entries()) if (phase) parts.observer.phase(i, phase);
  }

  async run(options: WatchOptions): Promise<readonly Diagnostic[]> {
    if (options.restart) await this.#restart();
    await this.#serve(options);
    if (options.restart) {
      await this.#reload();
      await this.#restart();
      await this.#stay(SHORTEST_LIFE);
    }
    await this.#keep(false);
    return this.#diagnostics;
  }

  get #seconds(): number {
    return (this.#parts.context.system.now() - this.#begin) / 1000;
  }

  async #serve({ seconds, exercise, restart: isLife }: WatchOptions) {
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

  async #reload() {
    const { system } = this.#parts.context;
    const able = this.#parts.found.filter(({ state }) => state.canReload);
    await this.#eachWhileLooking('reload', able, async ({ name }) => {
      const result = await system.reloadUnit(name);
      return result === 'done'
        ? []
        : [error('reload-failed', `the reload of ${name} ended with '${result}'`)];
    });
    await this.#stay(SETTLE);
  }

  /** Takes a step of services one after the other, in a phase of theirs, and looks at them meanwhile. */
  async #eachWhileLooking(
    phase: Phase,
    services: readonly Target[],
    step: (service: Target) => Promise<readonly Diagnostic[]>,
  ) {
    const { found, observer, signals } = this.#parts;
    for (const service of services) {
      const i = found.indexOf(service);
      observer.phase(i, phase);
      this.#phases[i]!.enter(phase, this.#seconds);
      let isOver = false;
      const taken = failuresOf(() => signals.unlessAgain(() => step(service))).finally(() => {
        isOver = true;
      });
      await this.#look(Number.POSITIVE_INFINITY, () => isOver);
      this.#diagnostics.push(...(await taken));
    }
  }

  /** Looks at the services for a time in seconds, or until the user asks for the end. */
  #stay(seconds: number, isOver: () => boolean = () => false): Promise<void> {
    const { signals } = this.#parts;
    return this.#look(seconds, () => signals.came() !== undefined || isOver());
  }

  /** @throws UserError `observer-ended` */
  async #look(seconds: number, isOver: () => boolean) {
    const { context, found, observer } = this.#parts;
    const end = this.#seconds + seconds;
    while (!isOver() && this.#seconds < end) {
      for (const [i, { name }] of found.entries()) {
        const state = await context.system.unit(name);
        const next = this.#phases[i]!.look(state, observer.ticks[i]?.lives ?? 0, this.#seconds);
        if (next !== undefined) observer.phase(i, next);
      }
      if (observer.isOver) await observer.dump();
      if (this.#seconds >= this.#kept + KEEP) await this.#keep(true);
      this.#show();
      await context.system.wait(LOOK * 1000);
    }
  }

  #show() {
    const { context, found, observer } = this.#parts;
    if (this.#seconds < this.#shown + 1) return;
    this.#shown = this.#seconds;
    const units = found.map(({ name }, i) => ({ name, phase: this.#phases[i]!.phase }));
    context.caller.live(this.#live.text(units, observer.ticks, this.#seconds));
  }

  async #keep(truncated: boolean) {
    const { context, found, observer, keep } = this.#parts;
    this.#kept = this.#seconds;
    const dumps = await observer.dump();
    const watched = found.map(({ name, state, group: _ }, i) => ({
      service: { name, state },
      begin: this.#begin,
      end: context.system.now(),
      slice: SLICE,
      dump: dumps[i] ?? '',
      events: this.#phases[i]!.events,
      truncated,
    }));
    await keep(watched);
  }

  #noteAll(event: RecordedEvent) {
    for (const phases of this.#phases) phases.note(event);
  }
}

/** Longest exercise, in milliseconds: a week. */
const LONGEST_EXERCISE = 604_800_000;

/** Seconds that a service has after its restart or reload until the next step. */
const SETTLE = 2;
