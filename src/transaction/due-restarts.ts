import { inBatches } from '../collections.js';
import type { Diagnostic } from '../diagnostic.js';
import { isPending } from '../emit/changes.js';
import type { Plan } from '../plan/plan.js';
import { isRestartDue, obstacleTo } from '../restart/may-restart.js';
import { failed } from '../state/failure.js';
import { failuresOf } from '../state/failures.js';
import { downAlready, noRestartNeeded, notRunning, restartDue } from '../state/notes.js';
import { ASKED_AT_ONCE, type Service } from '../state/service.js';
import {
  atRest,
  hasFailed,
  isRunning,
  isUnderWay,
  isUp,
  runOf,
  type ServiceRun,
} from '../state/service-run.js';
import type { Context } from '../system/context.js';
import { loadedNow, notInForce } from '../verify/manager/in-force.js';
import type { HeldSignals } from './held-signals.js';
import type { UnitResult } from './unit-result.js';

export interface ForceOptions {
  /** False: leave services as they run. */
  readonly restart?: boolean | undefined;
  /** One that has come ends what isn't done: it is put back. */
  readonly signals: HeldSignals;
}

/** A unit whose services are restarted and tried out. */
export interface Trying {
  readonly result: UnitResult;
  /** What is wrong with it so far. */
  readonly failures: readonly Diagnostic[];
  /** Services that run with what was written as they are. */
  readonly asTheyAre: readonly string[];
  /** Services that are to be restarted. */
  readonly due: readonly string[];
  /** Those of them that it is the turn of. */
  readonly now: readonly string[];
  /** What has come of it where it is put back already. */
  readonly back?: UnitResult;
}

/** Holds what is loaded against the plan, and sees which restarts are due. */
export async function lookAt(context: Context, result: UnitResult, options: ForceOptions): Promise<Trying> {
  const { placement } = context;
  const { plan, unit } = result.prepared!;
  const asTheyAre: string[] = [];
  const due: string[] = [];
  const notes: Diagnostic[] = [];
  let back = result.undo!;
  const failures = await failuresOf(async () => {
    options.signals.assertNone();
    const loaded = await loadedNow(context, unit);
    const wrong = notInForce(context, plan, loaded, unit);
    if (wrong.length > 0) return wrong;
    const services = await inBatches(loaded.services, ASKED_AT_ONCE, async (service) =>
      isUnderWay(service.properties) ? resting(context, service.name, options) : service,
    );
    const running = services.filter(({ properties }) => isRunning(properties));
    for (const service of running) {
      const { name } = service;
      if (!(await isRestartDue(context, result.prepared!, service))) {
        asTheyAre.push(name);
        if (isPending(result.changes)) notes.push(noRestartNeeded(name));
        continue;
      }
      const obstacle = await obstacleTo(context, service);
      if (options.restart === false || obstacle) notes.push(restartDue(name, obstacle));
      else due.push(name);
    }
    const since = startedSince(result, services);
    back = { ...back, runs: [...back.runs, ...since] };
    const failedNow = services.filter(({ properties }) => hasFailed(properties));
    const down = failedNow.map(({ name }) => name);
    if (running.length + down.length === 0) notes.push(notRunning(plan.unit));
    const wereUp = new Set([...upBefore(result), ...since.map(({ unit }) => unit)]);
    const before = failedNow.filter(({ name }) => !wereUp.has(name));
    notes.push(...before.map(({ name, properties }) => downAlready(name, placement.scope, properties)));
    const fallen = down.filter((name) => wereUp.has(name));
    return Promise.all(fallen.map((name) => wentDown(context, plan, name)));
  });
  const diagnostics = [...result.diagnostics, ...notes];
  return { result: { ...result, diagnostics, undo: back }, failures, asTheyAre, due, now: [] };
}

/** A service that somebody else is stopping or restarting, when that is over. */
async function resting(
  { system, caller }: Context,
  name: string,
  { signals }: ForceOptions,
): Promise<Service> {
  const rest = () => signals.unlessCame(() => atRest(system, name));
  return { name, properties: await caller.tellIfLong(`${name}: waiting for the end of its job …`, rest) };
}

/** Services that came up meanwhile, with what was written: they don't go on as they are, be it that they still run. */
function startedSince({ undo, services: before = [] }: UnitResult, now: readonly Service[]): ServiceRun[] {
  const known = new Set(undo!.runs.map(({ unit }) => unit));
  const was = new Map(before.map(({ name, properties }) => [name, runOf(name, properties).invocation]));
  return now
    .filter(({ name }) => !known.has(name))
    .filter(({ properties }) => isRunning(properties) || hasFailed(properties))
    .filter(({ name, properties }) => runOf(name, properties).invocation !== was.get(name))
    .map(({ name }) => ({ unit: name, invocation: '' }));
}

/** One that is started again and again isn't among them. */
const upBefore = ({ services = [] }: UnitResult): string[] =>
  services.filter(({ properties }) => isUp(properties)).map(({ name }) => name);

/** What was up, or came up meanwhile, and has failed before it was its turn. */
const wentDown = ({ system, placement: { scope } }: Context, plan: Plan, unit: string): Promise<Diagnostic> =>
  failed(system, { unit, scope, plan }, `${unit} went down while its files were written`);
