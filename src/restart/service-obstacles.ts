import { isWaiting } from '../state/service-run.js';
import { triggered } from '../state/triggered.js';
import type { UnitState } from '../system/unit-state.js';

/** The services that carry the bus: the connection to the manager would end with them, and others' too. */
const BUSES: ReadonlySet<string> = new Set(['dbus.service', 'dbus-broker.service']);

/** The reason against a restart of a oneshot service at work: the work would be done by halves, and again. */
export function atWork(state: UnitState): string | undefined {
  const isActivating = state.type === 'oneshot' && state.activeState === 'activating';
  return isActivating && !isWaiting(state) ? 'it is in the middle of its work' : undefined;
}

/** The reason against a stop that ends more than the unit itself. */
export function endsMore(state: UnitState): string | undefined {
  const action = state.successAction || 'none';
  const line = action === 'none' ? triggered(state, 'OnSuccess').endsMore : `SuccessAction=${action}`;
  return line && `${line}: stopping it would do that`;
}

/** The reason why a running service must not be restarted, and the way out; undefined if it may be. */
export function restartObstacle(state: UnitState): string | undefined {
  if (BUSES.has(state.id)) return 'every client of the bus would be disconnected: reboot';
  const more = endsMore(state);
  if (more !== undefined) return more;
  if (!state.refuseManualStart && !state.refuseManualStop) return undefined;
  const refusal = state.refuseManualStart ? 'RefuseManualStart' : 'RefuseManualStop';
  return `${refusal}=yes: restart it by its own means, or reboot`;
}
