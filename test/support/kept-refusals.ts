/** Refusals as `watch` keeps them. */
import type { KeptRefusal, KeptRefusals } from '../../src/explain/refusals/kept.js';
import { UNIT } from './demo-service.js';

/** The file of a unit in memory. */
export const KEPT_FILE = `/run/sandbox-unit/refusals/${UNIT}`;

export const keptFile = (of: Omit<KeptRefusals, 'lost'> & Partial<KeptRefusals>) => ({
  bytes: new TextEncoder().encode(JSON.stringify({ lost: 0, ...of })),
  mode: 0o600,
});

/** When they came, in milliseconds since 1970. */
export const TIME = Date.UTC(2026, 0, 2);

/** A path that a directive refused to a service, with other facts where they are given. */
export const kept = (of: Partial<KeptRefusal> = {}): KeptRefusal => ({
  ...{ kind: 'path', key: 'k', says: 'may not write /srv/up/a (EROFS)', cause: 'ProtectSystem=strict' },
  ...{ at: '/etc/sandbox-unit/demo.service.toml:7', certain: true, isAlarm: false, count: 1 },
  ...{ change: 'add "/srv/up" to ReadWritePaths in [service]', first: TIME, last: TIME },
  ...{ programs: ['/usr/sbin/demo'], call: null, allowing: null },
  ...of,
});
