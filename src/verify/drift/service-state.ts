import { inBatches } from '../../collections.js';
import type { Diagnostic } from '../../diagnostic.js';
import type { Context } from '../../machine/context.js';
import { type AppliedRuns, runsAsBefore } from '../../machine/state/applied-runs.js';
import { ASKED_AT_ONCE, type Service } from '../../machine/state/service.js';
import { hasFailed, isRunning, isWaiting } from '../../machine/state/service-run.js';
import type { System } from '../../machine/system.js';
import type { UnitState } from '../../machine/unit-state.js';
import type { DropInFacts } from '../../plan/emit/drop-in-facts.js';
import { runsFree } from '../kernel/confinement.js';

/**
 * States of a service:
 * - `live`: it runs with what was written
 * - `unconfirmed`: it is live, and goes back unless it is confirmed
 * - `not-proven`: others than root can change how it is started
 * - `restart-due`: it has run since before
 * - `reload-due`: the manager has yet to read the drop-in
 * - `not-read`: the manager reads another drop-in in its place, or none, or one that takes lines of it back
 * - `failed`: it doesn't run, and should
 * - `not-running`: it doesn't run, and what was written takes effect at its next start
 * - `no-unit`: there is none for the drop-in
 */
export const STATES = [
  'live',
  'unconfirmed',
  'not-proven',
  'restart-due',
  'reload-due',
  'not-read',
  'failed',
  'not-running',
  'no-unit',
] as const;

export type ServiceState = (typeof STATES)[number];

/** Those that most is to be done for come first. */
const URGENT: readonly ServiceState[] = [
  'no-unit',
  'not-read',
  'reload-due',
  'failed',
  'restart-due',
  'live',
];

/** The drop-in and the runs that services are compared with. */
interface ExpectedRuns {
  readonly appliedRuns: AppliedRuns;
  /** The drop-in. */
  readonly path: string;
  readonly facts: DropInFacts;
}

/** The state of each service that a drop-in is for. */
export const statesOf = (
  context: Context,
  services: readonly Service[],
  wanted: ExpectedRuns,
): Promise<ServiceState[]> =>
  inBatches(services, ASKED_AT_ONCE, (service) => serviceState(context, service, wanted));

/** The state that most is to be done for: that of a template, by the states of its instances. */
export const mostUrgent = (states: readonly ServiceState[]): ServiceState =>
  URGENT.find((state) => states.includes(state)) ?? 'not-running';

async function serviceState(
  context: Context,
  service: Service,
  { appliedRuns, path, facts }: ExpectedRuns,
): Promise<ServiceState> {
  const { state: loaded } = service;
  if (loaded.loadState === 'not-found') return 'no-unit';
  if (loaded.needDaemonReload) return 'reload-due';
  if (!loaded.dropInPaths.includes(path)) return 'not-read';
  if (hasFailed(loaded) || isWaiting(loaded)) return 'failed';
  if (!isRunning(loaded)) return 'not-running';
  const isDue =
    (await runsAsBefore(context, appliedRuns, service)) || (await isOpen(context.system, loaded, facts));
  return isDue ? 'restart-due' : 'live';
}

/** Whether its main process runs without what its drop-in gives it, whatever else says otherwise. */
async function isOpen(system: System, loaded: UnitState, facts: DropInFacts): Promise<boolean> {
  const pid = loaded.mainPid;
  return facts.filtered && pid !== 0 && runsFree(system, pid, facts);
}

/** The state of a service with its drop-in, after what has changed in it, and who else could have started the service. */
export function inForce(
  state: ServiceState,
  changed: readonly Diagnostic[],
  untrusted: readonly Diagnostic[],
): ServiceState {
  if (state === 'live' && changed.some(({ code }) => code === 'overridden')) return 'not-read';
  return ['live', 'restart-due'].includes(state) && untrusted.length > 0 ? 'not-proven' : state;
}
