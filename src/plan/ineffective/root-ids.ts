/** By which of its lines a service has the ids of root, whatever the names of those are on the target. */

import { isRoot } from '../../directives/kinds/user.js';
import type { Policy } from '../../policy/policy.js';
import type { NamedAccounts, Target } from '../../target/target.js';
import type { EffectiveUnit } from '../../unit/effective.js';
import { allWords, isOn, type UnitValues } from '../../unit/values.js';
import { valuesOfAll } from '../unit-values.js';

/** What a service is set to, and who those are whom it names. */
export interface KnownService extends Pick<Target, 'users' | 'groups'> {
  readonly unit: UnitValues;
}

const lastText = (unit: UnitValues, name: 'User' | 'Group'): string => unit.get(name)?.at(-1) ?? '';

const supplementary = (unit: UnitValues): string[] => allWords(unit.get('SupplementaryGroups') ?? []);

/** The users and groups that a unit names when the policy is on it. */
export function accountsOf(policy: Policy, effective: EffectiveUnit): NamedAccounts {
  const unit = valuesOfAll(policy, effective);
  const groups = [lastText(unit, 'Group'), ...supplementary(unit)];
  return {
    users: [lastText(unit, 'User')].filter((user) => user !== ''),
    groups: groups.filter((group) => !isRoot(group)),
  };
}

/** Whether a service starts with uid 0. A user that there is comes before one that DynamicUser= would make. */
export function isRootUser({ unit, users }: KnownService): boolean {
  const user = lastText(unit, 'User');
  if (user === '') return !isOn(unit, 'DynamicUser');
  return isRoot(user) || users.get(user)?.uid === 0;
}

/** What puts a service in the group with gid 0: a line of it, or that its user is a member, which a Group= doesn't change. */
export function inRootGroupBy(
  service: KnownService,
): 'SupplementaryGroups' | 'Group' | 'membership' | undefined {
  const { unit, users, groups } = service;
  const isRoots = (name: string) => isRoot(name) || groups.get(name) === 0;
  if (supplementary(unit).some(isRoots)) return 'SupplementaryGroups';
  const group = lastText(unit, 'Group');
  if (group === '' ? hasRootsPrimary(service) : isRoots(group)) return 'Group';
  return users.get(lastText(unit, 'User'))?.groups.includes(0) ? 'membership' : undefined;
}

/** systemd knows the group of `root` and `0` itself. */
function hasRootsPrimary(service: KnownService): boolean {
  const user = lastText(service.unit, 'User');
  return isRoot(user) ? isRootUser(service) : service.users.get(user)?.gid === 0;
}
