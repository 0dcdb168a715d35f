import { inBatches } from '../../collections.js';
import type { Diagnostic } from '../../diagnostic.js';
import type { Context } from '../../machine/context.js';
import { failed } from '../../machine/state/failure.js';
import { noRestartNeeded, notRunning, restartDue, staysFailed } from '../../machine/state/notes.js';
import { ASKED_AT_ONCE, type Service } from '../../machine/state/service.js';
import { atRest, hasFailed, isRunning, isUnderWay, isUp, runOf } from '../../machine/state/service-run.js';
import { isPending } from '../../plan/emit/changes.js';
import type { Plan } from '../../plan/plan.js';
import { loadedNow, notInForce } from '../../verify/manager/in-force.js';
import { type AppliedUnit, atOnce, noting, type RestartOptions, type Transaction } from '../changed-unit.js';
import { isRestartDue, obstacleTo } from '../restart/may-restart.js';
import { waitFor } from '../wait-for.js';

/** Holds what systemd has loaded against the plan, and finds the restarts that are due. */
export const readBackApplied = (transaction: Transaction, options: RestartOptions) =>
  atOnce(async (unit: AppliedUnit) => {
    transaction.signals.assertNone();
    const { plan, unit: before } = unit.prepared;
    const loaded = await loadedNow(transaction.context, before);
    const wrong = notInForce(transaction.context, unit.prepared, loaded);
    if (wrong.length > 0) return { unit, failures: wrong };
    const services = await inBatches(loaded.services, ASKED_AT_ONCE, async (service) =>
      isUnderWay(service.state) ? resting(transaction, service.name) : service,
    );
    const up = wereUp(unit, services);
    const due = await withDue(transaction, unit, services, options);
    const down = services.filter(({ name, state }) => up.has(name) && hasFailed(state));
    return {
      unit: withRunsSince(noting(due, downNotes(transaction.context, due, { services, up })), up),
      failures: await Promise.all(down.map(({ name }) => wentDown(transaction.context, plan, name))),
    };
  });

/** Waits for the end of somebody else's stop or restart of a service. */
async function resting({ context, signals }: Transaction, name: string): Promise<Service> {
  const { system } = context;
  const rest = () => signals.unlessCame(() => atRest(system, name));
  return { name, state: await waitFor(context, name, `${name}: waiting for the end of its job …`, rest) };
}

/** A unit with the services that are to be restarted, and those that run as they shall. */
async function withDue(
  { context }: Transaction,
  unit: AppliedUnit,
  services: readonly Service[],
  options: RestartOptions,
): Promise<AppliedUnit> {
  const asTheyAre: string[] = [];
  const due: string[] = [];
  const notes: Diagnostic[] = [];
  for (const service of services.filter(({ state }) => isRunning(state))) {
    const { name } = service;
    if (!(await isRestartDue(context, unit.prepared, service))) {
      asTheyAre.push(name);
      const hasProbe = unit.prepared.policy.policy.probe !== undefined;
      if (isPending(unit.changes)) notes.push(noRestartNeeded(name, hasProbe));
      continue;
    }
    const obstacle = options.live ? undefined : await obstacleTo(context, service);
    if (options.restart === false || obstacle) notes.push(restartDue(name, obstacle));
    else due.push(name);
  }
  return { ...noting(unit, notes), asTheyAre, due };
}

/** Adds services to the record that came up with the new files: a roll-back restarts them. */
function withRunsSince(unit: AppliedUnit, up: ReadonlySet<string>): AppliedUnit {
  const { record } = unit;
  const known = new Set(record.runs.map((run) => run.unit));
  const since = [...up].filter((name) => !known.has(name)).map((name) => ({ unit: name, invocation: '' }));
  return { ...unit, record: { ...record, runs: [...record.runs, ...since] } };
}

/** Services as they are now, and the names of those that were up. */
interface Now {
  readonly services: readonly Service[];
  readonly up: ReadonlySet<string>;
}

/** Notes about services that don't run, and didn't before anything was written. */
function downNotes({ placement }: Context, unit: AppliedUnit, { services, up }: Now): readonly Diagnostic[] {
  const down = services.filter(({ state }) => hasFailed(state));
  const isIdle =
    down.length === 0 && unit.due.length === 0 && !services.some(({ state }) => isRunning(state));
  return [
    ...(isIdle ? [notRunning(unit.prepared.plan.unit)] : []),
    ...down
      .filter(({ name }) => !up.has(name))
      .map(({ name, state }) => staysFailed(name, placement.scope, state)),
  ];
}

/** Services that were up before anything was written, or have come up since; not those in a loop of restarts. */
function wereUp({ services: before }: AppliedUnit, now: readonly Service[]): Set<string> {
  const was = new Map(before.map((service) => [service.name, service.state]));
  const isOrWas = ({ name, state }: Service): boolean => {
    const known = was.get(name);
    if (known && isUp(known)) return true;
    const isAnew = !known || runOf(name, known).invocation !== runOf(name, state).invocation;
    const ran = known !== undefined && isRunning(known);
    return !ran && isAnew && (isRunning(state) || hasFailed(state));
  };
  return new Set(now.filter(isOrWas).map(({ name }) => name));
}

const wentDown = ({ system, placement: { scope } }: Context, plan: Plan, unit: string): Promise<Diagnostic> =>
  failed(system, { unit, scope, plan }, `${unit} went down while its files were written`);
