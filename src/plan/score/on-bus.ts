import type { Get } from '../../systemd/directives/directive.js';
import { capabilitiesIn, takenCapabilities } from '../../systemd/directives/kinds/names/capabilities.js';
import { namespacesIn } from '../../systemd/directives/kinds/names/namespaces.js';
import type { AddressPrefix } from '../../systemd/directives/kinds/network/prefixes.js';
import { INFINITY } from '../../systemd/directives/values/bus.js';
import type { CallList, ScoreSettings } from './settings.js';

/** The manager that has a unit. */
export type ManagerVersion = Pick<ScoreSettings, 'scope' | 'systemd'>;

/** The settings of a unit as its manager has loaded it: properties of org.freedesktop.systemd1(5). */
export function settingsOnBus(get: Get, { scope, systemd }: ManagerVersion): ScoreSettings {
  const isOn = (name: string) => !['', 'no', undefined, false].includes(get(name) as string | undefined);
  const texts = (name: string) => textsIn(get(name));
  const bounding = new Set(capabilitiesIn(get('CapabilityBoundingSet') ?? INFINITY));
  for (const name of takenCapabilities(isOn)) bounding.delete(name);
  return {
    scope,
    systemd,
    defaultDependencies: isOn('DefaultDependencies'),
    isOn,
    word: (name) => textIn(get(name)),
    supplementaryGroups: texts('SupplementaryGroups').length > 0,
    deviceAllow: listIn(get('DeviceAllow')).length > 0,
    ipFilters: texts('IPIngressFilterPath').length > 0 || texts('IPEgressFilterPath').length > 0,
    umask: Number(get('UMask') ?? 0),
    bounding,
    ambient: capabilitiesIn(get('AmbientCapabilities') ?? 0n),
    namespaces: namespacesIn(get('RestrictNamespaces') ?? INFINITY),
    families: familiesIn(get('RestrictAddressFamilies')),
    ipAllow: prefixesIn(get('IPAddressAllow')),
    ipDeny: prefixesIn(get('IPAddressDeny')),
    architectures: texts('SystemCallArchitectures'),
    filter: callsIn(get('SystemCallFilter')),
  };
}

const listIn = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const textIn = (value: unknown): string => (typeof value === 'string' ? value : '');
const textsIn = (value: unknown): readonly string[] =>
  listIn(value).filter((one): one is string => typeof one === 'string');

function familiesIn(value: unknown): ScoreSettings['families'] {
  const [only, names] = listIn(value);
  return { only: only === true, names: new Set(textsIn(names)) };
}

/** A call may have an errno behind a colon. */
function callsIn(value: unknown): CallList {
  const [allows, names] = listIn(value);
  return { allows: allows === true, calls: new Set(textsIn(names).map((name) => name.split(':')[0]!)) };
}

const prefixesIn = (value: unknown): AddressPrefix[] =>
  listIn(value).map((one) => {
    const [, bytes, bits] = listIn(one);
    return { bytes: Array.from((bytes ?? []) as Iterable<number>), bits: Number(bits) };
  });
