import { journalctl } from '../../command-lines.js';
import type { Diagnostic } from '../../diagnostic.js';
import { whyNotReady } from '../../live/failed-start.js';
import { loadedRestless } from '../../live/restless.js';
import { preparedFor } from '../../prepare/confined.js';
import { restart } from '../../restart/restart-service.js';
import { failureOf, orElse } from '../../state/failures.js';
import { notRunning } from '../../state/notes.js';
import { STOPPED_MEANWHILE, wasStopped } from '../../state/stopped.js';
import type { Context } from '../../system/context.js';
import { type ChangedUnit, failuresOfEach, noting, type Transaction } from '../changed-unit.js';
import { listenAnew, upDependents } from '../dependents.js';
import type { StepResult } from '../runner.js';
import { keepUndoRecord } from '../undo-record.js';
import { mayHaveRestarted } from '../undo-record-format.js';
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

/** Leaves out services that somebody has stopped meanwhile; the last of many instances waits for all others. */
async function leaveStopped<U extends ChangedUnit>(
  { system, placement }: Context,
  unit: U,
): Promise<StepResult<U>> {
  const stopped: string[] = [];
  const failures = await failureOf(async () => {
    for (const name of unit.now) {
      const one = { unit: name, scope: placement.scope };
      if (await wasStopped(system, one, await system.unit(name))) stopped.push(name);
    }
  });
  const now = unit.now.filter((name) => !stopped.includes(name));
  const notes = unit.prepared ? stopped.map(notRunning) : [];
  return { unit: { ...noting(unit, notes), now }, failures };
}

/**
 * Writes to the record that services are restarted from here on, and which dependents are up: one that somebody has
 * stopped by now stays so. If that fails, no service is restarted under a policy; a revert goes on.
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
    const affected = await signals.unlessCame(() => upDependents(context, record));
    record = await keepUndoRecord(context, { ...record, affected }, 'restart');
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
  const isWrong = ({ code }: Diagnostic) => plan !== undefined || code !== STOPPED_MEANWHILE;
  const found = await failuresOfEach(unit.now, async (name) => {
    const said = await waitFor(
      context,
      name,
      `${name}: waiting for its restart; an interrupt rolls it back …`,
      () =>
        signals.unlessCame(() =>
          restart(system, { unit: name, scope: placement.scope, plan }, { starts: unit.record.starts }),
        ),
    );
    return withReasons(context, unit, name, said.filter(isWrong));
  });
  const heard = await failureOf(() => listenAnew(context, unit.record));
  const notes = found.length > 0 ? [] : await restlessOf(context, unit);
  return { unit: { ...noting(unit, notes), restarted: true }, failures: [...found, ...heard] };
}

/** Warnings about restarted services that came to no rest; none where the journal can't be asked. */
async function restlessOf(context: Context, { prepared, now }: ChangedUnit): Promise<readonly Diagnostic[]> {
  if (!prepared?.plan.ready) return [];
  const each = now.map((name) =>
    orElse(() => loadedRestless(context, preparedFor(prepared, name), name), []),
  );
  return (await Promise.all(each)).flat();
}

/** The failure of a start, with the reasons for which the filter of `[ready]` could not be loaded. */
async function withReasons(
  context: Context,
  { prepared }: ChangedUnit,
  name: string,
  said: readonly Diagnostic[],
): Promise<readonly Diagnostic[]> {
  if (!prepared?.plan.ready || !said.some(isFailedStart)) return said;
  const why = await orElse(() => whyNotReady(context, preparedFor(prepared, name), name), []);
  // The reasons are told in other words than the program's own.
  const hint = `see ${journalctl(context.placement.scope, name)}`;
  return why.length === 0
    ? said
    : [...said.map((one) => (isFailedStart(one) ? { ...one, hint } : one)), ...why];
}

const isFailedStart = ({ code }: Diagnostic): boolean => code === 'service-failed';
