import type { SyscallSets } from '../../seccomp/syscalls/sets.js';
import type { Permitted } from '../../systemd/directives/directive.js';
import { capabilitySet, takenCapabilities } from '../../systemd/directives/kinds/names/capabilities.js';
import { prefixesOf } from '../../systemd/directives/kinds/network/prefixes.js';
import { octal } from '../../systemd/directives/kinds/scalars/mode.js';
import { findDirective } from '../../systemd/directives/table.js';
import type { EffectiveUnit } from '../../systemd/unit/effective.js';
import { ownArchitectures, ownSyscallFilter } from '../../systemd/unit/own-filter.js';
import { allWords, isOn, lastOf, scalarOf, sinceReset, type UnitValues } from '../../systemd/unit/values.js';
import { ownValues } from '../unit-values.js';
import type { ManagerVersion } from './on-bus.js';
import type { CallList, ScoreSettings, WordName } from './settings.js';

/** Facts about the systemd that would read a unit's files. */
export interface ReadingManager extends ManagerVersion {
  readonly sets: SyscallSets;
}

/** Words of directives that aren't set, or that others change when the unit is loaded. */
const UNSET: Partial<Readonly<Record<WordName, string>>> = { ProtectHome: 'no', ProtectSystem: 'no' };

/**
 * The settings of a unit by its files, as a manager would load them. Specifiers stay as they are written.
 * @param effective all files, those of ours included
 */
export function settingsOfFiles(
  effective: EffectiveUnit,
  { scope, systemd, sets }: ReadingManager,
): ScoreSettings {
  const unit = ownValues(effective);
  const isDynamic = isOn(unit, 'DynamicUser');
  const isUnitOn = (name: string) =>
    (isDynamic && findDirective(name)?.impliedBy === 'DynamicUser') || isOn(unit, name);
  const values = (name: string) => unit.get(name);
  const lists = (name: string) => sinceReset(values(name)).length > 0;
  const bounding = new Set(capabilitySet(values('CapabilityBoundingSet'), true));
  for (const name of takenCapabilities(isUnitOn)) bounding.delete(name);
  return {
    scope,
    systemd,
    defaultDependencies: scalarOf([effective.last('Unit', 'DefaultDependencies')?.value ?? 'yes']) !== 'no',
    isOn: isUnitOn,
    word: (name) => wordOf(unit, name, isDynamic, scope),
    supplementaryGroups: lists('SupplementaryGroups'),
    deviceAllow: lists('DeviceAllow') || addsDevices(unit),
    ipFilters: lists('IPIngressFilterPath') || lists('IPEgressFilterPath'),
    umask: octal(values('UMask').at(-1) ?? '', 0o022),
    bounding,
    ambient: capabilitySet(values('AmbientCapabilities'), false),
    namespaces: permitted('RestrictNamespaces', unit).names,
    families: permitted('RestrictAddressFamilies', unit),
    ipAllow: prefixesOf(values('IPAddressAllow')),
    ipDeny: prefixesOf(values('IPAddressDeny')),
    architectures: ownArchitectures(effective),
    filter: filterOf(effective, sets, systemd),
  };
}

function permitted(name: string, unit: UnitValues): Permitted {
  const row = findDirective(name)!;
  return row.kind.permitted!(row, unit.get(name) ?? []);
}

function wordOf(
  unit: UnitValues,
  name: WordName,
  isDynamic: boolean,
  scope: ManagerVersion['scope'],
): string {
  // To a user `0` is no boolean.
  if (name === 'User') return unit.get(name)?.at(-1) ?? '';
  const own = lastOf(unit, name);
  if (isDynamic && name === 'ProtectSystem') return 'strict';
  if (isDynamic && name === 'ProtectHome' && ['', 'no'].includes(own)) return 'read-only';
  if (name === 'DevicePolicy' && ['', 'auto'].includes(own) && isOn(unit, 'PrivateDevices')) return 'closed';
  // exec_context_init() and unit_init() of systemd.
  if (name === 'KeyringMode' && own === '') return scope === 'system' ? 'private' : 'inherit';
  return own === '' ? (UNSET[name] ?? '') : own;
}

/** Directives that add to DeviceAllow=: a clock to read, and what images and encrypted credentials take. */
const addsDevices = (unit: UnitValues): boolean =>
  isOn(unit, 'ProtectClock') ||
  lastOf(unit, 'RootImage') !== '' ||
  ['MountImages', 'LoadCredentialEncrypted', 'SetCredentialEncrypted'].some(
    (name) => allWords(unit.get(name) ?? []).length > 0,
  );

function filterOf(effective: EffectiveUnit, sets: SyscallSets, systemd: number): CallList {
  const own = ownSyscallFilter(effective, sets, systemd);
  if (!own) return { allows: false, calls: new Set() };
  const allows = own.mode === 'allow';
  const listed = [...own.entries].filter(([, { errno }]) => !allows || errno === undefined);
  return { allows, calls: new Set(listed.map(([call]) => call)) };
}
