import { type Diagnostic, UserError } from '../diagnostic.js';
import type { Explanation } from '../explain/explanation.js';
import type { Context } from '../machine/context.js';
import type { HeldSignals } from '../machine/held-signals.js';
import { failuresIn, failuresOf } from '../machine/state/failures.js';
import type { Service } from '../machine/state/service.js';
import type { OtherJob } from '../machine/system.js';
import type { FileChange } from '../plan/emit/changes.js';
import type { Prepared } from '../prepare/prepare.js';
import type { LiveChange } from './live/live-change.js';
import type { StepResult } from './runner.js';
import type { ListeningBefore } from './trial/listening.js';
import type { TrialWatch } from './trial/watch.js';
import type { UndoRecord } from './undo-record.js';
import { makeUndoRecord } from './undo-record.js';
import type { Pending, UnitResult } from './unit-result.js';

/** Options of the verbs that restart services. */
export interface RestartOptions {
  /** False leaves services as they run. */
  readonly restart?: boolean | undefined;
  /** Whether services are given the policy as they run, in place of a restart. */
  readonly live?: boolean | undefined;
}

/** A unit that is being changed. */
export interface ChangedUnit {
  readonly unit: string;
  readonly record: UndoRecord;
  readonly changes: readonly FileChange[];
  /** The unit's services, as they were before anything was changed. */
  readonly services: readonly Service[];
  /** Undefined where a policy is taken away. */
  readonly prepared?: Prepared;
  /** Services that are to be restarted. */
  readonly due: readonly string[];
  /** The due services that the current round restarts. */
  readonly now: readonly string[];
  /** Whether a restart of a service was tried. */
  readonly restarted: boolean;
  /** Jobs of other units that the restarts have caused. */
  readonly along: readonly OtherJob[];
  /** Diagnostics besides failures, from the planning on. */
  readonly notes: readonly Diagnostic[];
}

/** A unit that a policy is applied to. */
export interface AppliedUnit extends ChangedUnit {
  readonly prepared: Prepared;
  /** Services that run with the written files, and need no restart. */
  readonly asTheyAre: readonly string[];
  /** Whether every thread's filters were seen, and are as the policy says; undefined where nothing was looked at. */
  readonly verified: boolean | undefined;
  /** Calls that its services were refused while they were tried; undefined where that could not be seen. */
  readonly refusals: readonly Explanation[] | undefined;
  /** The change that its services get as they run; undefined where they are restarted. */
  readonly live?: LiveChange | undefined;
  /** Services whose processes were given it. */
  readonly injected: readonly string[];
  /** The time in which its change must be confirmed, in milliseconds; undefined where it holds at once. */
  readonly confirmWithin?: number | undefined;
  /** The latest time to confirm it, in milliseconds since 1970, once it waits. */
  readonly deadline?: number;
}

/** A change of units under way. */
export interface Transaction {
  readonly context: Context;
  /** The first signal ends what isn't done. */
  readonly signals: HeldSignals;
  /** Watches services while they are tried; undefined where nothing is tried. */
  readonly trialWatch?: TrialWatch;
  /** Knows where services listened before their restart; undefined where that doesn't matter. */
  readonly listening?: ListeningBefore;
}

/**
 * Describes a unit before its first step.
 * @throws UserError `interrupted`, and where the manager can't be asked
 */
export async function beginChange(
  { context, signals }: Transaction,
  pending: Pending,
  { starts = false } = {},
): Promise<ChangedUnit> {
  const { unit, changes, services, diagnostics } = pending;
  signals.assertNone();
  const record = await makeUndoRecord(context, { unit, changes, services, starts });
  const nothingYet = { due: [], now: [], restarted: false, along: [] };
  return { unit, record, changes, services, ...nothingYet, notes: diagnostics };
}

/**
 * Begins the changes of units. A unit that can't be described is refused.
 * @param make adds to a described unit
 */
export async function beginEach<P extends Pending, U extends ChangedUnit>(
  transaction: Transaction,
  pending: readonly P[],
  make: (unit: ChangedUnit, pending: P) => U,
): Promise<{ readonly units: U[]; readonly refused: UnitResult[] }> {
  const units: U[] = [];
  const refused: UnitResult[] = [];
  for (const one of pending) {
    try {
      units.push(make(await beginChange(transaction, one), one));
    } catch (cause) {
      if (!(cause instanceof UserError)) throw cause;
      const diagnostics = [...one.diagnostics, ...cause.diagnostics];
      refused.push({ ...one, state: 'refused', diagnostics, exit: cause.exit });
    }
  }
  return { units, refused };
}

/** A described unit that `prepared` is applied to. */
export const appliedUnit = (unit: ChangedUnit, { prepared }: Pick<AppliedUnit, 'prepared'>): AppliedUnit => ({
  ...unit,
  prepared,
  asTheyAre: [],
  injected: [],
  verified: undefined,
  refusals: undefined,
});

export const noting = <U extends ChangedUnit>(unit: U, notes: readonly Diagnostic[]): U => ({
  ...unit,
  notes: [...unit.notes, ...notes],
});

/** A step of one unit. What it throws is a failure, too, and leaves the unit as it was. */
type StepOfUnit<U> = (unit: U) => Promise<{ readonly unit: U; readonly failures?: readonly Diagnostic[] }>;

async function taken<U>(unit: U, step: StepOfUnit<U>): Promise<StepResult<U>> {
  try {
    return { failures: [], ...(await step(unit)) };
  } catch (cause) {
    return { unit, failures: failuresIn(cause) };
  }
}

/** Makes a step of a unit one that units take one after the other. */
export const inOrder =
  <U>(step: StepOfUnit<U>) =>
  async (units: readonly U[]): Promise<StepResult<U>[]> => {
    const results: StepResult<U>[] = [];
    for (const unit of units) results.push(await taken(unit, step));
    return results;
  };

/** Makes a step of a unit one that units take at one time. */
export const atOnce =
  <U>(step: StepOfUnit<U>) =>
  (units: readonly U[]): Promise<StepResult<U>[]> =>
    Promise.all(units.map((unit) => taken(unit, step)));

/** Runs a step for services at one time, and collects the failures. */
export const failuresOfEach = async (
  names: readonly string[],
  step: (name: string) => Promise<readonly Diagnostic[]>,
): Promise<Diagnostic[]> => (await Promise.all(names.map((name) => failuresOf(() => step(name))))).flat();

/** The plan of a service: an instance has that of its template. */
export const preparedFor = (prepared: Prepared, unit: string): Prepared => ({
  ...prepared,
  plan: { ...prepared.plan, unit },
});
