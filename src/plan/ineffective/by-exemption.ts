import { type Diagnostic, error } from '../../diagnostic.js';
import { capabilitySet } from '../../directives/kinds/names/capabilities.js';
import { isRoot, runsAsRoot } from '../../directives/kinds/names/user.js';
import type { DirectiveEntry } from '../../policy/policy.js';
import type { Target } from '../../target/target.js';
import { allWords, isOn, lastOf, type UnitValues } from '../../unit/values.js';

/** The reason why the kernel doesn't hold a service to a directive, and the way out. */
interface Exemption {
  readonly reason: string;
  readonly hint: string;
}

const ANOTHER_USER = 'give the service a user of its own (User=, DynamicUser=)';

/** Whether the service is in a user namespace made elsewhere or by another service, whose root may be any user. */
const isOtherRoot = (unit: UnitValues): boolean =>
  lastOf(unit, 'PrivateUsers') === 'managed' || (unit.get('UserNamespacePath')?.at(-1) ?? '') !== '';

/** The source of a capability of the service. In a user namespace of its own none counts for the kernel. */
function sourceOf(unit: UnitValues, capability: string): 'root' | 'ambient' | undefined {
  const bounding = capabilitySet(unit.get('CapabilityBoundingSet') ?? [], true);
  if (isOn(unit, 'PrivateUsers') || !bounding.has(capability)) return undefined;
  if (runsAsRoot({ unit }))
    return allWords(unit.get('SecureBits') ?? []).includes('noroot') ? undefined : 'root';
  const ambient = capabilitySet(unit.get('AmbientCapabilities') ?? [], false);
  return ambient.has(capability) ? 'ambient' : undefined;
}

const fromAmbient = (capability: string): Exemption => ({
  reason: `the service has ${capability}`,
  hint: `take ${capability} out of AmbientCapabilities=`,
});

/** hidepid= of proc(5) exempts CAP_SYS_PTRACE and, but for `ptraceable`, members of group 0. */
function ofProcesses(value: string, unit: UnitValues): Exemption | undefined {
  const isHiding = ['invisible', 'noaccess', 'ptraceable'].includes(value);
  if (!isHiding || isOn(unit, 'PrivatePIDs')) return undefined;
  const source = sourceOf(unit, 'CAP_SYS_PTRACE');
  if (source === 'ambient') return fromAmbient('CAP_SYS_PTRACE');
  if (source === 'root') {
    const reason = 'a service of root with CAP_SYS_PTRACE sees all processes';
    const without = value === 'ptraceable' ? ', or take CAP_SYS_PTRACE out of CapabilityBoundingSet=' : '';
    return { reason, hint: ANOTHER_USER + without };
  }
  return value === 'ptraceable' ? undefined : ofRootGroup(unit);
}

/** A service of root without a Group= is in group root. */
function ofRootGroup(unit: UnitValues): Exemption | undefined {
  if (allWords(unit.get('SupplementaryGroups') ?? []).some(isRoot)) {
    return {
      reason: 'a member of group root (gid 0) sees all processes',
      hint: "take it out of SupplementaryGroups=, or say 'ptraceable'",
    };
  }
  const group = unit.get('Group')?.at(-1) ?? '';
  if (group === '' ? !runsAsRoot({ unit }) : !isRoot(group)) return undefined;
  return {
    reason: 'a service of group root (gid 0) sees all processes',
    hint: "give the service another group (User=, Group=), or say 'ptraceable'",
  };
}

/** setrlimit(2): RLIMIT_NPROC holds neither user 0, whatever its capabilities, nor CAP_SYS_ADMIN and CAP_SYS_RESOURCE. */
function ofNumbers(value: string, unit: UnitValues): Exemption | undefined {
  if (['', 'infinity'].includes(value)) return undefined;
  if (runsAsRoot({ unit })) {
    return { reason: "root's processes are not limited by it", hint: 'TasksMax= limits those of any user' };
  }
  const capability = ['CAP_SYS_ADMIN', 'CAP_SYS_RESOURCE'].find((one) => sourceOf(unit, one) === 'ambient');
  return capability === undefined ? undefined : fromAmbient(capability);
}

const EXEMPTIONS: ReadonlyMap<string, (value: string, unit: UnitValues) => Exemption | undefined> = new Map([
  ['ProtectProc', ofProcesses],
  ['LimitNPROC', ofNumbers],
]);

/**
 * A gap where the kernel doesn't hold a service to a directive of `[service]`, for its user, groups or capabilities;
 * processes that change them are held. Users and groups are known by their names alone: a specifier, another name of root and
 * the members that group(5) lists aren't seen.
 * @param values the policy's value in systemd's form
 * @param unit the planned values of all directives
 */
export function exempt(
  { name, at }: DirectiveEntry,
  values: readonly string[],
  unit: UnitValues,
  { scope }: Pick<Target, 'scope'>,
): Diagnostic[] {
  const exemption = EXEMPTIONS.get(name);
  if (!exemption || scope === 'user' || isOtherRoot(unit)) return [];
  const value = values.at(-1) ?? '';
  const found = exemption(value, unit);
  if (!found) return [];
  const hint = `${found.hint}; --allow-gaps keeps it for processes that change their user`;
  return [error('gap-exempt', `'${name}' would not be in force: ${found.reason}`, { at, hint })];
}
