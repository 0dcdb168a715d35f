import { EXIT, error, UserError } from '../../diagnostic.js';
import { journalctl } from '../../systemd/command-lines.js';
import type { Scope } from '../../systemd/unit/search.js';
import type { UnitProperty } from '../../systemd/unit/unit-property.js';
import type { Host } from '../host.js';
import { isDown, parseUnitState, type UnitProperties, type UnitState } from '../unit-state.js';
import { unitOf } from './answers.js';
import type { Bus } from './bus.js';
import { deferred } from './jobs.js';
import type { StartedUnit, TransientUnit, TransientUnits } from './transient.js';

/** Starts transient units over the bus of a manager. */
export const transientUnits = (
  manager: Pick<Host, 'connected' | 'passDescriptors'>,
  scope: Scope,
): TransientUnits => ({
  passDescriptors: (sender) => manager.passDescriptors(sender),
  start: async (unit, properties, besides) => {
    const started = new UnitOverBus({ unit, scope }, await manager.connected());
    await started.start(properties, besides);
    return started;
  },
});

class UnitOverBus implements StartedUnit {
  readonly #unit: string;
  readonly #scope: Scope;
  readonly #bus: Bus;
  /** Waits for the result of the job. */
  job = async (): Promise<string> => 'done';
  /** The unit's properties in the manager's signals: ActiveState, Job, InvocationID. None if a signal may be missing. */
  readonly #heard = new Map<string, unknown>([['ActiveState', 'activating']]);
  #invocation: string | undefined;
  #change = deferred<void>();

  constructor({ unit, scope }: { unit: string; scope: Scope }, bus: Bus) {
    this.#unit = unit;
    this.#scope = scope;
    this.#bus = bus;
  }

  async start(properties: readonly UnitProperty[], besides: TransientUnit | undefined) {
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

  async state(): Promise<UnitState> {
    return unitOf(await this.#bus.table(this.#unit));
  }

  async stop(): Promise<void> {
    await this.#bus.stop(this.#unit);
  }

  readonly #changed = (properties: UnitProperties) => {
    if (properties.size === 0) this.#heard.clear();
    for (const [name, value] of properties) this.#heard.set(name, value);
    this.#invocation = parseUnitState(properties).invocationId || this.#invocation;
    this.#change.resolve();
    this.#change = deferred<void>();
  };

  #mayHaveEnded(): boolean {
    return !this.#heard.has('ActiveState') || isDownForGood(parseUnitState(this.#heard));
  }

  /**
   * Waits for the end of the unit. A signal may be old, or belong to a start that a restart follows: the unit itself is
   * asked.
   */
  async end(): Promise<UnitState> {
    for (;;) {
      const before = this.#change;
      if (this.#mayHaveEnded()) {
        const state = await this.state();
        // One that was unloaded reads as a unit that has never run, with the result "success".
        if (state.loadState !== 'loaded') throw gone(this.#unit, this.#scope);
        if (isDownForGood(state)) return state;
        // A signal that came in between is newer than the answer.
        if (this.#change === before) this.#heard.set('ActiveState', state.activeState);
      }
      await this.#bus.unlessLost(before.promise);
    }
  }
}

const isDownForGood = (state: UnitState): boolean => isDown(state) && state.job === 0;

const gone = (unit: string, scope: Scope) =>
  new UserError(
    error('unit-gone', `${unit} is gone, and it is unknown how it ended`, {
      hint: `'${journalctl(scope, unit)}' may show how`,
    }),
    EXIT.findings,
  );
