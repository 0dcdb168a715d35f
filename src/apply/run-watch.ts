/** The one run of `explain --record` is watched: the observer counts the calls of the service, none of which is refused. */

import { registersOf, rulesOf, type SeenRun } from '../explain/watched-run.js';
import type { Context } from '../machine/context.js';
import { namedDump } from '../observe/named.js';
import type { WatchedArguments } from '../observe/observed.js';
import { observedIn } from '../observe/parse-dump.js';
import { kindsIn } from '../observe/recording/kinds.js';
import type { RecordedCall } from '../observe/recording/recording.js';
import { NEEDS_ROOT, observeServices } from '../observe/service-group.js';
import { observedAbis } from '../observe/watch-list.js';
import type { Prepared } from '../prepare/prepare.js';
import { ABIS, type Abi } from '../seccomp/syscalls/abi.js';
import { numbersOf } from '../seccomp/syscalls/numbers.js';

/** A run as it was seen, and the tables in which something had no room. */
export interface ObservedRun {
  readonly run: SeenRun;
  readonly lost: readonly string[];
}

/** A watch of the run. */
export interface RunWatch {
  /** When the watch began, in milliseconds since 1970. */
  readonly began: number;
  /**
   * Tells that the service serves. To the observer that is a reload, in which commands that the manager starts are kept apart
   * from the service itself.
   */
  serves(): void;
  /** The run so far. @throws UserError `observer-failed` */
  look(): Promise<ObservedRun>;
  end(): Promise<void>;
}

/**
 * Watches a service from the return on.
 * @throws UserError why it can't be watched
 */
export async function watchRun(context: Context, prepared: Prepared): Promise<RunWatch> {
  const { machine, superuser, system } = context;
  if (!superuser || machine === undefined) throw NEEDS_ROOT;
  const service = { name: prepared.plan.unit, state: prepared.unit.state! };
  const watched = testedArguments(prepared);
  const observer = await observeServices(context, [service], { machine, sees: 'confined', watched });
  const look = async (): Promise<ObservedRun> => {
    const [line] = await observer.dump();
    const run = namedDump(observedIn(line), { machine, watched, hashes: new Map() });
    const tables = [...Object.keys(run.lost), ...run.blind];
    const isCut =
      run.arguments.some(({ lost }) => lost > 0) || run.calls.some((call) => isUnseen(prepared, call));
    return { run, lost: [...new Set([...tables.filter(matters), ...(isCut ? ['arguments'] : [])])] };
  };
  return { began: system.now(), serves: () => observer.phase(0, 'reload'), look, end: () => observer.end() };
}

/** The most arguments of a call that the observer keeps. */
const MOST_KEPT = 2;

/** Whether rules on a call test more arguments than are kept. */
function isUnseen({ policy: { policy } }: Prepared, { architecture, name }: RecordedCall): boolean {
  const isKnown = name !== null && Object.hasOwn(ABIS, architecture);
  return isKnown && registersOf(policy, architecture as Abi, name).length > MOST_KEPT;
}

/**
 * The arguments that rules of a policy test, for the observer to keep their values: by the registers that hold them. Of a call
 * whose rules test more than it keeps, none is kept.
 */
function testedArguments({ policy: { policy }, plan }: Prepared): WatchedArguments[] {
  const calls = [...new Set(rulesOf(policy).map(({ syscall }) => syscall.value))];
  return [...observedAbis(plan.target.machine)].flatMap(([abi, architecture]) =>
    calls
      .filter((name) => numbersOf(architecture).has(name))
      .map((name) => ({ abi, name, arguments: registersOf(policy, architecture, name) }))
      .filter(({ arguments: { length } }) => length > 0 && length <= MOST_KEPT),
  );
}

/** Whether a table has calls, their arguments, or whether they were refused. */
const matters = (table: string): boolean =>
  kindsIn(table).some((kind) => kind === 'calls' || kind === 'arguments' || kind === 'refused');
