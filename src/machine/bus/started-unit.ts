import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf, EXIT, error, UserError } from '../../diagnostic.js';
import { journalctl } from '../../systemd/command-lines.js';
import type { Scope } from '../../systemd/unit/search.js';
import type { UnitProperty } from '../../systemd/unit/unit-property.js';
import type { Host } from '../host.js';
import { isDown, parseUnitState, type UnitProperties, type UnitState } from '../unit-state.js';
import { unitOf } from './answers.js';
import type { Bus } from './bus.js';
import type { StartedUnit, TransientUnit, TransientUnits } from './transient.js';

/** The time in which a lost bus has to come back, and the pause between attempts, in milliseconds. */
const BACK_WITHIN = 10_000;
const EVERY = 100;

/** Connects to the manager, anew if the last connection was lost. */
type ManagerConnection = Pick<Host, 'connected' | 'passDescriptors'>;

/** Starts transient units over the bus of a manager. */
export const transientUnits = (manager: ManagerConnection, scope: Scope): TransientUnits => ({
  passDescriptors: (sender) => manager.passDescriptors(sender),
  start: async (unit, properties, besides) => {
    const started = new OverBus({ unit, scope }, () => manager.connected());
    await started.start(properties, besides);
    return started;
  },
});

class OverBus implements StartedUnit {
  readonly #unit: string;
  readonly #scope: Scope;
  readonly #connect: () => Promise<Bus>;
  #bus!: Bus;
  /** Waits for the result of the job. Only the connection that queued the job hears of its end. */
  job = async (): Promise<string> => 'done';
  /** The unit's properties in the manager's signals: ActiveState, Job, InvocationID. None if a signal may be missing. */
  readonly #heard = new Map<string, unknown>([['ActiveState', 'activating']]);
  #invocation: string | undefined;
  #change = deferred();

  constructor({ unit, scope }: { unit: string; scope: Scope }, connect: () => Promise<Bus>) {
    this.#unit = unit;
    this.#scope = scope;
    this.#connect = connect;
  }

  async start(properties: readonly UnitProperty[], besides: TransientUnit | undefined) {
    this.#bus = await this.#connect();
    this.job = await this.#bus.startTransient({ unit: this.#unit, properties }, this.#changed, besides);
  }

  async underway(): Promise<void> {
    while (this.#invocation === undefined && !this.#mayHaveEnded()) {
      await this.#bus.unlessLost(this.#change.promise);
    }
  }

  invocation(): string | undefined {
    return this.#invocation;
  }

  async end(): Promise<UnitState> {
    for (;;) {
      try {
        return await this.#ended();
      } catch (cause) {
        if (!isLost(cause)) throw cause;
        await this.#reconnect(cause);
      }
    }
  }

  async state(): Promise<UnitState> {
    return unitOf(await this.#bus.table(this.#unit));
  }

  async stop(): Promise<void> {
    for (;;) {
      const bus = this.#bus;
      try {
        return await bus.stop(this.#unit);
      } catch (cause) {
        if (!isLost(cause)) throw cause;
        // end() reconnects with another bus; a caller that gives it up gives up this wait, too.
        while (this.#bus === bus) await sleep(EVERY);
      }
    }
  }

  readonly #changed = (properties: UnitProperties) => {
    if (properties.size === 0) this.#heard.clear();
    for (const [name, value] of properties) this.#heard.set(name, value);
    this.#invocation = parseUnitState(properties).invocationId || this.#invocation;
    this.#change.resolve();
    this.#change = deferred();
  };

  #mayHaveEnded(): boolean {
    return !this.#heard.has('ActiveState') || isDownForGood(parseUnitState(this.#heard));
  }

  /**
   * Waits for the end of the unit. A signal may be old, or belong to a start that a restart follows: the unit itself is
   * asked.
   */
  async #ended(): Promise<UnitState> {
    for (;;) {
      const before = this.#change;
      if (this.#mayHaveEnded()) {
        const state = await this.state();
        this.#assertOurs(state);
        if (isDownForGood(state)) return state;
        // A signal that came meanwhile is newer than the answer.
        if (this.#change === before) this.#heard.set('ActiveState', state.activeState);
      }
      await this.#bus.unlessLost(before.promise);
    }
  }

  /** Throws if the unit was unloaded: it then reads as one that has never run, with the result "success". */
  #assertOurs({ loadState }: UnitState) {
    if (loadState !== 'loaded') throw gone(this.#unit, this.#scope);
  }

  /**
   * Reconnects after a loss. The unit stayed loaded only as long as the connection; the manager comes back later than
   * the bus.
   */
  async #reconnect(cause: unknown) {
    for (let waited = 0; ; waited += EVERY) {
      try {
        this.#bus = await this.#connect();
        this.#assertSame(await this.state());
        await this.#bus.follow(this.#unit, this.#changed);
        // The unit has been seen running, so that its start job is done.
        this.job = async () => 'done';
        return this.#changed(new Map());
      } catch (next) {
        // A unit that is gone, and an error that isn't a UserError, end the attempts.
        if (codeOf(next) === GONE || !(next instanceof UserError)) throw next;
        if (waited >= BACK_WITHIN) throw cause;
        await sleep(EVERY);
      }
    }
  }

  #assertSame(state: UnitState) {
    this.#assertOurs(state);
    if (this.#invocation === undefined || state.invocationId !== this.#invocation)
      throw gone(this.#unit, this.#scope);
  }
}

const isDownForGood = (state: UnitState): boolean => isDown(state) && state.job === 0;

const LOST = ['bus-failed', 'no-bus'];

const isLost = (cause: unknown): boolean => LOST.includes(codeOf(cause) ?? '');

const GONE = 'unit-gone';

const gone = (unit: string, scope: Scope) =>
  new UserError(
    error(GONE, `${unit} is gone, and it is unknown how it ended`, {
      hint: `'${journalctl(scope, unit)}' may show how`,
    }),
    EXIT.findings,
  );

function deferred() {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
