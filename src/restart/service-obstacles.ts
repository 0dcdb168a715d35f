import { isWaiting } from '../state/service-run.js';
import { triggered } from '../state/triggered.js';
import type { UnitProperties } from '../system/system.js';

/** The services that carry the bus: the connection to the manager would end with them, and others' too. */
const BUSES: ReadonlySet<string> = new Set(['dbus.service', 'dbus-broker.service']);

/** The reason against a restart of a oneshot service at work: the work would be done by halves, and again. */
export function atWork(properties: UnitProperties): string | undefined {
  const isActivating = properties.get('Type') === 'oneshot' && properties.get('ActiveState') === 'activating';
  return isActivating && !isWaiting(properties) ? 'it is in the middle of its work' : undefined;
}

/** The reason against a stop that ends more than the unit itself. */
export function endsMore(properties: UnitProperties): string | undefined {
  const action = properties.get('SuccessAction') ?? 'none';
  const line = action === 'none' ? triggered(properties, 'OnSuccess').endsMore : `SuccessAction=${action}`;
  return line && `${line}: to stop it would do that`;
}

/** The reason why a running service must not be restarted, and the way out; undefined if it may be. */
export function restartObstacle(properties: UnitProperties): string | undefined {
  if (BUSES.has(String(properties.get('Id')))) return 'every client of the bus would lose it: reboot';
  const more = endsMore(properties);
  if (more !== undefined) return more;
  const refusal = ['RefuseManualStart', 'RefuseManualStop'].find((name) => properties.get(name) === true);
  return refusal && `${refusal}=yes: restart it by its own means, or reboot`;
}
