import { type Diagnostic, error } from '../../diagnostic.js';
import { capabilitySet } from '../../directives/kinds/capabilities.js';
import type { DirectiveEntry, Policy } from '../../policy/policy.js';
import type { NamedAccounts, Target } from '../../target/target.js';
import type { EffectiveUnit } from '../../unit/effective.js';
import { allWords, isOn, lastOf, type UnitValues } from '../../unit/values.js';
import { accountsOf, inRootGroupBy, isRootUser, type KnownService } from './root-ids.js';

/** Why a directive holds nobody who is like the service, and what would change that. */
interface Exemption {
  readonly reason: string;
  readonly hint: string;
}

const ANOTHER_USER = 'give the service a user of its own (User=, DynamicUser=)';

/** Whose it is isn't known, or nobody's whom the kernel knows as root. */
const isOtherRoot = (unit: UnitValues): boolean =>
  lastOf(unit, 'PrivateUsers') === 'managed' || (unit.get('UserNamespacePath')?.at(-1) ?? '') !== '';

/** Where the capabilities of a service come from that the kernel asks about: those in a user namespace aren't. */
function sourceOf(service: KnownService, capability: string): 'root' | 'ambient' | undefined {
  const { unit } = service;
  const bounding = capabilitySet(unit.get('CapabilityBoundingSet') ?? [], true);
  if (isOn(unit, 'PrivateUsers') || !bounding.has(capability)) return undefined;
  if (isRootUser(service))
    return allWords(unit.get('SecureBits') ?? []).includes('noroot') ? undefined : 'root';
  const ambient = capabilitySet(unit.get('AmbientCapabilities') ?? [], false);
  return ambient.has(capability) ? 'ambient' : undefined;
}

const fromAmbient = (capability: string): Exemption => ({
  reason: `the service has ${capability}`,
  hint: `take ${capability} out of AmbientCapabilities=`,
});

/** hidepid= of proc(5) exempts CAP_SYS_PTRACE and, but for `ptraceable`, members of group 0. */
function ofProcesses(value: string, service: KnownService): Exemption | undefined {
  const isHiding = ['invisible', 'noaccess', 'ptraceable'].includes(value);
  if (!isHiding || isOn(service.unit, 'PrivatePIDs')) return undefined;
  const source = sourceOf(service, 'CAP_SYS_PTRACE');
  if (source === 'ambient') return fromAmbient('CAP_SYS_PTRACE');
  if (source === 'root') {
    const reason = 'a service of root with CAP_SYS_PTRACE sees all processes';
    const without = value === 'ptraceable' ? ', or take CAP_SYS_PTRACE out of CapabilityBoundingSet=' : '';
    return { reason, hint: ANOTHER_USER + without };
  }
  const way = value === 'ptraceable' ? undefined : inRootGroupBy(service);
  return way && IN_ROOT_GROUP[way];
}

const IN_ROOT_GROUP = {
  SupplementaryGroups: {
    reason: 'a member of group root (gid 0) sees all processes',
    hint: "take it out of SupplementaryGroups=, or say 'ptraceable'",
  },
  Group: {
    reason: 'a service of group root (gid 0) sees all processes',
    hint: "give the service another group (User=, Group=), or say 'ptraceable'",
  },
  membership: {
    reason: 'its user is a member of group root (gid 0), and sees all processes',
    hint: "take the user out of that group, or say 'ptraceable'",
  },
} as const;

/** setrlimit(2): RLIMIT_NPROC holds neither user 0, whatever its capabilities, nor CAP_SYS_ADMIN and CAP_SYS_RESOURCE. */
function ofNumbers(value: string, service: KnownService): Exemption | undefined {
  if (['', 'infinity'].includes(value)) return undefined;
  if (isRootUser(service)) {
    return { reason: "root's processes are not limited by it", hint: 'TasksMax= limits those of any user' };
  }
  const capability = ['CAP_SYS_ADMIN', 'CAP_SYS_RESOURCE'].find(
    (one) => sourceOf(service, one) === 'ambient',
  );
  return capability === undefined ? undefined : fromAmbient(capability);
}

const EXEMPTIONS: ReadonlyMap<string, (value: string, service: KnownService) => Exemption | undefined> =
  new Map([
    ['ProtectProc', ofProcesses],
    ['LimitNPROC', ofNumbers],
  ]);

/** The users and groups of which it must be known who they are; none where nobody asks. A user's manager isn't root. */
export function namedAccounts(
  policy: Policy,
  effective: EffectiveUnit,
  { scope }: Pick<Target, 'scope'>,
): NamedAccounts {
  const isAsked = scope === 'system' && policy.service.some(({ name }) => EXEMPTIONS.has(name));
  return isAsked ? accountsOf(policy, effective) : { users: [], groups: [] };
}

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
  { scope, users, groups }: Pick<Target, 'scope' | 'users' | 'groups'>,
): Diagnostic | undefined {
  if (scope === 'user' || isOtherRoot(unit)) return undefined;
  const found = EXEMPTIONS.get(name)?.(values.at(-1) ?? '', { unit, users, groups });
  if (!found) return undefined;
  const hint = `${found.hint}; --allow-gaps keeps it for processes that change their user`;
  return error('gap-exempt', `'${name}' would not be in force: ${found.reason}`, { at, hint });
}
