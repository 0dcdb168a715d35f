import { setTimeout as sleep } from 'node:timers/promises';
import { toHex } from '../../collections.js';
import { codeOf, EXIT, error, UserError } from '../../diagnostic.js';
import type { UnitProperty } from '../../unit/unit-property.js';
import type { Host } from '../host.js';
import type { UnitProperties } from '../system.js';
import type { Bus } from './bus.js';
import type { StartedUnit, TransientUnits } from './transient.js';

/** The time in which a lost bus has to come back, and the pause between attempts, in milliseconds. */
const BACK_WITHIN = 10_000;
const EVERY = 100;

/** Connects to the manager, anew if the last connection was lost. */
type Manager = Pick<Host, 'connected' | 'passDescriptors'>;

/** Starts transient units over the bus. */
export const transientUnits = (manager: Manager): TransientUnits => ({
  passDescriptors: (sender) => manager.passDescriptors(sender),
  start: async (unit, properties) => {
    const started = new OverBus(unit, () => manager.connected());
    await started.start(properties);
    return started;
  },
});

class OverBus implements StartedUnit {
  readonly #unit: string;
  readonly #connect: () => Promise<Bus>;
  #bus!: Bus;
  /** Settles with the result of the job. Only the connection that queued the job hears of its end. */
  #job: Promise<string> = Promise.resolve('done');
  /** The unit's properties in the manager's signals: ActiveState, Job, InvocationID. */
  readonly #state = new Map<string, unknown>([['ActiveState', 'activating']]);
  #invocation: string | undefined;
  #change = deferred();

  constructor(unit: string, connect: () => Promise<Bus>) {
    this.#unit = unit;
    this.#connect = connect;
  }

  async start(properties: readonly UnitProperty[]) {
    this.#bus = await this.#connect();
    const path = await this.#bus.startTransient(this.#unit, properties, this.#changed);
    // endOfJob() is called at once, since a manager that reexecutes itself ends jobs unheard.
    this.#job = this.#bus.endOfJob(path, this.#unit);
    this.#job.catch(() => undefined);
  }

  async job(): Promise<string> {
    return this.#job;
  }

  async underway(): Promise<void> {
    while (this.#invocation === undefined && !hasEnded(this.#state)) {
      await this.#bus.unlessLost(this.#change.promise);
    }
  }

  invocation(): string | undefined {
    return this.#invocation;
  }

  async end(): Promise<UnitProperties> {
    for (;;) {
      try {
        return await this.#ended();
      } catch (cause) {
        if (!isLost(cause)) throw cause;
        await this.#reconnect(cause);
      }
    }
  }

  async properties(): Promise<UnitProperties> {
    return endingOf(this.#bus, this.#unit);
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
    if (properties.size === 0) this.#state.clear();
    for (const [name, value] of properties) this.#state.set(name, value);
    this.#invocation = invocationOf(properties) ?? this.#invocation;
    this.#change.resolve();
    this.#change = deferred();
  };

  /**
   * Waits for the end of the unit. A signal may be old, or belong to a start that a restart follows: the unit itself is
   * asked.
   */
  async #ended(): Promise<UnitProperties> {
    for (;;) {
      const before = this.#change;
      if (hasEnded(this.#state)) {
        const properties = await endingOf(this.#bus, this.#unit);
        this.#assertOurs(properties);
        if (hasEnded(properties)) return properties;
        // A signal that came meanwhile is newer than the answer.
        if (this.#change === before) this.#state.set('ActiveState', properties.get('ActiveState'));
      }
      await this.#bus.unlessLost(before.promise);
    }
  }

  /** Throws if the unit was unloaded: it then reads as one that has never run, with the result "success". */
  #assertOurs(properties: UnitProperties) {
    if (properties.get('LoadState') === 'loaded') return;
    throw gone(this.#unit);
  }

  /**
   * Reconnects after a loss. The unit stayed loaded only as long as the connection; the manager comes back later than
   * the bus.
   */
  async #reconnect(cause: unknown) {
    for (let waited = 0; ; waited += EVERY) {
      try {
        this.#bus = await this.#connect();
        this.#assertSame(await endingOf(this.#bus, this.#unit));
        await this.#bus.follow(this.#unit, this.#changed);
        // The unit has been seen running, so that its start job is done.
        this.#job = Promise.resolve('done');
        return this.#changed(new Map());
      } catch (next) {
        // A unit that is gone, and an error that isn't a UserError, end the attempts.
        if (codeOf(next) === GONE || !(next instanceof UserError)) throw next;
        if (waited >= BACK_WITHIN) throw cause;
        await sleep(EVERY);
      }
    }
  }

  #assertSame(properties: UnitProperties) {
    this.#assertOurs(properties);
    const known = this.#invocation;
    if (known === undefined || invocationOf(properties) !== known) throw gone(this.#unit);
  }
}

/** The properties that show how a unit has ended. */
const ENDING = {
  Unit: 'LoadState ActiveState Job InvocationID InactiveExitTimestampMonotonic InactiveEnterTimestampMonotonic',
  Service:
    'Result ExecMainCode ExecMainStatus SuccessExitStatus CPUUsageNSec MemoryPeak MemorySwapPeak IPIngressBytes IPEgressBytes ' +
    'IOReadBytes IOWriteBytes',
} as const;

async function endingOf(bus: Bus, unit: string): Promise<UnitProperties> {
  const ask = (iface: keyof typeof ENDING) =>
    ENDING[iface]
      .split(' ')
      .map(async (name): Promise<[string, unknown]> => [name, await bus.property(unit, iface, name)]);
  return new Map(await Promise.all([...ask('Unit'), ...ask('Service')]));
}

function hasEnded(state: UnitProperties): boolean {
  const active = state.get('ActiveState');
  const [job = 0] = (state.get('Job') ?? []) as [number?];
  return active === undefined || ((active === 'inactive' || active === 'failed') && job === 0);
}

function invocationOf(properties: UnitProperties): string | undefined {
  const hex = toHex((properties.get('InvocationID') ?? []) as Iterable<number>);
  return hex === '' ? undefined : hex;
}

const LOST = ['bus-lost', 'bus-failed', 'no-bus'];

const isLost = (cause: unknown): boolean => LOST.includes(codeOf(cause) ?? '');

const GONE = 'unit-gone';

const gone = (unit: string) =>
  new UserError(
    error(GONE, `${unit} is gone, and nobody saw how it ended`, {
      hint: `journalctl --unit ${unit} may say it`,
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
