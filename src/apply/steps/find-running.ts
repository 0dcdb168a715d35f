import { inBatches } from '../../collections.js';
import { leftAsItRuns, staysFailed } from '../../machine/state/notes.js';
import { ASKED_AT_ONCE, servicesOf } from '../../machine/state/service.js';
import { hasFailed, isRunning } from '../../machine/state/service-run.js';
import { serviceName } from '../../prepare/load/load-unit.js';
import { atOnce, type ChangedUnit, noting, type RestartOptions, type Transaction } from '../changed-unit.js';
import { obstacleTo } from '../restart/may-restart.js';

/**
 * Finds the services that run under the removed drop-in, and so are to be restarted.
 * @param changed the names of all units that are changed: an instance among them isn't its template's to restart
 */
export const findRunning = (
  { context, signals }: Transaction,
  { restart }: RestartOptions,
  changed: ReadonlySet<string>,
) =>
  atOnce<ChangedUnit>(async (unit) => {
    signals.assertNone();
    const loaded = await servicesOf(context, serviceName(unit.unit));
    const services = loaded.filter(({ name }) => name === unit.unit || !changed.has(name));
    const running = services.filter(({ state }) => isRunning(state));
    const obstacles = await inBatches(running, ASKED_AT_ONCE, (one) => obstacleTo(context, one));
    const isStaying = (i: number) => restart === false || obstacles[i] !== undefined;
    const due = running.filter((_, i) => !isStaying(i)).map(({ name }) => name);
    const stay = running.flatMap(({ name }, i) => (isStaying(i) ? [leftAsItRuns(name, obstacles[i])] : []));
    const down = services
      .filter(({ state }) => hasFailed(state))
      .map(({ name, state }) => staysFailed(name, context.placement.scope, state));
    return { unit: { ...noting(unit, [...stay, ...down]), due } };
  });
