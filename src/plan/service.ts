import { type Diagnostic, didYouMean, error, firstOf, warning } from '../diagnostic.js';
import type { DirectiveEntry, Policy } from '../policy/policy.js';
import { emitted, loosens } from '../systemd/directives/against-unit.js';
import { directiveGap, formatDirective, gapOf, isFormatted } from '../systemd/directives/format.js';
import { findDirective, unknownDirective } from '../systemd/directives/table.js';
import { closedBy, hidden } from '../systemd/directives/values/closed-paths.js';
import { leavesSys, mountLines } from '../systemd/directives/values/mounts.js';
import { isOn, sinceReset, type UnitValues } from '../systemd/unit/values.js';
import { ineffective } from './ineffective/by-own-lines.js';
import { allowedBySlices } from './ineffective/by-slices.js';
import { handedSockets } from './ineffective/by-sockets.js';
import { isLostToPrefixes, LOST_TO_PREFIXES } from './launcher/exec-prefix.js';
import { bindReadOnly } from './launcher/path-directives.js';
import type { PlanLine, PlannedDirective } from './plan.js';
import type { PlanRequest, Surroundings } from './request.js';
import { ownValues, plannedValues } from './unit-values.js';

export interface PlannedService {
  readonly lines: readonly PlanLine[];
  readonly directives: readonly PlannedDirective[];
  readonly diagnostics: readonly Diagnostic[];
}

type ServiceRequest = Pick<PlanRequest, 'policy' | 'effective' | 'target' | 'surroundings'>;

/** Plans `[service]`: its directives, checked against the unit's own lines and the target's abilities. */
export function planService(request: ServiceRequest): PlannedService {
  const { policy, surroundings } = request;
  const around = surroundings ?? { allowed: new Map(), sockets: new Map() };
  const planned = policy.service.map((entry) => planDirective(entry, request, around));
  const directives = planned.flatMap((one) => one.directives);
  return {
    lines: planned.flatMap(({ lines }) => lines),
    directives: [...directives, ...boundSys(request, directives)],
    diagnostics: [...planned.flatMap(({ diagnostics }) => diagnostics), ...firstOf(unusedLoosen(policy))],
  };
}

/**
 * A read-only bind mount of /sys where the policy states ProtectKernelTunables= and systemd would leave /sys as the host has
 * it mounted. A /sys that the unit doesn't see, or that is its own, is left alone: the mount would show the host's.
 */
function boundSys(
  { effective, target }: ServiceRequest,
  directives: readonly PlannedDirective[],
): PlannedDirective[] {
  const values = plannedValues(effective, directives);
  const isStated = directives.some(({ name }) => name === 'ProtectKernelTunables');
  const isLeft =
    isStated &&
    isOn(values, 'ProtectKernelTunables') &&
    leavesSys(mountLines(values), target.systemd) &&
    closedBy(hidden(values), '/sys') === undefined;
  return isLeft
    ? [bindReadOnly([['/sys']], 'ProtectKernelTunables= leaves it as the host has it mounted')]
    : [];
}

/**
 * The unit's own DeviceAllow= lines again, where the policy closes devices and has none itself: what is added to them later, as
 * by `systemctl set-property`, isn't in force by a file that is read before ours, and is seen in what the manager has.
 */
export function keptDevices(
  { effective }: Pick<ServiceRequest, 'effective'>,
  directives: readonly PlannedDirective[],
): PlannedDirective[] {
  const row = findDirective('DeviceAllow')!;
  const closes = directives.some(
    ({ name, values }) => name === 'DevicePolicy' && ['closed', 'strict'].includes(values.at(-1)!),
  );
  if (!closes || directives.some(({ name }) => name === row.name)) return [];
  const own = sinceReset(ownValues(effective).get(row.name));
  const formatted = formatDirective(row, own, { file: row.name, line: 1, column: 1 });
  if (!isFormatted(formatted)) return [];
  const values = emitted(row, own, formatted.values);
  return [{ name: row.name, values, because: 'DevicePolicy= leaves open what the unit lists, and no more' }];
}

/** Whether a target lacks what a directive of a policy needs, so that systemd wouldn't put it into force. */
export const lacksAbility = (
  { service }: Policy,
  target: Pick<PlanRequest['target'], 'systemd' | 'scope' | 'abilities'>,
): boolean =>
  service.some(({ name, value, at }) => {
    const row = findDirective(name);
    return row !== undefined && directiveGap(row, value, at, { ...target, privateUsers: true }) !== undefined;
  });

/** Errors in `[service]` by itself, without a unit or a target. */
export const checkService = (policy: Policy): Diagnostic[] => [
  ...firstOf(wrongDirectives(policy)),
  ...firstOf(unusedLoosen(policy)),
];

function* wrongDirectives({ service }: Policy) {
  for (const { name, at, value, valueAt } of service) {
    const row = findDirective(name);
    const formatted = row && formatDirective(row, value, valueAt);
    if (!formatted) yield unknownDirective(name, at);
    else if (!isFormatted(formatted)) yield* formatted;
  }
}

/** Whether PrivateUsers= is on, by the policy or else by the unit. */
function hasPrivateUsers({ service }: Policy, unit: UnitValues): boolean {
  const entry = service.find(({ name }) => name === 'PrivateUsers');
  return isOn(entry ? { get: () => [String(entry.value)] } : unit, 'PrivateUsers');
}

function planDirective(
  entry: DirectiveEntry,
  { policy, effective, target }: ServiceRequest,
  { allowed, sockets }: Surroundings,
): PlannedService {
  const row = findDirective(entry.name);
  if (!row) return { lines: [], directives: [], diagnostics: [unknownDirective(entry.name, entry.at)] };
  const formatted = formatDirective(row, entry.value, entry.valueAt);
  if (!isFormatted(formatted)) return { lines: [], directives: [], diagnostics: formatted };
  const unit = ownValues(effective);
  const privateUsers = hasPrivateUsers(policy, unit);
  const gap = gapOf(row, formatted, entry.at, { ...target, privateUsers });
  const before = unit.get(row.name);
  const values = emitted(row, before, formatted.values);
  const directive = { name: row.name, values, because: `[service] ${row.name}` };
  const unenforced = gap?.message ?? (isLostToPrefixes(entry, effective) ? LOST_TO_PREFIXES : undefined);
  return {
    lines: [lineOf(entry, directive, unenforced)],
    directives: gap ? [] : [directive],
    diagnostics: [
      ...(gap ? [gap] : []),
      ...loosening(entry, policy, loosens(row, before, formatted.values, unit)),
      ...ineffective(entry, formatted.values, policy, effective),
      ...allowedBySlices(entry, formatted.values, policy, effective, allowed),
      ...handedSockets(entry, before, values, sockets),
    ],
  };
}

function lineOf(entry: DirectiveEntry, directive: PlannedDirective, reason: string | undefined): PlanLine {
  const { at, name: subject } = entry;
  if (reason !== undefined) return { at, subject, enforcedBy: 'nobody', how: '', reason };
  const how = `${directive.name}=${directive.values.filter((value) => value !== '').join(' ')}`;
  return { at, subject, enforcedBy: 'systemd', how };
}

/** A diagnostic for a directive that is weaker than the unit's: a warning if `loosen` names it, else an error. */
export function loosening(
  { name, at }: Pick<DirectiveEntry, 'name' | 'at'>,
  policy: Policy,
  reason: string | undefined,
): Diagnostic[] {
  if (reason === undefined) return [];
  const message = `${name} is weaker than the unit's own setting: ${reason}`;
  const named = `loosen = ["${name}"] in [service]`;
  if (policy.loosen.some(({ value }) => value === name))
    return [warning('loosened', message, { at, hint: `${named} allows this` })];
  return [error('loosens', message, { at, hint: `if this is intended, set ${named}` })];
}

function* unusedLoosen({ service, loosen }: Policy) {
  const names = new Set(service.map(({ name }) => name));
  for (const { value, at } of loosen.filter((one) => !names.has(one.value))) {
    const hint = didYouMean(value, names);
    yield error('unknown-directive', `'loosen' names '${value}', which [service] lacks`, { at, hint });
  }
}
