import type { Diagnostic } from '../../diagnostic.js';
import type { Context } from '../../machine/context.js';
import { failureOf, orElse } from '../../machine/state/failures.js';
import { notRunning } from '../../machine/state/notes.js';
import { hasFailed } from '../../machine/state/service-run.js';
import type { OtherJob } from '../../machine/system.js';
import { isDown } from '../../machine/unit-state.js';
import { journalctl } from '../../systemd/command-lines.js';
import { type ChangedUnit, failuresOfEach, noting, preparedFor, type Transaction } from '../changed-unit.js';
import { dependentsIn } from '../dependents.js';
import { restart } from '../restart/restart-service.js';
import type { StepResult } from '../runner.js';
import { keepUndoRecord, mayHaveRestarted } from '../undo-record.js';
import { waitFor } from '../wait-for.js';

/** Restarts services. All records say so before the first restart, which may restart other units' services, too. */
export const restartServices = <U extends ChangedUnit>(transaction: Transaction) =>
  onServices<U>(transaction, (one) => restartNow(transaction, one));

/** Changes services, after the records say that they may be restarted, and while they are watched. */
export const onServices =
  <U extends ChangedUnit>(
    transaction: Transaction,
    change: (announced: StepResult<U>) => Promise<StepResult<U>>,
  ) =>
  async (units: readonly U[]): Promise<readonly StepResult<U>[]> => {
    const { context } = transaction;
    const left = await Promise.all(units.map((unit) => leaveStopped(context, unit)));
    const announced = await Promise.all(left.map((one) => announce(transaction, one)));
    await transaction.trialWatch?.begin(announced.flatMap(watchedOf));
    await transaction.listening?.look(announced.flatMap(({ unit }) => unit.now));
    return Promise.all(announced.map(change));
  };

/** The services of a unit that are about to be restarted under a policy that refuses something. */
const watchedOf = <U extends ChangedUnit>({ unit, failures }: StepResult<U>): readonly string[] =>
  failures.length === 0 && unit.prepared?.plan.mode === 'enforcing' ? unit.now : [];

/** Leaves out services that were stopped meanwhile, or have ended well; the last of many instances waits for all others. */
async function leaveStopped<U extends ChangedUnit>({ system }: Context, unit: U): Promise<StepResult<U>> {
  const stopped: string[] = [];
  const failures = await failureOf(async () => {
    for (const name of unit.record.starts ? [] : unit.now) {
      const state = await system.unit(name);
      if (isDown(state) && !hasFailed(state)) stopped.push(name);
    }
  });
  const now = unit.now.filter((name) => !stopped.includes(name));
  const notes = unit.prepared ? stopped.map(notRunning) : [];
  return { unit: { ...noting(unit, notes), now }, failures };
}

/**
 * Writes to the record that services are restarted from here on. If that fails, no service is restarted under a policy; a revert goes
 * on.
 */
async function announce<U extends ChangedUnit>(
  { context, signals }: Transaction,
  { unit, failures }: StepResult<U>,
): Promise<StepResult<U>> {
  if (failures.length > 0 || unit.now.length === 0 || mayHaveRestarted(unit.record)) {
    return { unit, failures };
  }
  let { record } = unit;
  const found = await failureOf(async () => {
    signals.assertNone();
    record = await keepUndoRecord(context, record, 'restart');
  });
  return { unit: { ...unit, record }, failures: unit.prepared ? found : [] };
}

async function restartNow<U extends ChangedUnit>(
  { context, signals }: Transaction,
  { unit, failures }: StepResult<U>,
): Promise<StepResult<U>> {
  const { system, placement } = context;
  if (failures.length > 0 || unit.now.length === 0) return { unit, failures };
  const plan = unit.prepared?.plan;
  const { starts } = unit.record;
  let restarted = { ...unit, restarted: true };
  let written: Promise<unknown> = Promise.resolve();
  const queued = async (others: readonly OtherJob[]) => {
    signals.assertNone();
    restarted = withAlong(restarted, others);
    if (dependentsIn(others).length === 0) return;
    const keep = () => keepUndoRecord(context, restarted.record, 'restart');
    // Services of a template are restarted together, and the last writing has the dependents of all.
    written = written.then(() => (plan ? keep() : orElse(keep, undefined)));
    await written;
  };
  const found = await failuresOfEach(unit.now, async (name) => {
    const one = { unit: name, scope: placement.scope, plan };
    const said = await waitFor(
      context,
      name,
      `${name}: waiting for its restart; an interrupt rolls it back …`,
      () => signals.unlessCame(() => restart(system, one, { starts, queued })),
    );
    return withReasons(context, unit, name, said);
  });
  return { unit: restarted, failures: found };
}

/** A unit with the jobs that a restart has caused; its record has the dependents among them. */
function withAlong<U extends ChangedUnit>(unit: U, others: readonly OtherJob[]): U {
  const affected = [...new Set([...unit.record.affected, ...dependentsIn(others)])];
  return { ...unit, along: [...unit.along, ...others], record: { ...unit.record, affected } };
}

/** The failure of a start, with the reasons for which the filter of `[ready]` could not be loaded. */
async function withReasons(
  context: Context,
  { prepared }: ChangedUnit,
  name: string,
  said: readonly Diagnostic[],
): Promise<readonly Diagnostic[]> {
  if (!prepared?.plan.ready || !said.some(isFailedStart)) return said;
  const why = await orElse(async () => {
    const { whyNotReady } = await import('../live/failed-start.js');
    return whyNotReady(context, preparedFor(prepared, name), name);
  }, []);
  // The program's own words would repeat the reasons.
  const hint = `see ${journalctl(context.placement.scope, name)}`;
  return why.length === 0
    ? said
    : [...said.map((one) => (isFailedStart(one) ? { ...one, hint } : one)), ...why];
}

const isFailedStart = ({ code }: Diagnostic): boolean => code === 'service-failed';
