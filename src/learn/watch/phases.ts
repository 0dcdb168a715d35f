import type { LifePhase, RecordedEvent } from '../../evidence/recording/recording.js';
import type { UnitState } from '../../system/unit-state.js';
import type { Events } from './events.js';

/** The phase of a service in each state of its unit. */
const PHASE_OF: ReadonlyMap<UnitState['activeState'], LifePhase> = new Map([
  ['activating', 'start'],
  ['active', 'serving'],
  ['reloading', 'reload'],
  ['refreshing', 'reload'],
  ['deactivating', 'stop'],
]);

/**
 * Seconds for which a service counts as starting at least: one of Type=simple is active at once, before it has read its
 * own configuration.
 */
export const SHORTEST_START = 1;

/** A phase that begins. */
export interface Entered {
  readonly phase: LifePhase;
  /**
   * Of a service that has started: from when on it was ready, however late that was seen, in microseconds of the monotonic
   * clock.
   */
  readonly since?: number;
}

/** Follows the phases of a service by the states of its unit, which are looked at now and then. */
export class Phases {
  #phase: LifePhase | undefined;
  #lives = 0;
  #started = Number.NEGATIVE_INFINITY;
  #invocation: string;
  #held: RecordedEvent | undefined;
  readonly #events: Events;

  /**
   * @param state the state at the begin of the watch
   * @param events gets each phase that begins, and the work that is under way
   */
  constructor(state: UnitState, events: Events) {
    this.#phase = PHASE_OF.get(state.activeState);
    this.#invocation = state.invocationId;
    this.#events = events;
    if (this.#phase === 'serving') events.note({ what: 'serving', at: 0 });
  }

  get phase(): LifePhase | undefined {
    return this.#phase;
  }

  /**
   * Takes a look.
   * @param lives how often the control group was made since the begin
   * @param at seconds since the begin
   * @returns the phase that the observer is to be told, if it is another
   */
  look(state: UnitState, lives: number, at: number): Entered | undefined {
    if (lives !== this.#lives || (state.invocationId !== '' && state.invocationId !== this.#invocation)) {
      this.#lives = lives;
      this.#invocation = state.invocationId;
      this.#started = at;
      // A reload that ends in a new start was none.
      this.release(this.#held?.what !== 'reload');
      this.#enter('start', at);
    }
    const next = PHASE_OF.get(state.activeState) ?? this.#endIn(state);
    const isEarly = this.#held !== undefined || at < this.#started + SHORTEST_START;
    if (next === undefined || (next === 'serving' && isEarly)) return undefined;
    const isStarted = this.#phase === 'start' && next === 'serving';
    if (!this.#enter(next, at)) return undefined;
    return isStarted ? { phase: next, ...since(state) } : { phase: next };
  }

  /** A service that is down has stopped, however fast: between two looks. One that has failed has not. */
  #endIn({ activeState }: UnitState): LifePhase | undefined {
    return activeState === 'inactive' && this.#phase !== undefined ? 'stop' : undefined;
  }

  /**
   * Enters a phase that this program is about to cause, until release(): the manager says for a while that the service is
   * active as before.
   */
  hold(phase: LifePhase, at: number) {
    this.#phase = phase;
    this.#held = { what: phase, at };
  }

  /** @param isDone whether what the phase is of took place */
  release(isDone: boolean) {
    if (this.#held && isDone) this.#events.note(this.#held);
    this.#held = undefined;
  }

  /** @returns whether the phase is another */
  #enter(phase: LifePhase, at: number): boolean {
    if (phase === this.#phase) return false;
    this.#phase = phase;
    this.#events.note({ what: phase, at });
    return true;
  }
}

/** When a service's start was over. The observer may be told of it much later, on a busy machine. */
const since = ({ activeEnterTimestampMonotonic: active }: UnitState): Pick<Entered, 'since'> =>
  active > 0 ? { since: active + SHORTEST_START * 1_000_000 } : {};
