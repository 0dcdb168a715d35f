/** The one run of `explain --record` is watched: the observer counts the calls of the service, none of which is refused. */

import { kindsIn } from '../evidence/recording/kinds.js';
import { registersOf, rulesOf, type SeenRun } from '../explain/watched-run.js';
import { namedDump } from '../observer/named.js';
import type { WatchedArguments } from '../observer/observed.js';
import type { Observer } from '../observer/observer.js';
import { observedIn } from '../observer/parse-dump.js';
import { NEEDS_ROOT, observeServices } from '../observer/service-group.js';
import { observedAbis } from '../observer/watch-list.js';
import type { Prepared } from '../prepare/prepare.js';
import { numbersOf } from '../syscalls/numbers.js';
import type { Context } from '../system/context.js';

/** A run as it was seen, and the tables in which something had no room. */
export interface Seen {
  readonly run: SeenRun;
  readonly lost: readonly string[];
}

export class RunWatch {
  readonly #context: Context;
  readonly #observer: Observer;
  readonly #watched: readonly WatchedArguments[];
  /** When the watch began, in milliseconds since 1970. */
  readonly began: number;

  private constructor(context: Context, observer: Observer, watched: readonly WatchedArguments[]) {
    this.#context = context;
    this.#observer = observer;
    this.#watched = watched;
    this.began = context.system.now();
  }

  /**
   * Watches a service from the return on.
   * @throws UserError why it can't be watched
   */
  static async begin(context: Context, prepared: Prepared): Promise<RunWatch> {
    const { machine, superuser } = context;
    if (!superuser || machine === undefined) throw NEEDS_ROOT;
    const service = { name: prepared.plan.unit, state: prepared.unit.state! };
    const watched = testedArguments(prepared);
    const observer = await observeServices(context, [service], { machine, sees: 'confined', watched });
    return new RunWatch(context, observer, watched);
  }

  /**
   * Tells that the service serves. To the observer that is a reload, in which commands that the manager starts are told from
   * the service itself.
   */
  serves(): void {
    this.#observer.phase(0, 'reload');
  }

  /** The run so far. @throws UserError `observer-failed` */
  async look(): Promise<Seen> {
    const [line] = await this.#observer.dump();
    const machine = this.#context.machine!;
    const run = namedDump(observedIn(line), { machine, watched: this.#watched, hashes: new Map() });
    const tables = [...Object.keys(run.lost), ...run.blind];
    const cut = run.arguments.some(({ lost }) => lost > 0) ? ['arguments'] : [];
    return { run, lost: [...new Set([...tables.filter(matters), ...cut])] };
  }

  async end(): Promise<void> {
    await this.#observer.end();
  }
}

/**
 * The arguments that rules of a policy test, for the observer to keep their values: by the registers that hold them. Of a call
 * whose rules test more than two, none is kept, and what comes of it isn't told.
 */
function testedArguments({ policy: { policy }, plan }: Prepared): WatchedArguments[] {
  const calls = [...new Set(rulesOf(policy).map(({ syscall }) => syscall.value))];
  return [...observedAbis(plan.target.machine)].flatMap(([abi, architecture]) =>
    calls
      .filter((name) => numbersOf(architecture).has(name))
      .map((name) => ({ abi, name, arguments: registersOf(policy, architecture, name) }))
      .filter(({ arguments: { length } }) => length === 1 || length === 2),
  );
}

/** Whether a table has calls, their arguments, or whether they were refused. */
const matters = (table: string): boolean =>
  kindsIn(table).some((kind) => kind === 'calls' || kind === 'arguments' || kind === 'refused');
