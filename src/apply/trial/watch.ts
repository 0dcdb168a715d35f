/** Services are watched while they are tried: the observer tells what the kernel refuses them. */

import { type Diagnostic, UserError } from '../../diagnostic.js';
import { type ObservedCall, observedCalls } from '../../explain/records/observed.js';
import type { Context } from '../../machine/context.js';
import { namedDump } from '../../observe/named.js';
import type { Observer } from '../../observe/observer.js';
import { observedIn } from '../../observe/parse-dump.js';
import { kindsIn } from '../../observe/recording/kinds.js';
import { type Refusal, refusalsIn } from '../../observe/refusals.js';
import { NEEDS_ROOT, observeServices } from '../../observe/service-group.js';
import type { Machine } from '../../seccomp/syscalls/abi.js';

/** Refusals to a service; or why they are unknown. */
export type TrialSight =
  | {
      /** Calls that filters refused. */
      readonly calls: readonly ObservedCall[];
      /** Refusals by directives and by files' modes. */
      readonly others: readonly Refusal[];
      /** Whether some calls had no room. */
      readonly isCut: boolean;
    }
  | { readonly blind: Diagnostic };

/** The number of services that an observer can watch: UNITS in native-helper/observe-bpf/tables.h. */
const MOST_SERVICES = 64;

/** A service among those of its observer. */
interface Watched {
  readonly observer: Observer;
  readonly index: number;
  /** When the watch began, in milliseconds since 1970. */
  readonly from: number;
}

export class TrialWatch {
  readonly #context: Context;
  readonly #machine: Machine | undefined;
  #watched = new Map<string, Watched>();
  #blind: Diagnostic | undefined;

  constructor(context: Context) {
    this.#context = context;
    this.#machine = context.machine;
  }

  /** Watches services from the return on, and no longer those of before. Where they can't be watched, sight() says why. */
  async begin(services: readonly string[]): Promise<void> {
    await this.end();
    this.#blind = undefined;
    try {
      for (let i = 0; i < services.length; i += MOST_SERVICES) {
        await this.#watch(services.slice(i, i + MOST_SERVICES));
      }
    } catch (cause) {
      if (!(cause instanceof UserError)) throw cause;
      await this.end();
      this.#blind = cause.diagnostics[0];
    }
  }

  async #watch(services: readonly string[]): Promise<void> {
    const { system, superuser } = this.#context;
    if (!superuser || this.#machine === undefined) throw NEEDS_ROOT;
    const states = await Promise.all(services.map((name) => system.unit(name)));
    const observed = services.map((name, i) => ({ name, state: states[i]! }));
    const options = { machine: this.#machine, sees: 'refused' } as const;
    const observer = await observeServices(this.#context, observed, options);
    const from = system.now();
    for (const [index, name] of services.entries()) this.#watched.set(name, { observer, index, from });
  }

  /** Refusals to a service since it is watched. */
  async sight(service: string): Promise<TrialSight> {
    const watched = this.#watched.get(service);
    if (watched === undefined) return { blind: this.#blind ?? NEEDS_ROOT.diagnostics[0]! };
    try {
      return await this.#look(watched);
    } catch (cause) {
      if (!(cause instanceof UserError)) throw cause;
      return { blind: cause.diagnostics[0]! };
    }
  }

  async #look({ observer, index, from }: Watched): Promise<TrialSight> {
    const observed = observedIn((await observer.dump())[index]);
    const facts = { machine: this.#machine!, watched: [], hashes: new Map() };
    const times = { from, time: this.#context.system.now() };
    // Of a restart the last run's stop is seen, too. Where the control group stays, its calls can't be kept apart from the new run's.
    const refused = observed.refused.filter(({ before }) => !before || observed.lives === 0);
    const isCertain = (one: (typeof refused)[number]) => (one.certain ?? true) && !one.before;
    const callsOf = (certain: boolean) => {
      const those = refused.filter((one) => isCertain(one) === certain);
      return observedCalls(namedDump({ ...observed, refused: those }, facts), times);
    };
    const { blind, lost } = namedDump(observed, facts);
    const suffers = (table: string) => kindsIn(table).includes('refused');
    return {
      calls: [...callsOf(true), ...callsOf(false).map((call) => ({ ...call, certain: false }))],
      others: refusalsIn(observed, this.#machine!).filter((one) => one.kind !== 'call' || !one.byFilter),
      isCut: blind.includes('refused') || Object.keys(lost).some(suffers),
    };
  }

  /** Ends all watching. */
  async end(): Promise<void> {
    const observers = new Set([...this.#watched.values()].map(({ observer }) => observer));
    this.#watched = new Map();
    for (const observer of observers) await observer.end();
  }
}
