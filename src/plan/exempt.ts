import { type Diagnostic, error } from '../diagnostic.js';
import type { DirectiveEntry } from '../policy/policy.js';
import { allWords, isOn, lastOf, type UnitValues } from '../unit/values.js';
import { isRoot } from './loosen/scalars.js';
import { capabilitySet } from './loosen/sets.js';
import type { Target } from './target.js';

/** Why a directive holds nobody who is like the service, and what would change that. */
interface Exemption {
  readonly reason: string;
  readonly hint: string;
}

const ANOTHER_USER = 'give the service a user of its own (User=, DynamicUser=)';

/** Whose it is isn't known, or nobody's whom the kernel knows as root. */
const isOtherRoot = (unit: UnitValues): boolean =>
  lastOf(unit, 'PrivateUsers') === 'managed' || (unit.get('UserNamespacePath')?.at(-1) ?? '') !== '';

const isRootUser = (unit: UnitValues): boolean => {
  const user = unit.get('User')?.at(-1) ?? '';
  return isRoot(user) && !(user === '' && isOn(unit, 'DynamicUser'));
};

/** Where the capabilities of a service come from that the kernel asks about: those in a user namespace aren't. */
function sourceOf(unit: UnitValues, capability: string): 'root' | 'ambient' | undefined {
  const bounding = capabilitySet(unit.get('CapabilityBoundingSet') ?? [], true);
  if (isOn(unit, 'PrivateUsers') || !bounding.has(capability)) return undefined;
  if (isRootUser(unit)) return allWords(unit.get('SecureBits') ?? []).includes('noroot') ? undefined : 'root';
  const ambient = capabilitySet(unit.get('AmbientCapabilities') ?? [], false);
  return ambient.has(capability) ? 'ambient' : undefined;
}

const fromAmbient = (capability: string): Exemption => ({
  reason: `the service has ${capability}`,
  hint: `take ${capability} out of AmbientCapabilities=`,
});

/** hidepid= of proc(5) exempts CAP_SYS_PTRACE and, but for `ptraceable`, members of group 0. */
function ofProcesses(value: string, unit: UnitValues): Exemption | undefined {
  if (!['invisible', 'noaccess', 'ptraceable'].includes(value) || isOn(unit, 'PrivatePIDs')) return undefined;
  const source = sourceOf(unit, 'CAP_SYS_PTRACE');
  if (source === 'ambient') return fromAmbient('CAP_SYS_PTRACE');
  if (source === 'root') {
    const reason = 'a service of root with CAP_SYS_PTRACE sees all processes';
    const without = value === 'ptraceable' ? ', or take CAP_SYS_PTRACE out of CapabilityBoundingSet=' : '';
    return { reason, hint: ANOTHER_USER + without };
  }
  if (value === 'ptraceable') return undefined;
  if (allWords(unit.get('SupplementaryGroups') ?? []).some(isRoot)) {
    const hint = "take it out of SupplementaryGroups=, or say 'ptraceable'";
    return { reason: 'a member of group root sees all processes', hint };
  }
  const group = unit.get('Group')?.at(-1) ?? '';
  if (!(group === '' ? isRootUser(unit) : isRoot(group))) return undefined;
  const hint = `give the service another group (User=, Group=), or say 'ptraceable'`;
  return { reason: 'a service of group root sees all processes', hint };
}

/** setrlimit(2): RLIMIT_NPROC holds neither user 0, whatever its capabilities, nor CAP_SYS_ADMIN and CAP_SYS_RESOURCE. */
function ofNumbers(value: string, unit: UnitValues): Exemption | undefined {
  if (['', 'infinity'].includes(value)) return undefined;
  if (isRootUser(unit)) {
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
 * processes that change them are held.
 * @param values what the policy's value was written as
 * @param unit all that the unit's own lines and the policy's set
 */
export function exempt(
  { name, at }: DirectiveEntry,
  values: readonly string[],
  unit: UnitValues,
  { scope }: Pick<Target, 'scope'>,
): Diagnostic | undefined {
  if (scope === 'user' || isOtherRoot(unit)) return undefined;
  const found = EXEMPTIONS.get(name)?.(values.at(-1) ?? '', unit);
  if (!found) return undefined;
  const hint = `${found.hint}; --allow-gaps keeps it for processes that change their user`;
  return error('gap-exempt', `'${name}' would not be in force: ${found.reason}`, { at, hint });
}
